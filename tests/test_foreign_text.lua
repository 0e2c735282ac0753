-- What others write reaches no terminal as it is: it could clear the screen, or
-- forge lines of ours.

local ave = require("ave")
local cmd, fs, text = ave.cmd, ave.fs, ave.text
local Control = ave.Control
local Lab = require("support.brokers")
local services = require("support.services")

local HOSTILE = "harmless\27[2J\27]0;title\7\127\155\194\155 2J\226\128\174\nleased forged\r\nstack traceback:"

-- Fails if a terminal would obey something in the output of a program, which has
-- CR LF at the ends of its lines.
local function assert_harmless(output)
	local rest = output:gsub("\r\n", "\n")
	assert.is_nil(rest:match("[%z\1-\8\11-\31\127]"), output)
	assert.is_nil(rest:find("\194[\128-\159]"), output)
	assert.is_nil(rest:find("\226\128\174", 1, true), output)
	assert.is_nil(rest:find("\n%s?%s?leased forged"), output)
	assert.is_nil(rest:find("\nstack traceback:%s+$"), output)
	assert.matches("harmless\\x1b[2J", rest, 1, true)
end

describe("ave.text", function()
	it("writes text on one line", function()
		assert.equal([[a\nb\r\n\tc\x1b[0m\xff\u202e]], text.printable("a\nb\r\n\tc\27[0m\255\226\128\174"))
		assert.equal("größer \\ 日本", text.printable("größer \\ 日本"))
	end)

	it("writes text on several lines", function()
		assert.equal("a\n> b\n> \tc\\x1b[0m", text.printable("a\nb\r\n\tc\27[0m", "> "))
		assert.equal("a\nb", text.printable("a\nb", ""))
	end)

	it("wants a string", function()
		assert.matches("wanted a string, got nil", assert.raises("TypeError", text.printable, nil).message, 1, true)
	end)

	it("finds the name that was meant", function()
		assert.equal("run", text.similar("rnu", { "sh", "run" }))
		assert.is_nil(text.similar("frobnicate", { "sh", "run" }))
		assert.is_nil(text.similar("run", {}))
	end)
end)

describe("the text of a service", function()
	local port, log, service, directory

	local Rude = Control:subclass("Rude")
	Rude.fail = Control.rpc(function(_, message) error(message, 0) end)
	Rude.quit = Control.rpc(function(_, message) error(ave.exceptions.Exit(message)) end)
	Rude.echo = Control.rpc(function(_, value) return value end)
	Rude.note = Control.rpc(function(self, message) self:log(message) end)
	function Rude.redirect(self)
		require("ave.daemon.host").redirect(self.log_file)
	end

	before_each(function()
		directory = fs.tempdir()
		log = directory .. "/log"
		service, port = services.start(Rude, { logging = true }, { log_file = log })
	end)

	after_each(function()
		services.stop(service)
	end)

	-- What avescript writes to a terminal.
	local function output_of(...)
		local _, output = cmd.run({ "/proc/self/exe", ... }, { timeout = 30, env = { HOSTILE = HOSTILE, TERM = "dumb" } })
		return output
	end

	it("is harmless in what call says", function()
		local argument = ave.json.encode("harmless\27[2J\127\194\155\226\128\174")
		local output = output_of("call", tostring(port), "echo", argument)
		assert.matches([[\u001b[2J\u007f\u009b\u202e]], output, 1, true)
		for _, method in ipairs { "fail", "quit" } do
			assert_harmless(output_of("call", tostring(port), method, ave.json.encode(HOSTILE)))
		end
	end)

	local caller = [[
		local ave = require("ave")
		local remote = ave.RemoteControl({ "", %d }, nil, 10)
		return remote:%s(os.getenv("HOSTILE"))
	]]

	it("is harmless in the report of an uncaught error", function()
		for _, method in ipairs { "fail", "quit" } do
			assert_harmless(output_of("-e", caller:format(port, method)))
		end
	end)

	it("is harmless at the prompt", function()
		fs.write(directory .. "/typed", ("remote = ave.RemoteControl({ '', %d }, nil, 10)\n" ..
			"select(2, pcall(remote.fail, remote, os.getenv('HOSTILE')))\n" ..
			"{ select(2, pcall(remote.fail, remote, os.getenv('HOSTILE'))) }\n"):format(port))
		local _, output = cmd.run({ "sh", "-c", 'exec "$(readlink /proc/$PPID/exe)" -i <' .. directory .. "/typed" },
			{ timeout = 30, env = { HOSTILE = HOSTILE } })
		assert_harmless(output)
	end)

	it("is harmless in a log", function()
		local remote = ave.RemoteControl({ "", port }, nil, 10)
		remote:note("begin\n" .. HOSTILE)
		local written = fs.read(log)
		assert_harmless(written)
		assert.matches("%-%- begin\n    harmless", written)
	end)

	it("is harmless in a log of JSON", function()
		local logger = ave.log.Logger { file = directory .. "/json", format = "json" }
		logger:info("harmless\127\194\155\226\128\174")
		logger:close()
		local line = fs.read(directory .. "/json")
		assert.matches([["harmless\u007f\u009b\u202e"]], line, 1, true)
		assert.equal("harmless\127\194\155\226\128\174", ave.json.decode(line).msg)
	end)
end)

describe("the reason of a lease", function()
	it("forges no line of broker.lua --status", function()
		local lab = Lab.new { equipment = { { type = "relay", uid = "r-1" } } }
		finally(function() lab:close() end)
		assert.equal(0, (lab:script("--start")))
		local client = lab:connect()
		client:request { { type = "relay" }, reason = "nightly\r\nleased  {}, client 10.0.0.1:1, for 1 s: forged\27[2J" }
		local status, output = lab:script("--status")
		assert.equal(0, status)
		assert.matches([[nightly\r\nleased  {}, client 10.0.0.1:1, for 1 s: forged\x1b[2J]], output, 1, true)
		client:close()
	end)
end)

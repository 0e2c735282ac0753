-- What errors say: what happened, what was meant, what to do.

local ave = require("ave")
local cmd, fs = ave.cmd, ave.fs
local Control = ave.Control
local services = require("support.services")

-- The message of what a function raises.
local function message_of(fn, ...)
	local ok, e = pcall(fn, ...)
	assert.is_false(ok)
	return type(e) == "table" and e.message or tostring(e)
end

local function says(wanted, fn, ...)
	assert.matches(wanted, message_of(fn, ...), 1, true)
end

-- gopher-lua's own loop has its own words.
local it_names = os.getenv("AVESCRIPT_LOOP") == "stock" and pending or it

describe("a name that does not exist", function()
	it_names("is named, with the one that was meant", function()
		says("attempt to call field 'rnu' (a nil value); did you mean 'run'?", function() cmd.rnu("x") end) -- luacheck: ignore
		says("attempt to call field 'rnu' (a nil value); did you mean 'run'?", function() return ave.cmd.rnu("x") end) -- luacheck: ignore
		says("attempt to index field 'borker' (a nil value); did you mean 'broker'?", function() ave.borker.connect() end) -- luacheck: ignore
		says("attempt to call field 'Contrl' (a nil value); did you mean 'Control'?", function() ave.Contrl {} end) -- luacheck: ignore
		says("attempt to call global 'pritn' (a nil value); did you mean 'print'?", function() pritn("x") end) -- luacheck: ignore
		local process = ave.Process { target = print }
		says("attempt to call method 'strat' (a nil value); did you mean 'start'?", function() process:strat() end) -- luacheck: ignore
		says("attempt to call method 'uper' (a nil value); did you mean 'upper'?", function() ("x"):uper() end)
	end)

	it_names("is named where nothing is like it", function()
		local t = { open = 1 }
		assert.matches("attempt to call field 'zzz' %(a nil value%)$", message_of(function() t.zzz() end))
		local unset -- luacheck: ignore
		assert.matches("attempt to call upvalue 'unset' %(a nil value%)$", message_of(function() unset() end))
	end)

	it_names("is not guessed", function()
		local t = { open = 1, nested = {} }
		says("attempt to call field 'open' (a number value)", function() t.open() end)
		says("attempt to call a number value", function() (t.nothing or 5)() end)
		says("attempt to call field '?' (a nil value)", function() local key = "opne" t[key]() end)
		says("attempt to index field 'open' (a number value)", function() return t.open.x.y end)
		says("attempt to index field 'zzz' (a nil value)", function() return t.nested.zzz.x end)
	end)

	it("may be asked for", function()
		assert.is_nil(ave.cmd.rnu)
		assert.is_nil(ave.borker)
	end)

	it("is named among the options too", function()
		says("option 'tiemout': there is no such option; did you mean 'timeout'? Valid names are timeout, ", cmd.run, "true", { tiemout = 1 })
		says("option 'prot': there is no such option; did you mean 'port'? Valid names are port, ", Control, { prot = 1 })
		says("option 'adress': there is no such option; did you mean 'address'? Valid names are ", ave.broker.connect, { adress = {} })
		says("unknown option '--bootsrap'; did you mean 'bootstrap'?", ave.args.read,
			{ options = { { name = "bootstrap", value = "USER" } } }, { "--bootsrap=me" })
		says("unknown command 'strat'; did you mean 'start'?", ave.args.read,
			{ commands = { { name = "start" }, { name = "stop" } } }, { "strat" })
	end)

	it("is named by ave-config.lua, without a trace", function()
		local status, output = cmd.run({ "/proc/self/exe", "scripts/ave-config.lua", "--show=borker", "--home=/nowhere" }, { timeout = 20 })
		assert.equal(2, status)
		assert.matches("got 'borker'; did you mean 'broker'?", output, 1, true)
		assert.is_nil(output:find("traceback"))
		local function fails(wanted, ...)
			status, output = cmd.run({ "/proc/self/exe", "scripts/ave-config.lua", ... }, { timeout = 20 })
			assert.equal(1, status)
			assert.matches("^ave%-config: [^\r\n]*" .. wanted .. "[^\r\n]*\r?\n$", output)
		end
		fails("unknown user no%-such%-user", "--bootstrap=no-such-user", "--home=/nowhere", "--etc=/nowhere/etc")
		fails("/proc: is a directory", "--check", "--etc=/proc")
		fails("no such file", "--client", "--home=/nowhere")
	end)
end)

describe("what is closed", function()
	it("is called what it is", function()
		local file = io.tmpfile()
		file:close()
		says("attempt to use a closed file", file.read, file)
		says("wanted a file that is open for writing, got a closed file", cmd.run, "true", { output_file = file })
		for _, method in ipairs { "fileno", "detach", "address" } do
			local socket = ave.find_free_port()
			socket:close()
			says("the socket is closed", socket[method], socket)
		end
		local socket, port = ave.find_free_port()
		socket:close()
		says("the socket is closed", function() ave.RemoteControl({ "", port }, nil, 1, false, socket) end)
		local path = fs.tempdir() .. "/log"
		local logger = ave.log.Logger { file = path }
		logger:close()
		says("the log file " .. path .. " is closed", logger.info, logger, "x")
	end)
end)

describe("a wrong use", function()
	it("of a command is explained", function()
		says("wanted a string or a list of strings, got a table with the key 'a'", cmd.run, { a = 1 })
	end)

	it("of a process is explained", function()
		local process = ave.Process { target = print }
		says("Process was not started by this process: call start first", process.join, process)
		local service = Control { port = 0 }
		says("argument 'proc': wanted a Process that was started, got a table", service.join_later, service, {})
	end)
end)

describe("an error of a service", function()
	local service, remote

	local Odd = Control:subclass("Odd")
	Odd.callback = Control.rpc(function() return { list = { print } } end)
	Odd.detailed = Control.rpc(function() error(ave.exceptions.Timeout { message = "late", callback = print, after = 3 }) end)
	Odd.weird = Control.rpc(function() error({ weird = 1, password = "hidden" }) end)

	setup(function()
		local port
		service, port = services.start(Odd)
		remote = ave.RemoteControl({ "", port }, nil, 10)
		remote:connect() -- before a test could seem to leave the connection behind
	end)

	teardown(function()
		remote:close()
		services.stop(service)
	end)

	it("names the method whose result cannot be sent, and what can", function()
		local e = assert.raises("TypeError", remote.callback, remote)
		assert.matches("the result of callback() cannot be sent: value.list[1]: cannot encode a function as JSON; " ..
			"return nil, booleans, numbers, strings and tables of these", e.message, 1, true)
	end)

	it("keeps its class and the details that can be sent", function()
		local e = assert.raises("Timeout", remote.detailed, remote)
		assert.equal("late", e.message)
		assert.equal(3, e.after)
		assert.is_nil(e.callback)
	end)

	it("shows what a table contains that was raised", function()
		says("(error object is a table value: { ", remote.weird, remote)
		says("weird = 1", remote.weird, remote)
		says("password = <masked>", remote.weird, remote)
	end)
end)

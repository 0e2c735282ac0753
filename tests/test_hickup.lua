-- What a process can be asked for by SIGUSR1: a file that says what it is doing.

local cmd = require("ave.cmd")
local connection = require("ave.network.connection")
local control = require("ave.network.control")
local fs = require("ave.fs")
local Process = require("ave.network.process").Process
local services = require("support.services")

local function read(path)
	local file = io.open(path)
	local text = file and file:read("*a") or ""
	if file then
		file:close()
	end
	return text
end

describe("SIGUSR1", function()
	local home

	before_each(function()
		home = os.tmpname()
		os.remove(home)
		cmd.run { "mkdir", home }
	end)

	after_each(function()
		cmd.run { "rm", "-rf", home }
	end)

	-- The text of the only hickup file of a process.
	local function hickup_of(pid)
		local text = ""
		eventually(function()
			local _, listing = cmd.run { "sh", "-c", "ls " .. home .. "/.ave/hickup/*-" .. pid }
			text = read((listing:gsub("%s+$", "")))
			return text ~= ""
		end, { timeout = 20 })
		return text
	end

	it("has a process that loops write down where it is", function()
		local spinning = os.tmpname()
		os.remove(spinning)
		local child = Process {
			target = function()
				local answer = 42
				local function spin()
					local question = "?"
					io.open(spinning, "w"):close()
					while true do answer = answer + #question end
				end
				coroutine.wrap(function() pcall(spin) end)()
			end,
		}
		child.home = home
		child:start { synchronize = true }
		finally(function() child:kill() child:join(10) os.remove(spinning) end)
		eventually(function() return fs.exists(spinning) end, { timeout = 20 })
		cmd.run("kill -USR1 " .. child.pid)
		local text = hickup_of(child.pid)
		assert.matches("in function <.*>", text)
		assert.matches('question = "?"', text, 1, true)
		assert.matches("goroutine", text)
		assert.is_true(child:is_alive())
	end)

	it("disturbs nothing when the file cannot be written", function()
		local name = os.tmpname()
		finally(function() os.remove(name) end)
		local child = Process { proc_name = "ave-homeless" }
		child.home = "/proc/nowhere"
		function child:handle_SIGUSR1(signum)
			self.asked = true
			Process.handle_SIGUSR1(self, signum)
		end
		function child:run()
			repeat local asked = self.asked until asked
			os.exit(7)
		end
		function child.redirect()
			require("ave.daemon.host").redirect(name)
		end
		child:start { synchronize = true }
		cmd.run("kill -USR1 " .. child.pid)
		assert.equal(7, child:join(20))
		assert.matches("^ave%-homeless: SIGUSR1: write the hickup file: .*/proc/nowhere", read(name))
	end)

	it("has a process that is stuck write what there is, in its home", function()
		cmd.run { "mkfifo", home .. "/fifo" } -- which nobody writes to
		local child = Process { target = loadfile, args = { home .. "/fifo" } }
		child.home = home
		child:start { synchronize = true }
		finally(function() child:kill() child:join(10) end)
		eventually(function() -- it may not have got there yet
			cmd.run("kill -USR1 " .. child.pid)
			local _, written = cmd.run { "sh", "-c", "cat " .. home .. "/.ave/hickup/*-" .. child.pid }
			assert.matches("a Go function is blocking the interpreter", written, 1, true)
		end, { timeout = 20, interval = 0.2 })
	end)

	it("goes on to the children, and shows a service's calls and connections", function()
		local Lab = control.Control:subclass("Lab")
		Lab.stuck = control.Control.rpc(function(_, command) cmd.run(command) end)
		local socket, port = connection.find_free_port()
		local lab = Lab { port = port, socket = socket, home = home }
		local parent = Process {
			target = function()
				lab:start { synchronize = true }
				cmd.run("sleep 60")
			end,
			proc_name = "ave-parent",
		}
		parent.home = home
		parent:start()
		socket:close()
		finally(function() parent:kill() parent:join(10) end)
		local client = control.RemoteControl({ "", port }, nil, 20, true)
		client.async:stuck("sleep 50")
		eventually(function()
			local _, listing = cmd.run { "sh", "-c", "cat /proc/*/cmdline 2>/dev/null | tr '\\0' ' '" }
			return listing:find("sleep 50", 1, true)
		end, { timeout = 20 })
		cmd.run("kill -USR1 " .. parent.pid)
		local _, pid = cmd.run { "pgrep", "-P", tostring(parent.pid), "ave-Lab" }
		local text = hickup_of(pid:match("%d+"))
		assert.matches('command = "sleep 50"', text, 1, true)
		assert.matches("1 connections:", text, 1, true)
		assert.matches("in function", hickup_of(parent.pid))
		client:close()
	end)

	it("is for its owner alone, and appears whole in a directory that is there before", function()
		fs.mkdir(home .. "/.ave/hickup", { parents = true })
		cmd.run { "chmod", "755", home .. "/.ave/hickup" } -- as an earlier version made it
		local child = Process { target = function() while true do end end }
		child.home = home
		child:start { synchronize = true }
		finally(function() child:kill() child:join(10) end)
		cmd.run("kill -USR1 " .. child.pid)
		local seen
		eventually(function()
			local list = fs.glob(home .. "/.ave/hickup/*")
			for _, path in ipairs(list) do
				seen = fs.stat(path)
				assert.matches("-" .. child.pid .. "$", path)
				assert.matches("\ngoroutine profile:", fs.read(path), nil, true)
			end
			return #list > 0
		end, { timeout = 20, interval = 0.001 })
		assert.equal("0600", seen.mode)
		assert.equal("0700", fs.stat(home .. "/.ave/hickup").mode)
	end)

	it("changes no directory that a link leads to", function()
		fs.mkdir(home .. "/.ave", { parents = true })
		fs.mkdir(home .. "/system")
		cmd.run { "chmod", "755", home .. "/system" }
		cmd.run { "ln", "-s", "../system", home .. "/.ave/hickup" }
		local child = Process { target = function() while true do end end }
		child.home = home
		child:start { synchronize = true }
		finally(function() child:kill() child:join(10) end)
		cmd.run("kill -USR1 " .. child.pid)
		eventually(function() return #fs.glob(home .. "/system/*") > 0 end, { timeout = 20 })
		assert.equal("0755", fs.stat(home .. "/system").mode)
	end)

	it("masks keys wherever they stand, and what has the name of a secret", function()
		fs.mkdir(home .. "/.ave/config", { parents = true })
		fs.write(home .. "/.ave/config/authkeys.json", '{"admin": "admin-key-of-the-lab", "share": null}')
		local Lab = control.Control:subclass("Lab")
		Lab.stuck = control.Control.rpc(function(self, command)
			local authkey, alt_keys, db_password, API_TOKEN = "one", { a = "two" }, "three", 4444
			local settings = { client_secret = "five", { tokens = { "six" }, has_token = true }, plain = "seen" }
			local text = "a line with " .. self.authkey .. ", admin-key-of-the-lab, " .. self.alt_keys.guest .. " and client-key-7"
			local long = ("x"):rep(90) .. self.authkey -- of which a part alone would be shown
			local short, word = self.alt_keys.short, "k and kettle"
			local peer = control.RemoteControl({ "", 1 }, "client-key-7")
			cmd.run(command)
			return authkey, alt_keys, db_password, API_TOKEN, settings, text, long, short, word, peer
		end)
		local lab, port = services.start(Lab, { home = home, authkey = "service-key-5", anonymous = true,
			alt_keys = { guest = 'guest "key" 6', short = "k" } })
		finally(function() services.stop(lab) end)
		local client = control.RemoteControl({ "", port }, nil, 20, true)
		client.async:stuck("sleep 50")
		eventually(function()
			local _, listing = cmd.run { "pgrep", "-P", tostring(lab.pid), "sleep" }
			return listing:find("%d")
		end, { timeout = 20 })
		cmd.run("kill -USR1 " .. lab.pid)
		local text = hickup_of(lab.pid)
		for _, line in ipairs {
			'authkey = <masked>\n', 'alt_keys = <masked>\n', 'db_password = <masked>\n', 'API_TOKEN = <masked>\n',
			'client_secret = <masked>', '{ tokens = <masked>, has_token = true }', 'plain = "seen"',
			'text = "a line with <masked>, <masked>, <masked> and <masked>"\n', 'short = "<masked>"\n', 'word = "k and kettle"\n',
		} do
			assert.matches(line, text, 1, true)
		end
		for _, secret in ipairs {
			"service-key", "xserv", "admin-key", "client-key", '"key', '"two"', '"three', "4444", '"five', '"six', '= "k"',
		} do
			assert.is_nil(text:find(secret, 1, true), secret)
		end
		client:close()
	end)

	it("shows the connections of a service that another process runs", function()
		local socket, port = connection.find_free_port()
		local host = Process {}
		host.lab = control.Control { port = port, socket = socket }
		host.home = home
		function host:run() self.lab:run() end
		host:start()
		socket:close()
		finally(function() host:kill() host:join(10) end)
		local client = control.RemoteControl({ "", port }, nil, 20, true)
		client:connect()
		cmd.run("kill -USR1 " .. host.pid)
		assert.matches("1 connections:", hickup_of(host.pid), 1, true)
		client:close()
	end)
end)

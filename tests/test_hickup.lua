-- What a process can be asked for by SIGUSR1: a file that says what it is doing.

local cmd = require("ave.cmd")
local connection = require("ave.network.connection")
local control = require("ave.network.control")
local fs = require("ave.fs")
local Process = require("ave.network.process").Process

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
			assert.matches("held by a Go function", written, 1, true)
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

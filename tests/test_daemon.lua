-- Processes that outlive or notice their starter: daemons and death signals.

local cmd = require("ave.cmd")
local control = require("ave.network.control")
local Daemon = require("ave.daemon").Daemon
local Process = require("ave.network.process").Process
local services = require("support.services")
local ave = require("ave")

local function interpret(code)
	return cmd.run({ "/proc/self/exe", "-e", code }, { timeout = 30 })
end

-- A field of /proc/PID/stat behind the name: state 1, parent 2, group 3,
-- session 4. Nil for a process that is not there.
local function stat(pid, field)
	local file = io.open("/proc/" .. pid .. "/stat")
	if not file then
		return nil
	end
	local text = file:read("*a")
	file:close()
	local i = 0
	for word in text:match("%) (.*)"):gmatch("%S+") do
		i = i + 1
		if i == field then
			return word
		end
	end
end

local function alive(pid)
	local state = stat(pid, 1)
	return state ~= nil and state ~= "Z"
end

local function read(path)
	local file = io.open(path)
	local text = file and file:read("*a") or ""
	if file then
		file:close()
	end
	return text
end

describe("a process that is daemonized", function()
	it("leads a session of its own and belongs to init", function()
		local daemon = Process { target = cmd.run, args = { "sleep 60" } }
		daemon:start { daemonize = true, synchronize = true }
		finally(function() daemon:kill() end)
		assert.equal(tostring(daemon.pid), stat(daemon.pid, 4))
		eventually(function() return stat(daemon.pid, 2) ~= stat("self", 2) end)
		assert.is_true(daemon:is_alive())
		local e = assert.raises("Exception", daemon.join, daemon)
		assert.matches("is a daemon", e.message, 1, true)
		daemon:terminate()
		eventually(function() return not daemon:is_alive() end, { timeout = 10 })
	end)

	it("outlives its starter", function()
		local status, output = interpret([[
			local daemon = ave.Process { target = ave.cmd.run, args = { "sleep 60" } }
			daemon:start { daemonize = true }
			print(daemon.pid)
		]])
		local pid = output:match("%d+")
		finally(function() cmd.run("kill -9 " .. pid) end)
		assert.equal(0, status)
		assert.is_true(alive(pid))
	end)

	it("is not started again while it runs", function()
		local daemon = Process { target = cmd.run, args = { "sleep 60" } }
		daemon:start { daemonize = true }
		local pid = daemon.pid
		finally(function() cmd.run("kill -9 " .. pid) end)
		local e = assert.raises("Exception", daemon.start, daemon, { daemonize = true })
		assert.matches("already running as process " .. pid, e.message, 1, true)
		assert.equal(pid, daemon.pid)
	end)

	it("raises what its initialization has raised", function()
		local Broken = Process:subclass("Broken")
		function Broken:initialize() error("not today", 0) end
		local broken = Broken()
		local e = assert.raises("Exception", broken.start, broken, { daemonize = true, synchronize = true })
		assert.equal("not today", e.message)
	end)
end)

describe("a child whose parent was killed", function()
	-- Starts a parent with a child, kills the parent and returns the child's pid.
	-- Before is the command that is run with the child's pid first.
	local function orphan(body, before, on_term)
		local path = os.tmpname()
		local parent = Process {
			target = function()
				local child = Process { target = assert(loadstring(body)) }
				child.handle_SIGTERM = on_term
				child:start { synchronize = true }
				if before then
					cmd.run(before .. " " .. child.pid)
				end
				local file = io.open(path .. ".new", "w")
				file:write(child.pid)
				file:close()
				os.rename(path .. ".new", path)
				cmd.run("sleep 60")
			end,
		}
		parent:start()
		eventually(function() return read(path) ~= "" end, { timeout = 20 })
		local pid = read(path)
		os.remove(path)
		parent:kill()
		parent:join(10)
		return pid
	end

	it("dies, also while it loops", function()
		local pid = orphan("while true do end")
		eventually(function() return not alive(pid) end, { timeout = 10 })
	end)

	it("dies, also while it is stopped", function()
		local pid = orphan("while true do end", "kill -STOP")
		eventually(function() return not alive(pid) end, { timeout = 10 })
	end)

	it("dies though its handle_SIGTERM returns", function()
		local pid = orphan("while true do end", nil, function() end)
		eventually(function() return not alive(pid) end, { timeout = 10 })
	end)

	it("has its handle_SIGTERM called, also while it is stopped", function()
		local name = os.tmpname()
		finally(function() os.remove(name) end)
		local pid = orphan("while true do end", "kill -STOP", function()
			io.open(name, "w"):write("told")
			os.exit(1)
		end)
		eventually(function() return not alive(pid) end, { timeout = 10 })
		assert.equal("told", read(name))
	end)

	it("lives for as long as its handle_SIGTERM takes, but not for long", function()
		local pid = orphan("while true do end", "kill -STOP", function() cmd.run("sleep 60") end)
		eventually(function() return not alive(pid) end, { timeout = 10 })
	end)

	for way, initialize in pairs {
		["death signalling is disabled"] = function(self) self:disable_death_signalling() end,
		["it calls perform_prctl()"] = function(self) self:perform_prctl() end,
		["it calls perform_prctl(0)"] = function(self) self:perform_prctl(0) end,
	} do
		it("lives if " .. way, function()
			local Survivor = Process:subclass("Survivor")
			Survivor.initialize = initialize
			function Survivor:handle_SIGTERM() end -- luacheck: ignore
			local parent = Process {
				target = function(path)
					local survivor = Survivor { target = cmd.run, args = { "sleep 60" } }
					survivor:start { synchronize = true }
					local file = io.open(path, "w")
					file:write(survivor.pid)
					file:close()
					os.exit(0)
				end,
				args = { os.tmpname() },
			}
			parent:start()
			assert.equal(0, parent:join(20))
			local pid = read(parent.args[1])
			os.remove(parent.args[1])
			finally(function() cmd.run("kill -9 " .. pid) end)
			cmd.run("sleep 1") -- longer than it would have to end
			assert.is_true(alive(pid))
		end)
	end

	it("dies though its class passes the death signal on to Process, or to nobody", function()
		for _, body in ipairs { "ave.Process.perform_prctl(self, signal)", "" } do
			local status, output = interpret(([[
				local Child = ave.Process:subclass("Child")
				function Child:perform_prctl(signal) %s assert(signal == 9) end
				local child = Child { target = ave.cmd.run, args = { "sleep 60" } }
				child:start { synchronize = true }
				print(child.pid)
				os.exit(0)
			]]):format(body))
			assert.equal(0, status)
			eventually(function() return not alive(output:match("%d+")) end, { timeout = 20 })
		end
	end)
end)

describe("join_later", function()
	it("tells a service how a process has ended", function()
		local Keeper = control.Control:subclass("Keeper")
		Keeper.spawn = control.Control.rpc(function(self, status)
			local child = Process { target = function(s) os.exit(s) end, args = { status } }
			child:start()
			self:join_later(child)
			return child.pid
		end)
		Keeper.ended = control.Control.rpc(function(self) return self.log_of_ends or "" end)
		function Keeper:joined_process(pid, status)
			self.log_of_ends = (self.log_of_ends or "") .. pid .. "=" .. status .. " "
		end
		local keeper, port = services.start(Keeper)
		finally(function() services.stop(keeper) end)
		local client = control.RemoteControl({ "", port })
		local pid = client:spawn(7)
		eventually(function() return client:ended() == pid .. "=7 " end, { timeout = 20 })
		client:close()
	end)
end)

describe("a Daemon", function()
	local daemon, directory

	before_each(function()
		directory = os.tmpname()
		os.remove(directory)
		cmd.run { "mkdir", directory }
		daemon = Daemon {
			pid_file = directory .. "/pid",
			log_file = directory .. "/log",
			target = function()
				print("at work")
				cmd.run("sleep 60")
			end,
		}
	end)

	after_each(function()
		daemon:stop()
		cmd.run { "rm", "-rf", directory }
	end)

	it("is started, asked for and stopped", function()
		assert.is_nil(daemon:status())
		local pid = daemon:start()
		assert.equal(pid, daemon:status())
		assert.equal(pid, tonumber(read(directory .. "/pid")))
		eventually(function() return read(directory .. "/log") == "at work\n" end)
		assert.is_true(daemon:is_alive())
		assert.is_true(daemon:stop())
		assert.is_false(daemon:is_alive())
		assert.is_false(alive(pid))
		assert.is_nil(daemon:status())
		assert.is_false(daemon:stop())
	end)

	it("may take for ever to end, or no time at all", function()
		function daemon.handle_SIGTERM()
			cmd.run("sleep 0.3")
			print("at its end")
			os.exit(0)
		end
		daemon:start()
		assert.is_true(daemon:stop(math.huge))
		assert.matches("at its end", read(directory .. "/log"))
		os.remove(directory .. "/log")
		daemon:start()
		assert.is_true(daemon:stop(0))
		assert.is_nil(read(directory .. "/log"):match("at its end"))
		assert.is_nil(daemon:status())
	end)

	it("can be started when its initialization has failed before", function()
		function daemon:initialize()
			Daemon.initialize(self)
			if self.broken then
				error("broken", 0)
			end
		end
		for _ = 1, 5 do
			daemon.broken = true
			assert.equal("broken", assert.raises("Exception", daemon.start, daemon).message)
			daemon.broken = false
			assert.equal(daemon:start(), daemon:status())
			daemon:stop()
		end
	end)

	it("cannot be started twice", function()
		local pid = daemon:start()
		local again = Daemon { pid_file = daemon.pid_file, target = cmd.run, args = { "sleep 60" } }
		local e = assert.raises("Exception", again.start, again)
		assert.matches("locked by process " .. pid, e.message, 1, true)
		assert.equal(pid, again:status())
	end)

	it("is not forgotten by who tries to start it twice", function()
		local pid = daemon:start()
		local e = assert.raises("Exception", daemon.start, daemon)
		assert.matches("already running as process " .. pid, e.message, 1, true)
		assert.equal(pid, daemon.pid)
		assert.is_true(daemon:is_alive())
	end)

	it("is started once by many at once", function()
		local code = ([[
			local daemon = ave.Daemon { pid_file = %q, target = ave.cmd.run, args = { "sleep 60" } }
			os.exit(pcall(daemon.start, daemon) and 7 or 8)
		]]):format(daemon.pid_file)
		local starters = {}
		for i = 1, 6 do
			starters[i] = Process { target = function() os.exit((cmd.run { "/proc/self/exe", "-e", code })) end }
			starters[i]:start()
		end
		local winners = 0
		for _, starter in ipairs(starters) do
			winners = winners + (starter:join(30) == 7 and 1 or 0)
		end
		assert.equal(1, winners)
	end)

	it("is not taken for running because of a stale pid file", function()
		local pid = daemon:start()
		cmd.run("kill -9 " .. pid)
		eventually(function() return daemon:status() == nil end)
		assert.equal(pid, tonumber(read(daemon.pid_file)))
		assert.not_equal(pid, daemon:start())
	end)

	it("leaves no pid file behind, however it ends by itself", function()
		for way, target in pairs {
			["returns"] = function() end,
			["calls os.exit"] = function() os.exit(3) end,
			["raises an error"] = function() error("broken") end,
			["is terminated"] = function() cmd.run("kill " .. ave.posix.getpid()) end,
			["is hung up"] = function() cmd.run("kill -HUP " .. ave.posix.getpid()) end,
		} do
			daemon.target = target
			daemon:start()
			eventually(function() return not daemon:is_alive() end, { timeout = 20 })
			assert.is_false(ave.fs.exists(daemon.pid_file), way)
		end
		daemon.target = function() cmd.run("sleep 60") end
		daemon:start()
		assert.is_true(daemon:stop())
		assert.is_false(ave.fs.exists(daemon.pid_file))
	end)

	it("leaves the pid file of another one alone", function()
		daemon:start()
		os.remove(daemon.pid_file)
		ave.fs.write(daemon.pid_file, "not mine")
		daemon:terminate()
		eventually(function() return not daemon:is_alive() end, { timeout = 20 })
		assert.equal("not mine", read(daemon.pid_file))
	end)

	it("is another one after a restart", function()
		local first = daemon:start()
		local second = daemon:restart()
		assert.not_equal(first, second)
		assert.is_false(alive(first))
		assert.equal(second, daemon:status())
	end)

	it("needs a pid file", function()
		assert.raises("TypeError", Daemon, {})
		assert.raises("TypeError", Daemon, { pid_file = 5 })
	end)
end)

describe("a daemon that is started with relative paths", function()
	local dir

	local function write(name, text)
		ave.fs.write(dir .. "/" .. name, text)
	end

	before_each(function()
		dir = ave.fs.tempdir()
		write("part.lua", [[
			local part = {}
			function part.work()
				local file = io.open("/proc/self/cwd/etc/passwd")
				print(file and "at the root" or "elsewhere")
				print(pcall(require, "late"))
				print(pcall(function() error("traced") end))
			end
			return part
		]])
		write("late.lua", [[return "late"]])
		write("main.lua", [[
			local ave = require("ave")
			local part = require("part")
			local daemon = ave.Daemon { pid_file = "d.pid", log_file = "d.log", target = function()
				print(arg[0])
				part.work()
				print(debug.getinfo(1, "S").source)
				ave.cmd.run("sleep 60")
			end }
			daemon:start()
			print(daemon:status() == daemon.pid, daemon.pid_file)
		]])
	end)

	it("finds its modules and logs, and works in /", function()
		local status, output = cmd.run({ "/proc/self/exe", "main.lua" }, { cwd = dir, timeout = 30 })
		local daemon = Daemon { pid_file = dir .. "/d.pid" }
		finally(function() daemon:stop() end)
		assert.equal(0, status, output)
		assert.equal("true\t" .. dir .. "/d.pid\r\n", output)
		eventually(function() return select(2, read(dir .. "/d.log"):gsub("\n", "")) == 5 end, { timeout = 20 })
		assert.equal(("%s/main.lua\nat the root\ntrue\tlate\nfalse\t%s/part.lua:6: traced\n@%s/main.lua\n"):format(dir, dir, dir),
			read(dir .. "/d.log"))
		assert.is_true(daemon:stop())
	end)

	it("is counted by the coverage", function()
		write("test_it.lua", [[
			it("runs", function()
				local daemon = require("ave").Daemon { pid_file = "c.pid", target = function() require("part").work() end }
				daemon:start()
				eventually(function() return not daemon:is_alive() end, { timeout = 20 })
			end)
		]])
		local status, output = cmd.run({ "/proc/self/exe", "test", "--coverage", "." }, { cwd = dir, timeout = 60 })
		assert.equal(0, status, output)
		assert.matches("part.lua +100", output)
		assert.matches("late.lua +100", output)
	end)
end)

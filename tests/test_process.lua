-- ave.network.process: Lua functions and classes in processes of their own.

local cmd = require("ave.cmd")
local connection = require("ave.network.connection")
local elsewhere = require("support.elsewhere")
local exceptions = require("ave.exceptions")
local Process = require("ave.network.process").Process

local Jammed = exceptions.define("Jammed")

-- Runs a piece of Lua in an interpreter of its own, to see what it prints.
local function interpret(code)
	return cmd.run({ "/proc/self/exe", "-e", code }, { timeout = 20 })
end

local function exit_status(fn, ...)
	local child = Process { target = fn, args = { ... } }
	child:start()
	return child:join(20)
end

-- Tells whether a process is there and is no zombie.
local function runs(pid)
	local stat = io.open("/proc/" .. pid .. "/stat")
	local text = stat and stat:read("*a") or ""
	if stat then
		stat:close()
	end
	return text ~= "" and text:match("%) (%a)") ~= "Z"
end

describe("an object in a process of its own", function()
	local Counter = Process:subclass("Counter")

	function Counter:init(first)
		Process.init(self, { proc_name = "counter" })
		self.first = first
	end

	function Counter:run()
		os.exit(self:next())
	end

	function Counter:next()
		return self.first + 1
	end

	it("has its fields and its methods", function()
		local counter = Counter(6)
		counter:start()
		assert.equal(7, counter:join(20))
	end)

	it("has what its class inherits and overrides", function()
		local Double = Counter:subclass("Double")
		function Double:next()
			return Counter.next(self) * 2
		end
		local double = Double(6)
		double.step = "ignored"
		double:start()
		assert.equal(14, double:join(20))
	end)

	it("knows its own pid, as its starter does", function()
		local child = Process {}
		function child:run()
			local stat = io.open("/proc/self/stat"):read("*n")
			os.exit(stat == self.pid and 7 or 1)
		end
		child:start()
		assert.is_number(child.pid)
		assert.equal(7, child:join(20))
	end)

	it("calls redirect, initialize and run, in this order", function()
		local Steps = Process:subclass("Steps")
		function Steps:redirect() self.steps = "redirect" end
		function Steps:initialize() self.steps = self.steps .. " initialize" end
		function Steps:run() os.exit(self.steps == "redirect initialize" and 7 or 1) end
		local steps = Steps()
		steps:start()
		assert.equal(7, steps:join(20))
		assert.is_nil(steps.steps)
	end)

	it("needs something to do", function()
		local status, output = interpret([[
			local child = ave.Process()
			child:start()
			os.exit(child:join(10) + 10)
		]])
		assert.equal(11, status)
		assert.matches("Process has neither a target nor a method run", output)
	end)
end)

describe("start", function()
	it("refuses a process that is running", function()
		local child = Process { target = cmd.run, args = { "sleep 60" } }
		child:start()
		local e = assert.raises("Exception", child.start, child)
		assert.matches("already running as process " .. child.pid, e.message, 1, true)
		child:kill()
		child:join(20)
	end)

	it("may come again when the process has ended", function()
		local child = Process { target = os.exit, args = { 3 } }
		child:start()
		assert.equal(3, child:join(20))
		child:start()
		assert.equal(3, child:join(20))
	end)

	it("waits for the initialization if it should", function()
		local name = os.tmpname()
		finally(function() os.remove(name) end)
		local Slow = Process:subclass("Slow")
		function Slow:initialize()
			cmd.run("sleep 0.2")
			io.open(name, "w"):write("ready")
		end
		function Slow:run() end
		local slow = Slow()
		slow:start { synchronize = true }
		assert.equal("ready", io.open(name):read("*a"))
		assert.equal(0, slow:join(20))
	end)

	it("raises what the initialization has raised, if it waits", function()
		local Broken = Process:subclass("Broken")
		function Broken:initialize() error(Jammed { message = "no paper", tray = 2 }) end
		local broken = Broken()
		local e = assert.raises(Jammed, broken.start, broken, { synchronize = true })
		assert.equal("no paper", e.message)
		assert.equal(2, e.tray)
		assert.matches("test_process.lua$", e.trace[#e.trace][1])
		assert.matches("error(Jammed", e.trace[#e.trace][4], 1, true)
		assert.equal(1, broken:join(20))
	end)

	it("may come again when the initialization has failed", function()
		local Fickle = Process:subclass("Fickle")
		function Fickle:initialize()
			if self.broken then
				error("broken")
			end
		end
		function Fickle:run() end -- luacheck: ignore
		local fickle = Fickle()
		for _ = 1, 5 do
			fickle.broken = true
			assert.raises("Exception", fickle.start, fickle, { synchronize = true })
			fickle.broken = false
			fickle:start { synchronize = true }
			assert.equal(0, fickle:join(20))
		end
	end)

	it("says so if the process ended before it was initialized", function()
		local Gone = Process:subclass("Gone")
		function Gone:initialize() os.exit(9) end
		local gone = Gone()
		local e = assert.raises("Exception", gone.start, gone, { synchronize = true })
		assert.matches("ended before it was initialized, with status 9", e.message, 1, true)
	end)

	it("refuses wrong options", function()
		local child = Process {}
		assert.raises("TypeError", child.start, child, { sync = true })
		assert.raises("TypeError", Process, { target = 5 })
		assert.raises("TypeError", Process, { args = "x" })
		assert.raises("TypeError", Process, { name = "x" })
	end)
end)

describe("the end of a process", function()
	it("is told from how it came", function()
		assert.equal(0, exit_status(function() end))
		assert.equal(255, exit_status(os.exit, 255))
		assert.equal(-9, exit_status(function() os.execute("kill -9 $PPID") end))
		assert.equal(-15, exit_status(function() os.execute("kill $PPID") cmd.run("sleep 60") end))
	end)

	it("is status 1 and a report when it raises an error", function()
		local status, output = interpret([[
			local child = ave.Process { target = function() local function fail() error("broken") end fail() end }
			child:start()
			os.exit(child:join(10) + 10)
		]])
		assert.equal(11, status)
		assert.matches("broken", output)
		assert.matches("in function 'fail'", output, 1, true)
	end)

	it("can be waited for with a timeout, and more than once", function()
		local child = Process { target = cmd.run, args = { "sleep 60" } }
		child:start()
		local e = assert.raises("Timeout", child.join, child, 0.05)
		assert.matches("process " .. child.pid .. " did not end within", e.message, 1, true)
		assert.is_true(child:is_alive())
		child:terminate()
		assert.equal(-15, child:join(20))
		assert.equal(-15, child:join(0))
		assert.is_false(child:is_alive())
		child:terminate() -- no error
		child:kill()
	end)

	it("takes the commands with it that it runs", function()
		local name = os.tmpname()
		finally(function() os.remove(name) end)
		local child = Process {
			target = function()
				cmd.run { "sh", "-c", "echo $$ > " .. name .. "; exec sleep 60" }
			end,
		}
		child:start()
		local pid = eventually(function() return io.open(name):read("*n") end)
		assert.is_true(runs(pid))
		child:kill()
		assert.equal(-9, child:join(20))
		eventually(function() return not runs(pid) end)
	end)

	it("can be asked for by nobody else", function()
		local child = Process { target = function() end }
		for _, method in ipairs { "join", "is_alive", "terminate", "kill" } do
			local e = assert.raises("Exception", child[method], child)
			assert.equal("Process was not started by this process: call start first", e.message)
		end
		child:start()
		child:join(20)
		assert.same({ false }, elsewhere(function() return (pcall(child.join, child)) end))
	end)

	it("comes when the parent dies", function()
		local _, output = interpret([[
			local child = ave.Process { target = ave.cmd.run, args = { "sleep 60" } }
			child:start { synchronize = true }
			print(child.pid)
			os.exit(0)
		]])
		local pid = output:match("%d+")
		eventually(function() return not runs(pid) end)
	end)
end)

describe("handle_SIGTERM", function()
	local Patient = Process:subclass("Patient")

	function Patient:handle_SIGTERM(signum)
		os.exit(signum + 100)
	end

	it("is called while the process loops", function()
		local patient = Patient()
		function patient:run()
			while true do end
		end
		patient:start { synchronize = true }
		patient:terminate()
		assert.equal(115, patient:join(20))
	end)

	it("is called in a coroutine and inside of pcall", function()
		local patient = Patient()
		function patient:run()
			coroutine.wrap(function()
				while true do pcall(error) end
			end)()
		end
		patient:start { synchronize = true }
		patient:terminate()
		assert.equal(115, patient:join(20))
	end)

	it("is called while the process waits for a command", function()
		local patient = Patient()
		function patient:run()
			cmd.run("sleep 60")
		end
		patient:start { synchronize = true }
		patient:terminate()
		assert.equal(115, patient:join(20))
	end)

	it("ends a process that waits by an error, too", function()
		local status, output = interpret([[
			local Failing = ave.Process:subclass("Failing")
			function Failing:handle_SIGTERM() error("no more") end
			function Failing:run() ave.cmd.run("sleep 60") end
			local child = Failing()
			child:start { synchronize = true }
			child:terminate()
			os.exit(child:join(10) + 10)
		]])
		assert.equal(11, status)
		assert.matches("no more", output, 1, true)
	end)

	it("may let the process go on", function()
		local stubborn = Process {}
		function stubborn:handle_SIGTERM()
			self.told = true
		end
		function stubborn:run()
			while not self.told do end
			os.exit(7)
		end
		stubborn:start { synchronize = true }
		stubborn:terminate()
		assert.equal(7, stubborn:join(20))
	end)
end)

describe("the name of a process", function()
	local function name_of(options)
		options.target = function()
			cmd.run("sleep 60")
		end
		local child = Process(options)
		child:start { synchronize = true }
		local name = io.open("/proc/" .. child.pid .. "/comm"):read("*l")
		child:kill()
		child:join(20)
		return name
	end

	it("is what ps shows, cut at 15 bytes", function()
		assert.equal("my-name", name_of { proc_name = "my-name" })
		assert.equal("ave-Process", name_of {})
		assert.equal("a-name-that-is-", name_of { proc_name = "a-name-that-is-too-long" })
		assert.equal("grün-grün-gr", name_of { proc_name = "grün-grün-grün" })
		assert.equal("eine-grün-grü", name_of { proc_name = "eine-grün-grün" })
	end)
end)

describe("close_fds", function()
	local Reader = Process:subclass("Reader")

	function Reader:init(socket)
		Process.init(self)
		self.number = socket:fileno()
	end

	function Reader:close_fds(exclude)
		table.insert(exclude, self.number)
		Process.close_fds(self, exclude)
	end

	function Reader:run()
		local listener = connection.BlockingConnection.from_fd(self.number)
		listener:accept(10):put("from " .. self.pid)
	end

	it("keeps a descriptor open, under the same number", function()
		local socket, port = connection.find_free_port()
		local reader = Reader(socket)
		reader:start()
		socket:close()
		local client = connection.BlockingConnection { "", port }
		client:connect(5)
		assert.equal("from " .. reader.pid, client:get(5))
		client:close()
		assert.equal(0, reader:join(20))
	end)

	it("closes everything else", function()
		local name = os.tmpname()
		finally(function() os.remove(name) end)
		local file = assert(io.open(name))
		local function count()
			return (select(2, cmd.run { "sh", "-c", "ls -l /proc/$PPID/fd 2> /dev/null | grep -c " .. name }))
		end
		assert.equal("1\r\n", count())
		assert.same({ "0\r\n" }, elsewhere(count))
		file:close()
	end)

	it("takes numbers of descriptors alone", function()
		local odd = Process {}
		function odd.close_fds(_, exclude) exclude[1] = "x" end
		assert.raises("TypeError", odd.start, odd)
		function odd.close_fds(_, exclude) exclude[1] = 2 ^ 40 end
		assert.raises("TypeError", odd.start, odd)
		function odd.close_fds(_, exclude) exclude[1] = 2 ^ 31 - 1 end
		assert.raises("Exception", odd.start, odd)
		function odd.close_fds(_, exclude) exclude[1] = 999 end
		local e = assert.raises("Exception", odd.start, odd)
		assert.matches("cannot inherit descriptor 999, which close_fds put into exclude: bad file descriptor", e.message, 1, true)
	end)
end)

describe("a process", function()
	it("leaves no descriptor to its starter", function()
		local function descriptors()
			return tonumber((select(2, cmd.run { "sh", "-c", "ls /proc/$PPID/fd | wc -l" })))
		end
		local before = descriptors()
		for _ = 1, 5 do
			assert.equal(0, exit_status(function() end))
		end
		eventually(function() return descriptors() <= before end) -- Go closes some of them later
	end)

	it("may have processes of its own", function()
		assert.same({ 7 }, elsewhere(function()
			local grandchild = Process { target = function() os.exit(7) end }
			grandchild:start { synchronize = true }
			return grandchild:join(10)
		end))
	end)

	it("writes where its parent does", function()
		local _, output = interpret([[
			local child = ave.Process {
				target = function()
					print("printed")
					io.stdout:setvbuf("full")
					io.write("buffered\n")
					io.stderr:write("told\n")
				end,
			}
			child:start()
			child:join(10)
			print("joined")
		]])
		assert.equal("printed\r\ntold\r\nbuffered\r\njoined\r\n", output)
	end)

	it("logs to stderr if it should", function()
		local _, output = interpret([[
			for _, logging in ipairs { true, false } do
				local child = ave.Process { logging = logging, proc_name = "logger" }
				function child:run() self:log("message " .. tostring(logging)) end
				child:start()
				child:join(10)
			end
		]])
		local lines = {}
		for line in output:gmatch("[^\r\n]+") do
			lines[#lines + 1] = line:match("^%a%a%a %a%a%a +%d+ %d%d:%d%d:%d%d %d%d%d%d logger %d+ %-%- (.*)$") or line
		end
		assert.same({ "started", "message true", "ended" }, lines)
	end)
end)

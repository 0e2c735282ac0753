-- ave.posix: bare processes and file descriptors.

local cmd = require("ave.cmd")
local posix = require("ave.posix")

local open, started -- descriptors and commands of the test

before_each(function()
	open, started = {}, {}
end)

after_each(function()
	for fd in pairs(open) do
		posix.close(fd)
	end
	for _, pid in ipairs(started) do
		pcall(posix.wait, pid, 20) -- the test may have done it
	end
end)

local function close(fd)
	open[fd] = nil
	posix.close(fd)
end

-- Gives a pipe that is closed after the test.
local function pipe()
	local r, w = posix.pipe()
	open[r], open[w] = true, true
	return r, w
end

-- Starts a command whose terminal is closed after the test, which ends it.
local function start(...)
	local pid, fd = cmd.run_bg(...)
	open[fd] = true
	table.insert(started, pid)
	return pid, fd
end

local function read_all(fd)
	local pieces = {}
	repeat
		pieces[#pieces + 1] = posix.read(fd, 4096, 20)
	until pieces[#pieces] == ""
	return table.concat(pieces)
end

local function raises_errno(errno, ...)
	assert.equal(errno, assert.raises("OSError", ...).errno)
end

describe("posix.wait", function()
	it("gives the status of a command in the background", function()
		local pid, fd = start { "sh", "-c", "echo hello; exit 3" }
		assert.equal("hello\r\n", read_all(fd))
		assert.equal(3, posix.wait(pid, 20))
		assert.equal(-15, posix.wait((start { "sh", "-c", "kill $$" }), 20))
	end)

	it("waits no longer than it may", function()
		local pid = start("sleep 60")
		local e = assert.raises("Timeout", posix.wait, pid, 0.05)
		assert.matches("process " .. pid .. " did not end within 50ms", e.message)
		assert.raises("Timeout", posix.wait, pid, 0)
		posix.kill(pid, "KILL")
		assert.equal(-9, posix.wait(pid, 20))
	end)

	it("waits for a command once, and for nobody else's process", function()
		local pid = start("true")
		posix.wait(pid, 20)
		raises_errno("ECHILD", posix.wait, pid)
		raises_errno("ECHILD", posix.wait, posix.getppid())
		local Process = require("ave.network.process").Process
		local process = Process { target = function() return 7 end }
		process:start()
		raises_errno("ECHILD", posix.wait, process.pid)
		process:join(20)
	end)

	it("leaves no zombie", function()
		local pid = start("true")
		posix.wait(pid, 20)
		raises_errno("ESRCH", posix.kill, pid, 0)
	end)
end)

describe("posix.kill", function()
	it("takes the name or the number of a signal", function()
		for signal, status in pairs { TERM = -15, SIGUSR1 = -10, [2] = -2 } do
			local pid = start("sleep 60")
			posix.kill(pid, signal)
			assert.equal(status, posix.wait(pid, 20))
		end
	end)

	it("reaches a group, and asks with 0", function()
		local pid, fd = start { "sh", "-c", "sleep 60 & echo up; wait" }
		assert.matches("up", posix.read(fd, 100, 20))
		posix.kill(-pid, 0)
		posix.kill(-pid, "KILL")
		assert.equal("", read_all(fd)) -- both have ended
		assert.equal(-9, posix.wait(pid, 20))
	end)

	it("refuses what is no signal", function()
		for _, signal in ipairs { "NONE", -1, 65, 1.5, true } do
			local e = assert.raises("TypeError", posix.kill, 1, signal)
			assert.matches('wanted the name of a signal, such as "TERM", or its number', e.message, 1, true)
		end
	end)
end)

describe("posix.read and posix.write", function()
	it("move bytes", function()
		local r, w = pipe()
		assert.equal(6, posix.write(w, "a\0b\255\n\1"))
		assert.equal("a\0b", posix.read(r, 3))
		assert.equal("\255\n\1", posix.read(r, 100))
		close(w)
		assert.equal("", posix.read(r, 100))
		raises_errno("EBADF", posix.write, w, "x")
	end)

	it("wait no longer than they may", function()
		local r, w = pipe()
		local e = assert.raises("Timeout", posix.read, r, 1, 0.05)
		assert.matches("could not read within 50ms: descriptor %d+ was not ready", e.message)
		e = assert.raises("Timeout", posix.write, w, ("x"):rep(1000000), 0.05)
		assert.truthy(e.written >= 4096 and e.written < 1000000)
		assert.equal(e.written, #posix.read(r, 1000000, 1))
	end)

	it("write all of it, whether the descriptor blocks or not", function()
		for _, nonblock in ipairs { false, true } do
			local r, w = pipe()
			posix.nonblock(w, nonblock)
			local _, fd = start { "sh", "-c", ("wc -c < /proc/%d/fd/%d"):format(posix.getpid(), r) }
			assert.equal(300000, posix.write(w, ("x"):rep(300000), 20))
			close(w)
			assert.equal("300000\r\n", read_all(fd))
		end
	end)

	it("tell how much was written before an error", function()
		local r, w = pipe()
		close(r)
		local e = assert.raises("OSError", posix.write, w, "x")
		assert.equal("EPIPE", e.errno)
		assert.equal(0, e.written)
	end)

	it("talk to a command", function()
		local pid, fd = start { "sh", "-c", "read line; echo got $line; tty -s && echo terminal" }
		posix.write(fd, "hello\n", 5)
		assert.equal("hello\r\ngot hello\r\nterminal\r\n", read_all(fd))
		assert.equal(0, posix.wait(pid, 20))
	end)

	it("take only what they can use", function()
		assert.raises("TypeError", posix.read, 0, 0)
		assert.raises("TypeError", posix.read, -1, 1)
		assert.raises("TypeError", posix.read, "stdin", 1)
		raises_errno("EBADF", posix.read, 1000000, 1)
	end)
end)

describe("posix.poll", function()
	it("tells what has happened, by descriptor", function()
		local r, w = pipe()
		assert.same({}, posix.poll({ r }, 0))
		assert.same({}, posix.poll({ r }, 0.02))
		assert.same({ [w] = "w" }, posix.poll({ r, { w, "w" } }, 5))
		posix.write(w, "x")
		assert.same({ [r] = "r", [w] = "w" }, posix.poll { r, { w, "rw" } })
		posix.read(r, 1)
		close(w)
		assert.same({ [r] = "h" }, posix.poll { r })
		close(r)
		assert.same({ [r] = "n" }, posix.poll { r })
	end)

	it("wakes up when it happens", function()
		local _, slow = start { "sh", "-c", "read x" }
		local _, fast = start { "sh", "-c", "sleep 0.05; echo up; read x" }
		assert.same({ [fast] = "r" }, posix.poll({ slow, fast }, 20))
	end)

	it("refuses what is no descriptor", function()
		local e = assert.raises("TypeError", posix.poll, { 0, "x" })
		assert.matches('got the string "x" at index 2', e.message, 1, true)
		assert.raises("TypeError", posix.poll, { { 0, "x" } })
	end)
end)

describe("descriptors", function()
	local function inherited(fd)
		return cmd.run { "test", "-e", "/proc/self/fd/" .. fd } == 0
	end

	it("are not inherited unless they shall be", function()
		local r = pipe()
		assert.is_true(posix.cloexec(r))
		assert.is_false(inherited(r))
		assert.is_true(posix.cloexec(r, false))
		assert.is_false(posix.cloexec(r))
		assert.is_true(inherited(r))
		posix.cloexec(r, true)
		assert.is_false(inherited(r))
	end)

	it("can be made non-blocking", function()
		local r = pipe()
		assert.is_false(posix.nonblock(r, true))
		assert.is_true(posix.nonblock(r))
	end)

	it("can be duplicated", function()
		local r, w = pipe()
		local copy = posix.dup(w)
		open[copy] = true
		close(w)
		posix.write(copy, "x")
		assert.equal("x", posix.read(r, 1))
		local other, unused = pipe()
		assert.equal(other, posix.dup2(copy, other))
		close(copy)
		posix.write(other, "y")
		assert.equal("y", posix.read(r, 1))
		assert.equal(unused, posix.dup2(unused, unused))
		raises_errno("EBADF", posix.dup, 1000000)
	end)

	it("are closed once", function()
		local r = pipe()
		close(r)
		raises_errno("EBADF", posix.close, r)
	end)

	it("of files are opened as io.open does", function()
		local name = os.tmpname()
		os.remove(name)
		finally(function() os.remove(name) end)
		local fd = posix.open(name, "wx", "0600")
		posix.write(fd, "one\n")
		posix.close(fd)
		assert.equal("600\r\n", select(2, cmd.run { "stat", "-c%a", name }))
		assert.equal("EEXIST", assert.raises("OSError", posix.open, name, "wx").errno)
		fd = posix.open(name, "a")
		posix.write(fd, "two\n")
		posix.close(fd)
		fd = posix.open(name)
		assert.is_false(posix.nonblock(fd))
		assert.equal("one\ntwo\n", read_all(fd))
		posix.close(fd)
		assert.raises("TypeError", posix.open, name, "x")
		local e = assert.raises("OSError", posix.open, "/no/such/file")
		assert.equal("ENOENT", e.errno)
		assert.equal("/no/such/file", e.path)
	end)

	it("of terminals have a size", function()
		local _, fd = start { "sh", "-c", "trap 'stty size; exit' WINCH; echo up; while :; do sleep 0.01; done" }
		assert.is_true(posix.isatty(fd))
		assert.is_false(posix.isatty((pipe())))
		assert.matches("up", posix.read(fd, 100, 20))
		assert.same({ 80, 24 }, { posix.winsize(fd) })
		assert.same({ 132, 50 }, { posix.winsize(fd, { cols = 132, rows = 50 }) })
		assert.equal("50 132\r\n", read_all(fd))
		raises_errno("ENOTTY", posix.winsize, (pipe()))
	end)
end)

describe("this process", function()
	it("is known", function()
		assert.equal(select(2, cmd.sh("echo $PPID")), posix.getpid() .. "\r\n")
		assert.equal(select(2, cmd.sh("ps -o ppid= -p $PPID | tr -d ' '")), posix.getppid() .. "\r\n")
		assert.equal(select(2, cmd.run("id -ru")), posix.getuid() .. "\r\n")
		assert.equal(select(2, cmd.run("id -u")), posix.geteuid() .. "\r\n")
		assert.equal(select(2, cmd.run("id -rg")), posix.getgid() .. "\r\n")
	end)

	it("runs on a machine that says what it is", function()
		local u = posix.uname()
		assert.equal(select(2, cmd.run("uname -srm")), ("%s %s %s\r\n"):format(u.sysname, u.release, u.machine))
		assert.equal("string", type(u.nodename))
		assert.equal("string", type(u.version))
	end)
end)

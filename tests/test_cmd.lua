-- ave.cmd: external programs on pseudoterminals.

local cmd = require("ave.cmd")

-- Tells whether a process is there and is no zombie.
local function runs(pid)
	local stat = io.open("/proc/" .. pid .. "/stat")
	if not stat then
		return false
	end
	local text = stat:read("*a") or "" -- nothing if it ended meanwhile
	stat:close()
	return text:match("%) (%a)") ~= "Z" and text ~= ""
end

-- Runs a piece of Lua in an interpreter of its own.
local function interpret(code, ...)
	return cmd.run({ "/proc/self/exe", "-e", code, ... }, { timeout = 20 })
end

describe("cmd.run", function()
	it("returns the exit status and what the command said", function()
		local status, output = cmd.run("echo hello")
		assert.equal(0, status)
		assert.equal("hello\r\n", output)
		assert.returned_arguments(2, cmd.run("true"))
	end)

	it("splits a string at white space, without quoting", function()
		local _, output = cmd.run("printf <%s> a  'b\tc'")
		assert.equal("<a><'b><c'>", output)
	end)

	it("takes a list of words as they are", function()
		local _, output = cmd.run { "printf", "<%s>", "a b", "", "$HOME" }
		assert.equal("<a b><><$HOME>", output)
	end)

	it("mixes stdout and stderr in the order they were written", function()
		local _, output = cmd.run { "sh", "-c", "echo one; echo two >&2; echo three" }
		assert.equal("one\r\ntwo\r\nthree\r\n", output)
	end)

	it("gives the command a terminal", function()
		assert.equal(0, (cmd.run { "sh", "-c", "test -t 0 && test -t 1 && test -t 2" }))
	end)

	it("keeps bytes that are no text", function()
		local _, output = cmd.run { "printf", [[\377\001\303]] }
		assert.equal("\255\001\195", output)
	end)

	it("tells every exit status from a signal", function()
		for _, status in ipairs { 0, 1, 127, 128, 255 } do
			assert.equal(status, (cmd.run { "sh", "-c", "exit " .. status }))
		end
		assert.equal(-9, (cmd.run { "sh", "-c", "kill -9 $$" }))
		assert.equal(-15, (cmd.run { "sh", "-c", "kill $$" }))
	end)

	it("returns all of a long output", function()
		local _, output = cmd.run { "sh", "-c", "yes 1234567 | head -100000" }
		assert.equal(100000 * #"1234567\r\n", #output)
	end)

	it("raises RunError for a program that there is not, at the caller", function()
		local e = assert.raises("RunError", cmd.run, { "no-such-program", "x" })
		assert.same({ "no-such-program", "x" }, e.cmd)
		assert.equal("", e.out)
		assert.equal("", e.ptyout)
		assert.matches("no-such-program: executable file not found in $PATH", e.message, 1, true)
		assert.matches("^no%-such%-program x:\n", tostring(e))
	end)

	it("raises RunError for what may not be executed", function()
		local e = assert.raises("RunError", cmd.run, "/etc/passwd")
		assert.matches("/etc/passwd: permission denied", e.message, 1, true)
		assert.raises("RunError", cmd.run, "/")
		assert.matches("wanted a command, got an empty one", assert.raises("RunError", cmd.run, " ").message)
		assert.raises("RunError", cmd.run, {})
	end)

	it("refuses wrong arguments", function()
		local function refused(message, ...)
			assert.equal("ave.cmd.run: " .. message, assert.raises("TypeError", cmd.run, ...).message)
		end
		refused("argument 'cmd': wanted a string or a list of strings, got nothing")
		refused("argument 'cmd': wanted a string or a list of strings, got true", true)
		refused("option 'timeout': wanted a number of seconds, 0 or more, got -1", "true", { timeout = -1 })
		refused("option 'env': wanted a table of strings, got 1 = the string \"A=1\"", "true", { env = { "A=1" } })
		refused(
			"option 'tmeout': there is no such option; there are timeout, debug, cwd, output_file, env",
			"true",
			{ tmeout = 1 }
		)
	end)
end)

describe("the options of cmd.run", function()
	it("cwd is where the command runs", function()
		assert.equal("/usr\r\n", select(2, cmd.run("pwd", { cwd = "/usr" })))
		local e = assert.raises("RunError", cmd.run, "pwd", { cwd = "/no/such/place" })
		assert.equal("cwd /no/such/place: no such file or directory", e.message)
	end)

	it("env adds to the environment", function()
		local _, output = cmd.run({ "sh", "-c", "echo $COLOUR; test -n \"$PATH\" && echo inherited" }, { env = { COLOUR = "red" } })
		assert.equal("red\r\ninherited\r\n", output)
	end)

	it("output_file gets the output too", function()
		local name = os.tmpname()
		finally(function() os.remove(name) end)
		local file = assert(io.open(name, "w"))
		file:write("before\n")
		local _, output = cmd.run("echo hello", { output_file = file })
		file:write("after\n")
		file:close()
		assert.equal("hello\r\n", output)
		assert.equal("before\nhello\r\nafter\n", io.open(name):read("*a"))
		local e = assert.raises("TypeError", cmd.run, "true", { output_file = file })
		assert.matches("wanted a file that is open for writing", e.message)
	end)

	it("debug shows the command and its output on stderr", function()
		local _, output = interpret([[ave.cmd.run("echo hello there", { debug = true })]])
		assert.matches("echo hello there", output)
		assert.matches("\nhello there", output)
	end)

	it("timeout raises Timeout with the output so far", function()
		local e = assert.raises("Timeout", cmd.run, { "sh", "-c", "echo begun; sleep 60" }, { timeout = 0.3 })
		assert.equal("command timed out", e.message)
		assert.same({ "sh", "-c", "echo begun; sleep 60" }, e.cmd)
		assert.equal("begun\r\n", e.out)
	end)

	it("timeout 0 waits for the end", function()
		assert.equal(0, (cmd.run("sleep 0.1", { timeout = 0 })))
	end)
end)

describe("when cmd.run is over", function()
	it("nothing of the command is left", function()
		-- One job in the background, and one that ignores the hang-up.
		local _, output = cmd.run { "sh", "-c", [[
			sleep 60 & echo $!
			nohup sleep 60 > /dev/null 2>&1 & echo $!
		]] }
		local pids = 0
		for pid in output:gmatch("%d+") do
			pids = pids + 1
			assert.is_false(runs(pid), "process " .. pid)
		end
		assert.equal(2, pids)
	end)

	it("nothing is left of a command that took too long either", function()
		-- A job in a session of its own belongs to it as long as its parent lives.
		local script = "trap '' TERM HUP; echo $$; setsid sleep 60 & echo $!; wait"
		local e = assert.raises("Timeout", cmd.run, { "sh", "-c", script }, { timeout = 0.3 })
		local shell, job = e.out:match("(%d+)%s+(%d+)")
		assert.is_false(runs(shell))
		assert.is_false(runs(job))
	end)

	it("a correct daemon lives on", function()
		local _, output = cmd.run { "sh", "-c", "(setsid sh -c 'echo $$; exec sleep 60 > /dev/null 2>&1 < /dev/null' &); sleep 0.3" }
		local daemon = output:match("%d+")
		finally(function() os.execute("kill " .. daemon) end)
		assert.is_true(runs(daemon))
	end)

	it("no descriptor is left", function()
		local function descriptors()
			return tonumber((select(2, cmd.run { "sh", "-c", "ls /proc/$PPID/fd | wc -l" })))
		end
		local before = descriptors()
		for _ = 1, 5 do
			cmd.run("true")
			pcall(cmd.run, "no-such-program")
			pcall(cmd.run, "sleep 5", { timeout = 0.01 })
		end
		eventually(function() return descriptors() <= before end) -- Go closes some of them later
	end)
end)

describe("cmd.run_bg", function()
	it("returns at once, with the process and the descriptor of its terminal", function()
		-- In a program of its own, since nobody can close the descriptor.
		local status, output = interpret([[
			local pid, fd = ave.cmd.run_bg("sleep 60")
			print(pid, fd)
			print((select(2, ave.cmd.run { "ps", "-o", "sid=,args=", "-p", tostring(pid) })))
			print((select(2, ave.cmd.run { "readlink", "/proc/" .. arg[1] .. "/fd/" .. fd })))
		]], "self")
		assert.equal(0, status)
		local pid, fd = output:match("^(%d+)\t(%d+)\r\n")
		assert.truthy(pid, output)
		assert.matches(pid .. " sleep 60", output, 1, true)
		assert.truthy(tonumber(fd) > 2)
		eventually(function() return not runs(pid) end) -- hung up, when its terminal was closed
	end)

	it("raises RunError like run", function()
		assert.raises("RunError", cmd.run_bg, "no-such-program")
		assert.raises("TypeError", cmd.run_bg, "true", { timeout = "soon" })
	end)
end)

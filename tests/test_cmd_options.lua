-- The options of cmd.run.

local cmd = require("ave.cmd")

-- Runs a piece of Lua in an interpreter of its own.
local function interpret(code, ...)
	return cmd.run({ "/proc/self/exe", "-e", code, ... }, { timeout = 20 })
end

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

	it("clear_env leaves nothing but env", function()
		assert.equal("COLOUR=red\r\n", select(2, cmd.run("env", { clear_env = true, env = { COLOUR = "red" } })))
		assert.equal("", select(2, cmd.run("env", { clear_env = true })))
		assert.raises("TypeError", cmd.run, "env", { env = { ["A=B"] = "c" } })
	end)

	it("size is that of the terminal", function()
		assert.equal("24 80\r\n", select(2, cmd.run("stty size")))
		assert.equal("50 132\r\n", select(2, cmd.run("stty size", { size = { cols = 132, rows = 50 } })))
		assert.equal("24 40\r\n", select(2, cmd.run("stty size", { size = { cols = 40 } })))
		assert.raises("TypeError", cmd.run, "true", { size = { cols = 0 } })
		assert.raises("TypeError", cmd.run, "true", { size = { rows = 65536 } })
		assert.raises("TypeError", cmd.run, "true", { size = { width = 80 } })
	end)

	it("input is typed, and then comes its end", function()
		local function sorted(input)
			return select(2, cmd.sh("stty -echo; echo ready; sort", { input = input, timeout = 20 })):match("ready\r\n(.*)$")
		end
		assert.equal("a\r\nb\r\n", sorted("b\na\n"))
		assert.equal("a\r\nb\r\n", sorted("b\na")) -- the last line is unfinished
		assert.equal("", sorted(""))
		assert.equal("hello\r\nhello\r\n", select(2, cmd.run("cat", { input = "hello\n", timeout = 20 }))) -- the echo is first
	end)

	it("input may be much, and need not be read", function()
		local lines = ("x"):rep(1000, "y") .. "\n"
		local status, output = cmd.sh("stty -echo; wc -c", { input = lines:rep(200), timeout = 60 })
		assert.equal(0, status)
		assert.equal(tostring(#lines * 200), output:match("(%d+)\r\n$"))
		assert.equal(0, (cmd.run("true", { input = lines:rep(200), timeout = 20 })))
	end)

	it("input has keys, and lines that a terminal can keep", function()
		assert.equal(-2, (cmd.run("sleep 60", { input = "\3", timeout = 20 })))
		local _, output = cmd.sh("stty -echo; wc -c", { input = ("x"):rep(4095) .. "\n", timeout = 20 })
		assert.matches("4096\r\n$", output)
		local e = assert.raises("TypeError", cmd.run, "cat", { input = ("x"):rep(4096) })
		assert.matches("wanted lines of at most 4095 bytes", e.message)
	end)

	it("on_output is called with each piece as it comes", function()
		local pieces, done = {}, false
		local go = os.tmpname()
		finally(function() os.remove(go) end)
		local script = "echo one; until test -s " .. go .. "; do sleep 0.01; done; echo two"
		local _, output = cmd.sh(script, { timeout = 20, on_output = function(piece)
			pieces[#pieces + 1] = piece
			if not done then -- the command waits for this
				done = true
				local file = assert(io.open(go, "w"))
				file:write("go")
				file:close()
			end
		end })
		assert.truthy(#pieces > 1)
		assert.equal("one\r\ntwo\r\n", table.concat(pieces))
		assert.equal("one\r\ntwo\r\n", output)
	end)

	it("on_output may do whatever Lua can, coroutines too", function()
		local co = coroutine.wrap(function()
			for i = 1, 10 do coroutine.yield(i) end
		end)
		local nested
		cmd.run("echo x", { on_output = function()
			assert.equal(1, co())
			nested = select(2, cmd.run("echo nested"))
		end })
		assert.equal(2, co())
		assert.equal("nested\r\n", nested)
	end)

	it("an error in on_output ends the command and is raised", function()
		local started = os.time()
		local ok, e = pcall(cmd.sh, "echo up; sleep 60", { on_output = function() error({ mine = true }) end })
		assert.is_false(ok)
		assert.is_true(e.mine)
		assert.truthy(os.time() - started < 30)
	end)

	it("keep bounds what is returned", function()
		local function kept(options)
			return (select(2, cmd.sh("seq 1000000 1150000", options)))
		end
		local all = kept { timeout = 60 }
		assert.equal(150001 * 9, #all)
		local seen = 0
		local function count(piece) seen = seen + #piece end
		assert.equal(all:sub(-1048576), kept { on_output = count })
		assert.equal(#all, seen)
		assert.equal(all, kept { on_output = count, keep = math.huge })
		assert.equal(all:sub(-100), kept { keep = 100 })
		assert.equal("", kept { keep = 0 })
		assert.raises("TypeError", cmd.run, "true", { keep = -1 })
		assert.raises("TypeError", cmd.run, "true", { keep = 1.5 })
	end)

	it("output_file does not change what is returned, unless keep bounds it", function()
		local file = assert(io.open("/dev/null", "w"))
		finally(function() file:close() end)
		local _, output = cmd.sh("seq 1000000 1150000", { output_file = file, timeout = 60 })
		assert.equal(150001 * 9, #output)
		_, output = cmd.sh("seq 1000000 1150000", { output_file = file, keep = 9, timeout = 60 })
		assert.equal("1150000\r\n", output)
	end)

	it("takes hardly more than twice as much memory as the output is long", function()
		local length = 50 * 2 ^ 20
		local least = math.huge -- of some runs: the collector may be late in one of them
		for _ = 1, 3 do
			local _, output = interpret(([[
				local function peak() return ave.fs.read("/proc/self/status"):match("VmHWM:%%s*(%%d+)") * 1024 end
				local before = peak()
				local _, output = ave.cmd.sh("head -c %d /dev/zero")
				print(#output, (peak() - before) / #output)
			]]):format(length))
			local got, factor = output:match("(%d+)%s+(%S+)")
			assert.equal(length, tonumber(got), output)
			least = math.min(least, tonumber(factor))
		end
		assert.truthy(least <= 2.2, least)
	end)

	it("check raises RunError for a failure", function()
		assert.equal(0, (cmd.run("true", { check = true })))
		local e = assert.raises("RunError", cmd.sh, "echo bad; exit 3", { check = true })
		assert.equal("command exited with status 3", e.message)
		assert.equal(3, e.status)
		assert.equal("bad\r\n", e.out)
		assert.same({ "sh", "-c", "echo bad; exit 3" }, e.cmd)
		assert.equal("command was ended by signal 15 (terminated)", assert.raises("RunError", cmd.sh, "kill $$", { check = true }).message)
	end)

	it("user is who the command runs as", function()
		if (select(2, cmd.run("id -u"))) ~= "0\r\n" then
			local e = assert.raises("RunError", cmd.run, "true", { user = "nobody" })
			assert.matches("only root can run commands as user nobody: this process has the uid %d+", e.message)
			return
		end
		local script = "id -un; id -Gn; echo $USER $LOGNAME $HOME $LC_X; test -w $(tty) && echo own"
		local _, groups = cmd.run("id -Gn nobody")
		local home = io.open("/etc/passwd"):read("*a"):match("nobody:[^:]*:[^:]*:[^:]*:[^:]*:([^:\n]*)")
		local _, output = cmd.sh(script, { user = "nobody", env = { LC_X = "x" }, cwd = "/" })
		assert.equal("nobody\r\n" .. groups .. "nobody nobody " .. home .. " x\r\nown\r\n", output)
		local _, uid = cmd.run("id -u nobody")
		assert.equal("nobody\r\n", select(2, cmd.run("id -un", { user = tonumber((uid:gsub("%s", ""))) , cwd = "/" })))
		local e = assert.raises("RunError", cmd.run, "true", { user = "no-such-user" })
		assert.matches("run as user no%-such%-user: user: unknown user", e.message)
	end)

	it("ladder is what the command's processes get", function()
		local name = os.tmpname()
		finally(function() os.remove(name) end)
		local env = { SIGNALS = name }
		local script = [[trap 'echo hup >>$SIGNALS' HUP; trap 'echo term >>$SIGNALS; exit 0' TERM; echo up; while :; do sleep 0.01; done]]
		local e = assert.raises("Timeout", cmd.sh, script, { timeout = 1, env = env, ladder = { { "HUP", 2 }, { "SIGTERM", 20 } } })
		assert.equal("up\r\n", e.out)
		assert.equal("hup\nterm\n", io.open(name):read("*a"))
		assert.raises("Timeout", cmd.sh, script, { timeout = 1, env = env, ladder = {} })
		assert.equal("hup\nterm\n", io.open(name):read("*a"))
		assert.raises("Timeout", cmd.sh, "trap 'sleep 0.3; echo bye >>$SIGNALS; exit' HUP; echo up; while :; do sleep 0.01; done", {
			timeout = 1,
			env = env,
			kill_after = 20,
		})
		assert.equal("hup\nterm\nbye\n", io.open(name):read("*a"))
	end)

	it("ladder has signals and times that end", function()
		local function refused(message, options)
			assert.matches(message, assert.raises("TypeError", cmd.run, "true", options).message, 1, true)
		end
		refused("option 'ladder': step 2: wanted a signal, got the string \"NONE\"", { ladder = { { "HUP", 1 }, { "NONE", 1 } } })
		refused("option 'ladder': step 1: wanted a finite number of seconds, got nil", { ladder = { { 15 } } })
		assert.raises("TypeError", cmd.run, "true", { ladder = { { 15, math.huge } } })
		refused("option 'ladder': wanted a list of {signal, seconds}", { ladder = { "HUP" } })
		refused("the options kill_after and ladder cannot be used together: remove one", { ladder = {}, kill_after = 1 })
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

	it("what comes after the deadline does not belong to the output", function()
		local script = "trap 'echo too late; exit' HUP; echo begun; while :; do sleep 0.1; done"
		local e = assert.raises("Timeout", cmd.sh, script, { timeout = 0.5, kill_after = 30 })
		assert.equal("begun\r\n", e.out)
	end)

	it("timeout 0 waits for the end", function()
		assert.equal(0, (cmd.run("sleep 0.1", { timeout = 0 })))
	end)
end)

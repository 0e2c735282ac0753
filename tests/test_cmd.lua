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
		for _, name in ipairs { "no-such-program", "/no/such/program" } do
			assert.matches("No such file or directory", assert.raises("RunError", cmd.run, name).message, 1, true)
			assert.matches("No such file or directory", assert.raises("RunError", cmd.spawn, name).message, 1, true)
			assert.matches("No such file or directory", assert.raises("RunError", cmd.run_bg, name).message, 1, true)
		end
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
		refused("argument 'cmd': wanted a string or a list of strings, got true at index 2", { "echo", true })
		refused("argument 'cmd': wanted a string or a list of strings, got a table at index 1", { {} })
		refused("option 'env': wanted a table of strings, got 1 = the string \"A=1\"", "true", { env = { "A=1" } })
		refused(
			"option 'tmeout': there is no such option; did you mean 'timeout'? Valid names are timeout, debug, cwd, output_file, env, clear_env, "
				.. "size, input, on_output, keep, record, check, user, kill_after, ladder",
			"true",
			{ tmeout = 1 }
		)
	end)
end)

describe("a list of words", function()
	it("may have numbers", function()
		local _, output = cmd.run { "printf", "<%s>", 123, 1.5, 2 ^ 40 }
		assert.equal("<123><1.5><1099511627776>", output)
	end)

	it("may not have a zero byte, which no program would see", function()
		local e = assert.raises("RunError", cmd.run, { "echo", "a\0b" })
		assert.matches('got "a\\x00b" as word 2 of the command', e.message, 1, true)
	end)
end)

describe("cmd.sh", function()
	it("runs a script of the shell", function()
		local status, output = cmd.sh("echo one | tr o 0; exit 3", { timeout = 20 })
		assert.equal(3, status)
		assert.equal("0ne\r\n", output)
		assert.raises("TypeError", cmd.sh, { "true" })
	end)

	it("sees what cmd.quote has quoted as one word", function()
		for _, word in ipairs { "", "a b", "it's", "$HOME `id` \\", "\n*?[]{}~!#&;|<>()\"'", "-n", "a=b", "\255\1\195" } do
			local _, output = cmd.sh("stty -opost; printf %s " .. cmd.quote(word))
			assert.equal(word, output)
		end
		assert.equal("make-1.2/x_y@z:%,+", cmd.quote("make-1.2/x_y@z:%,+"))
		assert.equal("'it'\\''s'", cmd.quote("it's"))
		assert.raises("TypeError", cmd.quote, "a\0b")
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

	it("nothing is left of jobs that defend themselves", function()
		for name, script in pairs {
			["job control"] = "set -m; sleep 60 & echo $!; nohup sleep 60 > /dev/null 2>&1 & echo $!",
			["a session"] = "setsid sleep 60 & echo $!; setsid nohup sleep 60 > /dev/null 2>&1 & echo $!; sleep 0.1; kill -9 $$",
			["deaf"] = "trap '' HUP TERM INT; (while :; do sleep 60; done) & echo $!",
			["stopped"] = "sleep 60 & echo $!; kill -STOP $!",
		} do
			local _, output = cmd.run({ "bash", "-c", script }, { timeout = 20, cwd = "/tmp" })
			if name ~= "a session" then -- its processes are daemons by then
				for pid in output:gmatch("%d+") do
					assert.is_false(runs(pid), name .. ": process " .. pid)
				end
			else
				cmd.sh("kill " .. output:gsub("%s+", " "))
			end
		end
	end)

	it("nothing is left of what goes on forking", function()
		local mark = "4242" .. math.random(1000, 9999)
		-- Each shell starts the next one and ends.
		local script = ([[
			n='sleep 0.00MARK; sh -c "$n" & sleep 60.MARK &'; export n
			trap '' HUP TERM; sh -c "$n"; sleep 60
		]]):gsub("MARK", mark)
		assert.raises("Timeout", cmd.sh, script, { timeout = 0.5, keep = 0 })
		assert.equal(1, (cmd.run { "pgrep", "-f", "sleep 60." .. mark }))
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
	local posix = require("ave.posix")

	it("returns at once, with the process and the descriptor of its terminal", function()
		local pid, fd = cmd.run_bg("sleep 60", { size = { cols = 100 } })
		assert.truthy(fd > 2)
		assert.matches(pid .. " sleep 60", select(2, cmd.run { "ps", "-o", "sid=,args=", "-p", pid }), 1, true)
		assert.same({ 100, 24 }, { posix.winsize(fd) })
		posix.close(fd) -- hangs it up
		assert.equal(-1, posix.wait(pid, 20))
	end)

	it("raises RunError like run, and has fewer options", function()
		assert.raises("RunError", cmd.run_bg, "no-such-program")
		local e = assert.raises("TypeError", cmd.run_bg, "true", { timeout = 5 })
		assert.equal("ave.cmd.run_bg: option 'timeout': there is no such option;"
			.. " valid names are debug, cwd, env, clear_env, size, user", e.message)
	end)
end)

describe("running out", function()
	-- Runs a piece of Lua with a limit of the shell.
	local function limited(limit, code)
		return select(2, cmd.sh("ulimit " .. limit .. "; exec /proc/$AVE_PID/exe -e " .. cmd.quote(code), {
			timeout = 30,
			env = { AVE_PID = require("ave.posix").getpid() },
		}))
	end

	it("of descriptors is a RunError that says so", function()
		local output = limited("-n 64", [[
			local open = {}
			repeat
				local file = io.open("/dev/null")
				open[#open + 1] = file
			until not file
			while true do
				local ok, e = pcall(ave.cmd.run, "true")
				if ok then
					break
				end
				print(e.type, e.message)
				table.remove(open):close()
			end
			print("recovered", #open)
		]])
		assert.matches("RunError\t.*out of file descriptors: this process may have at most 64", output)
		assert.falsy(output:find("Exception", 1, true), output)
		assert.matches("recovered\t[1-9]", output)
	end)

	local is_root = require("ave.posix").geteuid() == 0

	it("of processes is one too", function()
		if not is_root then
			return pending("wanted to be root, to be another user")
		end
		local code = [[
			ave.cmd.run("true") -- makes the threads
			ave.cmd.run({ "prlimit", "--pid", ave.posix.getpid(), "--nproc=1:1" }, { check = true })
			local _, e = pcall(ave.cmd.run, "true")
			print(e.type, e.message)
		]]
		local _, output = cmd.run({ "/proc/self/exe", "-e", code }, { user = "nobody", cwd = "/", timeout = 30 })
		assert.matches("^RunError\t/%S*true: out of processes", output)
	end)

	it("of pseudoterminals is one too", function()
		if not is_root then
			return pending("wanted to be root, to mount pseudoterminals")
		end
		local code = [[
			local pids = {}
			repeat
				local ok, pid = pcall(ave.cmd.run_bg, "sleep 60")
				pids[#pids + 1] = pid
			until not ok
			print(#pids, pids[#pids].type, pids[#pids].message)
		]]
		local script = "mount -t devpts -o newinstance,max=6,ptmxmode=666 devpts /dev/pts && mount --bind /dev/pts/ptmx /dev/ptmx && "
			.. "exec /proc/" .. require("ave.posix").getpid() .. "/exe -e " .. cmd.quote(code)
		local status, output = cmd.run({ "unshare", "-m", "sh", "-c", script }, { timeout = 30 })
		if status ~= 0 then
			return pending("could not mount pseudoterminals: " .. output)
		end
		assert.matches("^7\tRunError\topen a pseudoterminal: out of pseudoterminals", output)
	end)
end)

describe("under nohup", function()
	local self = "/proc/" .. require("ave.posix").getpid() .. "/exe"

	-- Runs code in an interpreter that ignores SIGHUP, SIGINT and SIGTSTP.
	local function ignoring(code)
		return cmd.sh([[trap "" HUP INT TSTP; exec "$PROGRAM" -e "$CODE"]], { env = { PROGRAM = self, CODE = code }, timeout = 30 })
	end

	it("programs on terminals obey them, and others inherit what is ignored", function()
		local status, output = ignoring([[
			local show = "grep SigIgn /proc/self/status"
			for _ = 1, 3 do
				print("terminal", select(2, ave.cmd.sh(show)):match("%x+%s*$"))
				local file = io.popen(show)
				print("popen", file:read("*a"):match("%x+%s*$"))
				io.stdout:flush()
				os.execute(show)
			end
			local child = ave.network.process.Process { target = function() os.execute("grep SigIgn /proc/self/status") end }
			child:start()
			child:join()
		]])
		assert.equal(0, status, output)
		local lines = {}
		for line in output:gmatch("[^\r\n]+") do
			lines[#lines + 1] = line:gsub("%s+", " "):gsub(" $", "")
		end
		local ignored = "0000000000080003"
		local round = { "terminal 0000000000000000", "popen " .. ignored, "SigIgn: " .. ignored }
		local wanted = {}
		for _ = 1, 3 do
			for _, line in ipairs(round) do
				wanted[#wanted + 1] = line
			end
		end
		wanted[#wanted + 1] = "SigIgn: " .. ignored
		assert.same(wanted, lines)
	end)

	it("Ctrl-C interrupts a program on a session's terminal", function()
		local status, output = ignoring([[
			local session = ave.cmd.spawn("cat", { timeout = 20 })
			session:sendline("ready")
			session:expect("ready\r\nready\r\n")
			session:control "c"
			print(session:wait())
		]])
		assert.equal(0, status, output)
		assert.equal("-2", output:match("%S+"))
	end)
end)

-- Session: talking to programs on pseudoterminals.

local cmd = require("ave.cmd")
local json = require("ave.json")
local posix = require("ave.posix")

-- Starts a program with a timeout that no machine needs.
local function spawn(words, options)
	options = options or {}
	options.timeout = options.timeout or 30
	return cmd.spawn(words, options)
end

local function sh(script, options)
	return spawn({ "sh", "-c", script }, options)
end

-- Tells whether a program is installed. A test whose program is missing is
-- skipped by its name.
local function has(program)
	return cmd.sh("command -v " .. program) == 0
end

local function it_with(program, name, fn)
	if has(program) then
		it(name, fn)
	else
		pending(name .. " (" .. program .. " is not installed)")
	end
end

describe("Session:expect", function()
	it("takes the output up to the match", function()
		local session = sh("printf 'one two three'")
		assert.equal(1, session:expect("two"))
		assert.equal("one ", session.before)
		assert.equal("two", session.match)
		session:wait()
		assert.equal(" three", session.after)
		assert.equal(1, session:expect(cmd.EOF))
		assert.equal(" three", session.before)
		assert.equal("", session.after)
	end)

	it("takes strings for plain text", function()
		local session = sh("echo 'Continue? [y/n] (100%) $ '; read -r answer")
		session:expect("Continue? [y/n] (100%) $ ")
		assert.equal("", session.before)
		session:close()
	end)

	it("returns the captures of Lua patterns", function()
		local session = sh("echo '57% of a=b'")
		local which, percent, name = session:expect(cmd.pattern("(%d+)%% of (%w)="))
		assert.same({ 1, "57", "a" }, { which, percent, name })
		assert.same({ "57", "a" }, session.captures)
		session:close()
	end)

	it("returns the captures of regular expressions", function()
		local session = sh("echo 'user: root'")
		assert.same({ 1, "root", "" }, { session:expect(cmd.regex([[user: (?:(\w+)|(\d+))\b]])) })
		session:close()
	end)

	it("takes the match that begins first, and then the order of the list", function()
		local session = sh("echo abcdef; read -r x")
		session:expect(cmd.regex("$"))
		session:sendline("abcdef")
		assert.equal(3, (session:expect({ "cd", cmd.pattern("c.?e"), cmd.regex("b[a-z]"), "bc" })))
		session:close()
	end)

	it("knows the end and the timeout as members of the list", function()
		local session = sh("printf text; read -r x; printf more")
		assert.equal(3, session:expect({ "no", cmd.EOF, cmd.TIMEOUT }, { timeout = 0.1 }))
		assert.equal("text", session.before)
		session:sendline()
		assert.equal(2, session:expect({ "no", cmd.EOF, cmd.TIMEOUT }))
		assert.matches("more$", session.before)
	end)

	it("raises a Timeout that tells what is going on", function()
		local session = sh("printf 'first\nPass\27[1mword: '; sleep 1000")
		session:expect("word: ")
		local e = assert.raises("Timeout", session.expect, session, { "login", cmd.pattern("%d+"), cmd.regex("a|b") }, { timeout = 0.05 })
		assert.matches('wanted "login" or pattern "%d+" or regex `a|b` from sh', e.message, 1, true)
		assert.matches("within 50ms", e.message, 1, true)
		assert.matches("process " .. session.pid .. " ", e.message, 1, true)
		assert.same("sh", e.cmd[1])
		session:close()
	end)

	it("raises EOF with the status", function()
		local session = sh("printf 'bye\27'; exit 3")
		local e = assert.raises("EOF", session.expect, session, "hello")
		assert.matches("it exited with status 3", e.message, 1, true)
		assert.matches("bye\\x1b", e.message, 1, true)
		assert.equal("bye\27", e.out)
	end)

	it("waits for the rest of what could go on", function()
		local session = sh("for i in 1 2 3 4 5 6 7 8 9; do printf $i; done; echo; read -r x")
		local _, number = session:expect(cmd.pattern("(%d+)"))
		assert.equal("123456789", number)
		session:close()
	end)

	it("does not cut characters", function()
		local session = sh([[printf 'x\303'; read -r x; printf '\244'; read -r x]])
		for _, pattern in ipairs { cmd.regex("x."), cmd.pattern("x.+") } do
			assert.equal(2, session:expect({ pattern, cmd.TIMEOUT }, { timeout = 0.1 }))
		end
		session:sendline()
		session:expect(cmd.pattern("\164"))
		session:close()
	end)

	it("finds a pattern at the end of much output", function()
		local session = sh("yes 1234567 | head -n 500000; echo the end 42; read -r x")
		local _, number = session:expect(cmd.pattern("end (%d+)"))
		assert.equal("42", number)
		assert.equal(500000 * #"1234567\r\n" + #"the ", #session.before)
		session:close()
	end)

	it("looks through much output once for a pattern that begins with anything", function()
		local session = sh("yes 1234567 | head -n 50000; read -r x; echo END; read -r x")
		assert.equal(2, session:expect({ cmd.pattern("(.-)END"), cmd.TIMEOUT }, { timeout = 0.5 }))
		session:sendline()
		local _, all = session:expect(cmd.pattern("(.-)END"))
		assert.is_true(#all > 400000)
		session:close()
	end)

	it("gives a search up that takes for ever", function()
		local session = sh("head -c 100000 /dev/zero | tr '\\0' x")
		session:wait()
		assert.raises("Timeout", session.expect, session, cmd.pattern("x-x-x-x-END"), { timeout = 0.1 })
	end)

	it("refuses what is no pattern", function()
		local session = sh("read -r x")
		assert.raises("TypeError", session.expect, session, 5)
		assert.raises("TypeError", session.expect, session, "")
		assert.raises("TypeError", session.expect, session, {})
		assert.raises("TypeError", session.expect, session, { "a", 7 })
		assert.raises("TypeError", session.expect_exact, session, { cmd.pattern("a") })
		assert.raises("TypeError", session.expect_screen, session, cmd.EOF)
		assert.raises("TypeError", cmd.pattern, "(")
		assert.raises("TypeError", cmd.pattern, "()")
		assert.raises("TypeError", cmd.pattern, "[a")
		assert.raises("TypeError", cmd.regex, "(")
		session:close()
	end)
end)

describe("Session", function()
	it("types lines, keys and the end of the input", function()
		local session = spawn("cat")
		session:sendline("hello")
		session:expect("hello\r\nhello\r\n")
		session:send("by the letter\n", { delay = 0.001 })
		session:expect_exact({ cmd.EOF, "\r\nby the letter\r\n" })
		session:sendeof()
		assert.equal(0, session:wait())
		assert.is_false(session:is_alive())
		assert.raises("EOF", session.send, session, "x")
	end)

	it("interrupts with Ctrl-C", function()
		local session = sh("trap 'echo caught; exit 4' INT; echo up; while :; do sleep 0.01; done")
		session:expect("up")
		session:control "c"
		session:expect("caught")
		assert.equal(4, session:wait())
		assert.raises("TypeError", session.control, session, "1")
	end)

	it("iterates over lines", function()
		local lines = {}
		for line in sh("printf 'one\n\ntwo'"):lines() do
			lines[#lines + 1] = line
		end
		assert.same({ "one", "", "two" }, lines)
	end)

	it("has the terminal resized", function()
		local session = sh("trap 'stty size' WINCH; stty size; while :; do sleep 0.01; done", { size = { cols = 100, rows = 30 } })
		session:expect("30 100")
		session:resize(132, 43)
		session:expect("43 132")
		session:close()
	end)

	it("ends with everything that the program has started", function()
		local session = sh("trap '' HUP TERM; setsid sleep 1000 & echo pid $!; wait")
		local _, pid = session:expect(cmd.pattern("pid (%d+)\r"))
		assert.equal(-9, session:close())
		assert.equal(-9, session:close())
		local stat = io.open("/proc/" .. pid .. "/stat")
		assert.is_true(stat == nil or stat:read("*a"):match("%) (%a)") == "Z")
	end)

	it("does not outlive its script", function()
		local _, output = cmd.run({
			"/proc/self/exe",
			"-e",
			[[local s = ave.cmd.spawn({ "sh", "-c", "trap '' HUP TERM; echo up; while :; do sleep 1; done" })
			s:expect("up")
			print(s.pid)]],
		}, { timeout = 30 })
		local pid = output:match("%d+")
		local stat = io.open("/proc/" .. pid .. "/stat")
		assert.is_true(stat == nil or stat:read("*a"):match("%) (%a)") == "Z")
	end)

	it("waits for a password to be hidden", function()
		local session = spawn({ "bash", "-c", 'sleep 0.05; read -rs -p "Password: " x; echo; echo "${#x} characters"' })
		session:wait_noecho()
		session:expect("Password: ")
		session:sendline("secret")
		session:expect("6 characters")
		assert.not_matches("secret", session.before)
		assert.equal(0, session:wait())
	end)

	it("hands the program over to a person, with the terminal's size", function()
		local outer = spawn({
			"/proc/self/exe",
			"-e",
			[[local s = ave.cmd.spawn({ "sh", "-c", "trap 'echo caught' INT; echo up; while :; do read -r x && stty size; done" })
			s:interact()
			print("back")]],
		}, { size = { cols = 99, rows = 33 } })
		outer:expect("up")
		outer:sendline("x")
		outer:expect("33 99")
		outer:control "c" -- is not for avescript
		outer:expect("caught")
		outer:control "]"
		outer:expect("back\r\n")
		assert.equal(0, outer:wait())
	end)

	it("records itself", function()
		local path = os.tmpname()
		local session = sh("echo recorded", { record = path })
		assert.equal(0, session:wait())
		local file = assert(io.open(path))
		local text = file:read("*a")
		file:close()
		os.remove(path)
		local output = "" -- which may come in any parts
		for line in text:gmatch("\n(%[[^\n]+)") do
			local event = json.decode(line)
			output = output .. (event[2] == "o" and event[3] or "")
		end
		assert.equal("recorded\r\n", output)
	end)

	it("leaves no recording open if it cannot be started", function()
		local path = os.tmpname()
		assert.raises("RunError", cmd.spawn, "/no/such/program", { record = path })
		local _, open = cmd.run({ "ls", "-l", "/proc/" .. posix.getpid() .. "/fd" })
		assert.matches("total", open) -- ls complains of what is closed meanwhile
		assert.not_matches(path, open, 1, true)
		os.remove(path)
	end)

	it("presses no key if there is one that there is not", function()
		local session = spawn("cat")
		assert.raises("TypeError", session.press, session, "a", "NoKey")
		session:press("b")
		session:expect("b")
		assert.equal("", session.before)
		session:close()
	end)

	it("drops what nobody found anything in, if told to", function()
		local session = sh("seq 1 100000; echo the end; read -r x", { keep = 10000 })
		local _, number = session:expect(cmd.regex([[(\d+)\r\nthe end]]))
		assert.equal("100000", number)
		assert.is_true(#session.before <= 160000)
		assert.is_true(session:dropped() > 400000)
		session:close()
	end)

	it("cannot be made by hand", function()
		assert.raises("TypeError", cmd.Session)
		assert.raises("TypeError", cmd.Pattern)
	end)
end)

describe("a real program", function()
	it_with("bash", "bash", function()
		local session = spawn("bash --norc --noprofile", { env = { PS1 = "ready> ", TERM = "dumb" } })
		session:expect("ready> ")
		session:sendline("echo $((6 * 7))")
		session:expect("\n42\r\n")
		session:expect("ready> ")
		session:sendeof()
		assert.equal(0, session:wait())
	end)

	it_with("python3", "python3", function()
		local session = spawn("python3 -q -I", { env = { TERM = "dumb", PYTHON_BASIC_REPL = "1" } })
		session:expect(">>> ")
		session:sendline("6 * 7")
		session:expect("\n42\r\n")
		session:expect(">>> ")
		session:sendline("raise SystemExit(5)")
		assert.equal(5, session:wait())
	end)

	it_with("sqlite3", "sqlite3", function()
		local session = spawn("sqlite3", { env = { TERM = "dumb" } })
		session:expect("sqlite> ")
		session:sendline("select 6 * 7;")
		session:expect("\n42\r\n")
		session:expect("sqlite> ")
		session:sendeof()
		assert.equal(0, session:wait())
	end)

	it_with("less", "less, quit by its key", function()
		local session = spawn({ "sh", "-c", "seq 1 1000 | less" }, { env = { TERM = "xterm" } })
		session:expect_screen(cmd.regex("^1$"), { row = 1 })
		session:press("Down", "Down")
		session:expect_screen(cmd.regex("^3$"), { row = 1 })
		session:press("G")
		session:expect_screen("1000", { row = 23 })
		session:press("q")
		assert.equal(0, session:wait())
	end)

	it_with("vim", "vim", function()
		local session = spawn("vim -u NONE -N", { env = { TERM = "xterm" }, screen = true })
		session:expect_screen("VIM")
		session:press("i")
		session:expect_screen("INSERT", { row = -1 })
		session:send("hello")
		session:press("Enter", "Escape", "Up", "x")
		session:expect_screen(cmd.regex("^ello$"), { row = 1 })
		local screen = session:wait_stable({ quiet = 0.1 })
		assert.matches("^ello\n", screen:text())
		assert.is_true(session:screen():alternate())
		session:send(":q!\r")
		assert.equal(0, session:wait())
	end)
end)

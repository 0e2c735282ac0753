-- The Tab key in bash, zsh and fish, with the script of `avescript completion` and no
-- other package.

local ave = require("ave")
local cmd, fs, posix = ave.cmd, ave.fs, ave.posix
local Control = ave.Control
local services = require("support.services")

local Lab = Control:subclass("CompletionLab")
Lab.measure = Control.rpc(function(_, channel) return channel end)
Lab.mend = Control.rpc(function() end)
Lab.close_all = Control.rpc(function() end)

local SHELLS = {
	bash = {
		start = { "bash", "--norc", "--noprofile", "-i" },
		setup = "PS1='$ '; bind 'set show-all-if-ambiguous on'; bind 'set completion-query-items 0';"
			.. " bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; source ./script",
	},
	zsh = {
		start = { "zsh", "-f", "-i" },
		setup = "PS1='$ '; unsetopt promptsp beep; source ./script",
	},
	fish = {
		start = { "fish", "--no-config", "-i" },
		setup = "function fish_prompt; printf '$ '; end; function fish_right_prompt; end; set -g fish_autosuggestion_enabled 0; source ./script",
	},
}

local function is_installed(shell)
	return pcall(cmd.run, { shell, "--version" }, { check = true })
end

for name, shell in pairs(SHELLS) do
	describe("completion in " .. name, function()
		local dir, lab, port, session

		local process = ("ave-%dtab"):format(posix.getpid())

		before_each(function()
			if not is_installed(name) then
				return pending(name .. " is not installed")
			end
			dir = fs.tempdir()
			fs.mkdir(dir .. "/bin")
			local _, avescript = cmd.run({ "readlink", ("/proc/%d/exe"):format(posix.getpid()) }, { check = true })
			avescript = avescript:match("^[^\r\n]+")
			cmd.run({ "ln", "-s", avescript, dir .. "/bin/avescript" }, { check = true })
			local _, script = cmd.run({ avescript, "completion", name }, { check = true })
			fs.write(dir .. "/script", (script:gsub("\r", "")))
			fs.write(dir .. "/my script.lua", "")
			fs.write(dir .. "/values.json", "1")
			lab, port = services.start(Lab, { proc_name = process })
			session = cmd.spawn(shell.start, {
				cwd = dir, size = { rows = 40, cols = 100 }, timeout = 20,
				env = { HOME = dir, PATH = dir .. "/bin:" .. os.getenv("PATH"), TERM = "xterm", TMPDIR = dir },
			})
			session:sendline(shell.setup)
			session:sendline("clear; echo rea''dy")
			session:expect_screen("ready\n$")
		end)

		after_each(function()
			if session then
				session:close()
				services.stop(lab)
			end
		end)

		-- What is in the line after Tab was pressed behind text. A mark that is typed
		-- behind it shows what the shell has put there.
		local function completes(text, expected)
			session:send(text .. "\t")
			session:expect_screen("$ " .. expected:match("^(.-) *$"))
			session:send("#")
			session:expect_screen("$ " .. expected .. "#")
			session:press("Ctrl-U", "Ctrl-L")
		end

		it("knows commands and flags", function()
			completes("avescript ca", "avescript call ")
			completes("avescript te", "avescript test ")
			completes("avescript call --asy", "avescript call --async ")
			completes("avescript completion zs", "avescript completion zsh ")
		end)

		it("knows services, and their methods and keywords", function()
			-- Other services of this host may have ports with the same first digits.
			completes("avescript call " .. port, "avescript call " .. port .. " ")
			completes("avescript call localhost:" .. port, "avescript call localhost:" .. port .. " ")
			session:send(("avescript call localhost:%d me\t"):format(port))
			session:expect_screen("mend")
			session:expect_screen("measure")
			session:press("Ctrl-U", "Ctrl-L")
			completes(("avescript call %d mea"):format(port), ("avescript call %d measure "):format(port))
			completes(("avescript call %d measure -k ch"):format(port), ("avescript call %d measure -k channel="):format(port))
			completes(("avescript call %d '$stat"):format(port), ("avescript call %d '$statistics' "):format(port))
			completes("avescript ps --end " .. process:sub(1, -2), "avescript ps --end " .. process .. " ")
		end)

		it("knows files, where they are meant", function()
			completes("avescript my", "avescript my\\ script.lua ")
			completes("avescript -i my", "avescript -i my\\ script.lua ")
			completes("avescript my\\ script.lua val", "avescript my\\ script.lua values.json ")
			completes("avescript test val", "avescript test values.json ")
			completes(("avescript call %d measure @val"):format(port), ("avescript call %d measure @values.json "):format(port))
		end)
	end)
end

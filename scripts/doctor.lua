#!/usr/bin/env avescript
-- Looks whether this host is fit to run tests, and says what to do where it is
-- not.

local ave = require("ave")
local cmd, fs, time = ave.cmd, ave.fs, ave.time

local all = { "terminals", "limits", "processes", "temporaries", "clock", "disk", "memory" }

local options = ave.args.parse {
	summary = "Looks whether this host is fit to run tests. The status is 1 if it is not.",
	positionals = {
		{ name = "check", repeated = true, optional = true, help = "what to look at, in place of everything",
			choices = all },
	},
	options = {
		{ name = "fix", help = "end leftover processes, and remove stale sockets and temporary directories" },
		{ name = "json", help = "print the findings as JSON" },
		{ name = "tmp", type = "directory", default = os.getenv("TMPDIR") or "/tmp", help = "where temporary files are" },
		{ name = "age", type = "seconds", default = 86400, help = "how old a temporary directory is that nobody needs" },
	},
}

local findings = {}

-- Adds a finding: its level is "ok", "warning" or "error".
local function found(level, what, text, advice)
	table.insert(findings, { level = level, what = what, text = text, advice = advice })
end

local function bytes(n)
	return ("%.1f GiB"):format(n / 2 ^ 30)
end

local function check_terminals()
	local ok, status, output = pcall(cmd.run, { "tty" }, { timeout = 10 })
	if not ok or status ~= 0 or not output:find("/dev/pts/", 1, true) then
		return found("error", "terminals", "a command does not get a terminal: " .. tostring(ok and output or status),
			"mount devpts: mount -t devpts -o ptmxmode=666 devpts /dev/pts")
	end
	local limit = tonumber(fs.read("/proc/sys/kernel/pty/max"))
	local used = tonumber(fs.read("/proc/sys/kernel/pty/nr"))
	if limit - used < 64 then
		return found("warning", "terminals", ("%d of %d are in use"):format(used, limit), "sysctl kernel.pty.max=4096")
	end
	found("ok", "terminals", ("%d of %d are in use"):format(used, limit))
end

local function check_limits()
	local limits = fs.read("/proc/self/limits")
	for _, limit in ipairs {
		{ "Max open files", 1024, "ulimit -n 4096" },
		{ "Max processes", 512, "ulimit -u 4096" },
	} do
		local name, least, advice = unpack(limit)
		local soft = limits:match(name .. "%s+(%w+)")
		local number = tonumber(soft) or math.huge
		found(number < least and "warning" or "ok", name:lower(), soft, number < least and advice or nil)
	end
end

-- The processes of this system that nobody waits for: their parent is init, and
-- they do not lead a session of their own, as daemons do.
local function leftover_processes()
	local list = {}
	for _, pid in ipairs(fs.list("/proc")) do
		local ok, stat = pcall(fs.read, "/proc/" .. pid .. "/stat")
		local name, state, parent, session = (ok and pid:find("^%d+$") and stat or ""):match("%((.*)%) (%a) (%d+) %d+ (%d+)")
		if name and name:sub(1, 4) == "ave-" and parent == "1" and session ~= pid and state ~= "Z" then
			table.insert(list, { pid = pid, name = name })
		end
	end
	return list
end

local function check_processes()
	local list = leftover_processes()
	for _, process in ipairs(list) do
		local shown = ("%s, process %s, has no parent"):format(process.name, process.pid)
		if options.fix and cmd.run { "kill", process.pid } == 0 then
			found("ok", "processes", shown .. ": it was told to end")
		else
			found("warning", "processes", shown, "kill " .. process.pid .. ", or --fix")
		end
	end
	if #list == 0 then
		found("ok", "processes", "none is left over")
	end
end

-- The sockets that a process listens at, by their paths.
local function live_sockets()
	local live = {}
	for line in fs.read("/proc/net/unix"):gmatch("[^\n]+") do
		local path = line:match(" (/.*)$")
		if path then
			live[path] = true
		end
	end
	return live
end

-- Removes something that nobody needs, or says that it can go.
local function clean(what, path, text)
	if options.fix then
		local ok, e = pcall(fs.remove, path, { recursive = true })
		found(ok and "ok" or "warning", what, path .. (ok and ": removed" or ": " .. e.message))
	else
		found("warning", what, path .. " " .. text, "rm -r " .. path .. ", or --fix")
	end
end

-- The names that this system gives: ave-123456, or ave-takeover-123456.
local function is_ours(name)
	local digits = name:match("^ave%-(%d+)$") or name:match("^ave%-%a+%-(%d+)$")
	return digits and #digits >= 5
end

local function check_temporaries()
	local live = live_sockets()
	local before = #findings
	for path, info in fs.walk(options.tmp, { depth = 1 }) do
		if is_ours(fs.basename(path)) then
			if info.type == "socket" and not live[path] then
				clean("sockets", path, "has nobody behind it")
			elseif info.type == "directory" and time.now() - info.mtime > options.age then
				clean("directories", path, "is " .. time.format_duration(math.floor(time.now() - info.mtime)) .. " old")
			end
		end
	end
	if #findings == before then
		found("ok", "temporary files", "nothing is left over in " .. options.tmp)
	end
end

local function check_clock()
	local now = time.format(nil, "%Y-%m-%d %H:%M:%S %z")
	-- What this program was built or installed at cannot be in the future.
	if time.now() < fs.stat("/proc/self/exe").mtime - 86400 then
		return found("error", "clock", now .. " is before this program was installed", "timedatectl set-ntp true")
	end
	found("ok", "clock", now)
end

local function check_disk()
	for _, dir in ipairs { options.tmp, os.getenv("HOME") } do
		local _, output = cmd.run({ "df", "-Pk", dir }, { timeout = 10 })
		local free, percent, mount = output:match("%d+%s+%d+%s+(%d+)%s+(%d+)%%%s+(%S+)")
		if free then
			local room = tonumber(free) * 1024
			local level = room < 100 * 2 ^ 20 and "error" or room < 2 ^ 30 and "warning" or "ok"
			found(level, "disk", ("%s: %s are free, %s%% are used"):format(mount, bytes(room), percent),
				level ~= "ok" and "look for what can be removed: du -xh " .. mount .. " | sort -h | tail" or nil)
		end
	end
end

local function check_memory()
	local available = tonumber(fs.read("/proc/meminfo"):match("MemAvailable:%s+(%d+)")) * 1024
	local few = available < 256 * 2 ^ 20
	found(few and "warning" or "ok", "memory", bytes(available) .. " are available", few and "end what is not needed" or nil)
end

local checks = {
	terminals = check_terminals, limits = check_limits, processes = check_processes, temporaries = check_temporaries,
	clock = check_clock, disk = check_disk, memory = check_memory,
}
for _, name in ipairs(#options.check > 0 and options.check or all) do
	local ok, e = pcall(checks[name])
	if not ok then
		found("error", name, "cannot be looked at: " .. tostring(e))
	end
end

local bad = 0
for _, finding in ipairs(findings) do
	bad = bad + (finding.level == "ok" and 0 or 1)
	if not options.json then
		print(("%-8s %-16s %s"):format(finding.level, finding.what, finding.text))
		if finding.advice then
			print((" "):rep(26) .. finding.advice)
		end
	end
end
if options.json then
	print(ave.json.encode(ave.json.list(findings), { indent = 2 }))
else
	print(bad == 0 and "this host is fit to run tests" or bad .. " things want attention")
end
os.exit(bad == 0 and 0 or 1)

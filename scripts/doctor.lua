#!/usr/bin/env avescript
-- Checks whether this host is ready to run tests, and says how to repair it if not.

local ave = require("ave")
local cmd, fs, text, time = ave.cmd, ave.fs, ave.text, ave.time

local all = { "terminals", "limits", "processes", "temporaries", "clock", "disk", "memory" }

local options = ave.args.parse {
	summary = "Checks whether this host is ready to run tests. The exit status is 1 if it is not.",
	positionals = {
		{ name = "check", repeated = true, optional = true, help = "the only checks to make; without them, all",
			choices = all },
	},
	options = {
		{ name = "fix", help = "end leftover processes, and remove stale sockets and temporary directories" },
		{ name = "json", help = "print the findings as JSON" },
		{ name = "tmp", type = "directory", default = os.getenv("TMPDIR") or "/tmp", help = "the directory for temporary files" },
		{ name = "age", type = "seconds", default = 86400,
			help = "the age from which a temporary file counts as left over, if its name does not tell which process made it" },
	},
}

local findings = {}

-- Adds a finding: its level is "ok", "warning" or "error".
local function found(level, what, said, advice)
	table.insert(findings, { level = level, what = what, text = said, advice = advice })
end

local function bytes(n)
	return ("%.1f GiB"):format(n / 2 ^ 30)
end

local function check_terminals()
	local ok, status, output = pcall(cmd.run, { "tty" }, { timeout = 10 })
	if not ok or status ~= 0 or not output:find("/dev/pts/", 1, true) then
		return found("error", "terminals", "a command cannot get a terminal: " .. tostring(ok and output or status),
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

-- The processes of this system that have lost their parent: init is their parent,
-- but they do not lead a session of their own, as daemons do.
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
			found("ok", "processes", shown .. ": sent SIGTERM")
		else
			found("warning", "processes", shown, "kill " .. process.pid .. ", or --fix")
		end
	end
	if #list == 0 then
		found("ok", "processes", "no processes are left over")
	end
end

-- The paths of all Unix sockets that are open.
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

-- Removes something with --fix, and otherwise reports it.
local function clean(what, path, why)
	if options.fix then
		local ok, e = pcall(fs.remove, path, { recursive = true })
		found(ok and "ok" or "warning", what, path .. (ok and ": removed" or ": " .. e.message))
	else
		found("warning", what, path .. " " .. why, "rm -r " .. path .. ", or --fix")
	end
end

-- When a process started, in seconds since 1970; nil if it has ended.
local function began(pid)
	local ok, stat = pcall(fs.read, "/proc/" .. pid .. "/stat")
	if not ok or stat:find("%) Z") then
		return nil
	end
	local TICKS = 100 -- per second: the unit of times in /proc
	local fields = {}
	for field in stat:match("%) (.*)"):gmatch("%S+") do
		table.insert(fields, field)
	end
	return tonumber(fs.read("/proc/stat"):match("btime (%d+)")) + tonumber(fields[20]) / TICKS
end

-- Returns a text if the process that made a file has ended. If a process with this
-- pid started after the last change of the file, it is another one that reuses
-- the pid.
local function made_by(pid, info)
	local MARGIN = 10 -- seconds, in case the clock was set
	local start = began(pid)
	if not start or start > info.mtime + MARGIN then
		return "was made by process " .. pid .. ", which has ended"
	end
end

-- Returns a text if no process uses a directory as its TMPDIR. The directory is
-- made shortly before its process, so young ones do not count.
local function tests_at(path, info)
	local YOUNG = 10 -- seconds
	if time.now() - info.mtime < YOUNG then
		return nil
	end
	for _, pid in ipairs(fs.list("/proc")) do
		local ok, environment = pcall(fs.read, "/proc/" .. pid .. "/environ")
		if ok and pid:find("^%d+$") and ("\0" .. environment):find("\0TMPDIR=" .. path .. "\0", 1, true) then
			return nil
		end
	end
	return "belongs to a test worker that has ended"
end

local function older(info)
	local age = math.floor(time.now() - info.mtime)
	if age > options.age then
		return "is " .. time.format_duration(age) .. " old"
	end
end

-- Patterns of the names that this system uses, and functions that return why a file
-- is left over, or nil if it is not.
local kinds = {
	{ "^ave%-(%d+)%-%d+$", function(_, info, pid) return made_by(pid, info) end },
	{ "^ave%-%l+%-(%d+)%-%d+$", function(_, info, pid) return made_by(pid, info) end },
	{ "^ave%-session%-%d+%-[a-z2-7]+$", function(path, info)
		local ok, pid = pcall(fs.read, path .. "/.owner")
		if ok then
			return made_by(pid:match("%d+"), info)
		end
		return older(info)
	end },
	{ "^avetest%d+$", tests_at },
	-- Names of earlier versions, and of files that scripts make themselves.
	{ "^ave%-%d%d%d%d%d+$", function(_, info) return older(info) end },
	{ "^ave%-%l+%-%d%d%d%d%d+$", function(_, info) return older(info) end },
	{ "^avescript%-%l+%-%d+$", function(_, info) return older(info) end },
	{ "^workspace%-%d%d%d%d%d+$", function(_, info) return older(info) end },
	{ "^lua_%d%d%d%d%d+$", function(_, info) return older(info) end },
}

-- Returns why a temporary file is left over, or nil if it is not.
local function why_left(path, info)
	for _, kind in ipairs(kinds) do
		local pattern, judge = unpack(kind)
		local part = fs.basename(path):match(pattern)
		if part then
			return judge(path, info, part)
		end
	end
end

local function is_socket_of_ours(name)
	return name:find("^fdtx%-[A-Z2-7]+$") or name:find("^ave%-")
end

local function check_temporaries()
	local live = live_sockets()
	local before = #findings
	for path, info in fs.walk(options.tmp, { depth = 1 }) do
		local why = why_left(path, info)
		if info.type == "socket" then
			if is_socket_of_ours(fs.basename(path)) and not live[path] then
				clean("sockets", path, "is not used by any process")
			end
		elseif why then
			clean(info.type == "directory" and "directories" or "files", path, why)
		end
	end
	if #findings == before then
		found("ok", "temporary files", "nothing is left over in " .. options.tmp)
	end
end

local function check_clock()
	local now = time.format(nil, "%Y-%m-%d %H:%M:%S %z")
	-- The program cannot have been built or installed in the future.
	if time.now() < fs.stat("/proc/self/exe").mtime - 86400 then
		return found("error", "clock", now .. " is earlier than the installation of this program", "timedatectl set-ntp true")
	end
	found("ok", "clock", now)
end

local function check_disk()
	local seen = {}
	for _, dir in ipairs { options.tmp, os.getenv("HOME") } do
		local _, output = cmd.run({ "df", "-Pk", dir }, { timeout = 10 })
		local free, percent, mount = output:match("%d+%s+%d+%s+(%d+)%s+(%d+)%%%s+(%S+)")
		if free and not seen[mount] then
			seen[mount] = true
			local room = tonumber(free) * 1024
			local level = room < 100 * 2 ^ 20 and "error" or room < 2 ^ 30 and "warning" or "ok"
			found(level, "disk", ("%s: %s are free, %s%% are used"):format(mount, bytes(room), percent),
				level ~= "ok" and "find out what can be removed: du -xh " .. mount .. " | sort -h | tail" or nil)
		end
	end
end

local function check_memory()
	local available = tonumber(fs.read("/proc/meminfo"):match("MemAvailable:%s+(%d+)")) * 1024
	local few = available < 256 * 2 ^ 20
	found(few and "warning" or "ok", "memory", bytes(available) .. " are available", few and "end programs that are not needed" or nil)
end

local checks = {
	terminals = check_terminals, limits = check_limits, processes = check_processes, temporaries = check_temporaries,
	clock = check_clock, disk = check_disk, memory = check_memory,
}
for _, name in ipairs(#options.check > 0 and options.check or all) do
	local ok, e = pcall(checks[name])
	if not ok then
		found("error", name, "check failed: " .. tostring(e))
	end
end

local bad = 0
for _, finding in ipairs(findings) do
	bad = bad + (finding.level == "ok" and 0 or 1)
	if not options.json then
		print(("%-8s %-16s %s"):format(finding.level, finding.what, text.printable(finding.text)))
		if finding.advice then
			print((" "):rep(26) .. text.printable(finding.advice))
		end
	end
end
if options.json then
	print(text.printable(ave.json.encode(ave.json.list(findings), { indent = 2 }), ""))
else
	print(bad == 0 and "this host is ready to run tests" or bad == 1 and "1 problem" or bad .. " problems")
end
os.exit(bad == 0 and 0 or 1)

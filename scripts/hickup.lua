#!/usr/bin/env avescript
-- Asks services, and the processes below them, what they are doing, and shows
-- what they have written down: a parent before its children.

local ave = require("ave")
local cmd, fs, time = ave.cmd, ave.fs, ave.time

local command_line = {
	summary = "Asks services, and the processes below them, what they are doing (SIGUSR1), and shows it.",
	options = {
		{ name = "home", value = "DIR", default = os.getenv("HOME"), help = "the directory above .ave/hickup" },
		{ name = "timeout", type = "seconds", default = 10, help = "how long to wait for all of them" },
		{ name = "list", help = "show the processes alone, and ask none" },
	},
	positionals = {
		{ name = "service", repeated = true, optional = true, help = "a pid or the name of a process; all of this user without one" },
	},
}
local options = ave.args.parse(command_line)

-- Whether a process handles SIGUSR1, which would end any other.
local function handles_signal(path)
	local ok, status = pcall(fs.read, path .. "/status")
	local digit = ok and status:match("SigCgt:%s+%x+(%x)%x%x%s") -- signals 9 to 12
	return digit and math.floor(tonumber(digit, 16) / 2) % 2 == 1
end

-- The processes of this system by their pids, each with its children. Those of
-- other users cannot be asked.
local function processes()
	local uid = fs.stat("/proc/self").uid
	local all = {}
	for path, info in fs.walk("/proc", { depth = 1 }) do
		local pid = tonumber(fs.basename(path))
		local ok, stat = pcall(fs.read, path .. "/stat")
		local name, state, parent = (ok and pid and info.uid == uid and stat or ""):match("%((.*)%) (%a) (%d+)")
		if name and name:sub(1, 4) == "ave-" and state ~= "Z" and handles_signal(path) then
			all[pid] = { pid = pid, name = name, parent = tonumber(parent), children = {} }
		end
	end
	for _, process in pairs(all) do
		local parent = all[process.parent]
		if parent then
			table.insert(parent.children, process)
		end
	end
	return all
end

local function by_pid(a, b)
	return a.pid < b.pid
end

-- The roots of the trees to ask: the services that were named, or those whose
-- parent is none.
local function roots_of(all)
	local roots = {}
	for pid, process in pairs(all) do
		local wanted = #options.service == 0 and not all[process.parent]
		for _, service in ipairs(options.service) do
			wanted = wanted or service == tostring(pid) or service == process.name
		end
		if wanted then
			table.insert(roots, process)
		end
	end
	table.sort(roots, by_pid)
	return roots
end

-- The processes of trees, each once and a parent before its children.
local function in_order(roots)
	local order, seen = {}, {}
	local function visit(process, depth)
		if not seen[process.pid] then
			seen[process.pid], process.depth = true, depth
			table.insert(order, process)
			table.sort(process.children, by_pid)
			for _, child in ipairs(process.children) do
				visit(child, depth + 1)
			end
		end
	end
	for _, root in ipairs(roots) do
		visit(root, 0)
	end
	return order
end

-- The newest file of a process that was not there before.
local function file_of(dir, process, before)
	local list = fs.glob(("%s/*-%d"):format(dir, process.pid))
	for i = #list, 1, -1 do
		if not before[list[i]] then
			return list[i]
		end
	end
end

local function ask(roots, order)
	local dir = fs.join(options.home, ".ave", "hickup")
	local before = {}
	for _, path in ipairs(fs.glob(dir .. "/*")) do
		before[path] = true
	end
	for _, root in ipairs(roots) do
		cmd.run { "kill", "-USR1", tostring(root.pid) } -- which goes on to its children
	end
	local deadline = time.monotonic() + options.timeout
	local missing = 0
	for _, process in ipairs(order) do
		local path = file_of(dir, process, before)
		while not path and fs.exists("/proc/" .. process.pid) and time.monotonic() < deadline do
			time.sleep(0.05)
			path = file_of(dir, process, before)
		end
		print(("=== %s (%d)"):format(process.name, process.pid))
		if path then
			print(fs.read(path))
		else
			missing = missing + 1
			print("it has written nothing\n")
		end
	end
	return missing
end

local roots = roots_of(processes())
local order = in_order(roots)
if #order == 0 then
	ave.args.fail(command_line, "there is no such service of this user")
end
if options.list then
	for _, process in ipairs(order) do
		print(("%s%s (%d)"):format(("  "):rep(process.depth), process.name, process.pid))
	end
else
	os.exit(ask(roots, order) == 0 and 0 or 1)
end

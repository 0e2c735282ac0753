#!/usr/bin/env avescript
-- Starts, stops, restarts and looks at the broker of a laboratory's machine.

local ave = require("ave")
local broker = ave.broker

local usage = [[
Usage:
  broker.lua --start     start the broker in the background
  broker.lua --stop      end it, with all that is leased
  broker.lua --restart   put a new process in its place; clients do not notice
  broker.lua --status    say whether it runs, what is leased and who waits

Options:
  --home=DIR   the directory above .ave/config; without it, the home directory
               of the account in /etc/ave/user
  --help       show this

The configuration is made by ave-config.lua --bootstrap. The log is
DIR/.ave/broker.log. Exit status: 0; 1 if it could not be done, and with --status
if no broker runs; 2 for a wrong command line.]]

-- ENDING is how many seconds the broker and its sessions have to end.
local ENDING = 30

local actions = { "start", "stop", "restart", "status" }

local function complain(status, ...)
	io.stderr:write("broker: ", string.format(...), "\n")
	os.exit(status)
end

-- The options of the command line, by name, and the one that says what to do.
local function options_of(words)
	local options, known, chosen = {}, { home = true, help = true }, nil
	for _, name in ipairs(actions) do
		known[name] = true
	end
	for _, word in ipairs(words) do
		local name, value = word:match("^%-%-(%w+)=(.*)$")
		name = name or word:match("^%-%-(%w+)$")
		if not known[name] then
			complain(2, "unknown option '%s'\n%s", word, usage)
		elseif (name == "home") ~= (value ~= nil) then
			complain(2, name == "home" and "--home needs a directory, as in --home=/home/lab" or "--%s takes no value", name)
		elseif name ~= "home" and name ~= "help" then
			if chosen and chosen ~= name then
				complain(2, "--%s and --%s cannot be used together", chosen, name)
			end
			chosen = name
		end
		options[name] = value or true
	end
	return options, chosen
end

-- The broker that runs on the port, as its administrator, and its status; nil
-- and why if there is none.
local function running(options)
	local key = options.alt_keys.admin
	local admin = ave.RemoteControl({ "", options.port }, key ~= ave.json.null and key or nil, 5, false, nil, { call_timeout = 10 })
	local ok, status = pcall(admin.status, admin)
	if ok then
		return admin, status
	end
	if status:is("ConnectionRefused") then
		return nil, ("no broker runs on port %d"):format(options.port)
	end
	return nil, ("what runs on port %d does not answer as a broker: %s"):format(options.port, status.message)
end

-- Starts the process, which writes to the log from then on.
local function launch(options, takeover)
	options.takeover = takeover
	options.log_file = options.home .. "/.ave/broker.log"
	options.logging, options.proc_name = true, "ave-broker"
	local process = broker.Broker(options)
	process:start { daemonize = true, synchronize = true }
	return process.pid
end

local perform = {}

function perform.start(options)
	local admin, status = running(options)
	if admin then
		complain(1, "the broker runs already: port %d, process %d", options.port, status.pid)
	end
	print(("started: port %d, process %d"):format(options.port, launch(options, false)))
end

function perform.restart(options)
	local admin, why = running(options)
	if not admin then
		complain(1, "%s", why)
	end
	admin:close()
	print(("restarted: port %d, process %d"):format(options.port, launch(options, true)))
end

-- Waits for the end of a process that need not be a child of this one.
local function has_ended(pid)
	local deadline = ave.time.monotonic() + ENDING
	repeat
		local file = io.open(("/proc/%d/stat"):format(pid))
		local state = file and file:read("*a"):match("%) (%a)")
		if file then
			file:close()
		end
		if not state or state == "Z" then
			return true
		end
		ave.time.sleep(0.02)
	until ave.time.monotonic() > deadline
	return false
end

function perform.stop(options)
	local admin, status = running(options)
	if not admin then
		complain(1, "%s", status)
	end
	local _, e = pcall(admin.call, admin, "stop", {}, {}, ENDING)
	if not e:is("Exit") then
		complain(1, "%s", e.message)
	end
	if not has_ended(status.pid) then
		complain(1, "process %d was told to stop, and has not done so in %d s", status.pid, ENDING)
	end
	print(("stopped: port %d, process %d"):format(options.port, status.pid))
end

local function ago(seconds)
	if seconds < 60 then
		return ("%d s"):format(seconds)
	elseif seconds < 3600 then
		return ("%d min"):format(seconds / 60)
	end
	return ("%d h %d min"):format(seconds / 3600, seconds % 3600 / 60)
end

local function show(kind, entries, profiles_of)
	for _, entry in ipairs(entries) do
		local line = ("%s %s, client %s, for %s"):format(kind, profiles_of(entry),
			entry.client and entry.client[1] .. ":" .. entry.client[2] or "(gone)", ago(os.time() - entry.since))
		print(entry.reason and line .. ": " .. entry.reason or line)
	end
end

function perform.status(options)
	local admin, status = running(options)
	if not admin then
		print(status)
		os.exit(1)
	end
	print(("port %d, process %d, up for %s"):format(options.port, status.pid, ago(status.uptime)))
	print(("equipment %d, available %d, leases %d, sessions %d, waiting %d"):format(
		status.equipment, status.available, status.leases, status.sessions, status.waiting))
	if status.handing_over then
		print("nothing is leased until end_handover is called")
	end
	show("leased ", admin:list_allocations_all(), function(entry)
		return ave.json.encode(entry.profile, { sort = true })
	end)
	show("waiting", admin:list_waiting(), function(entry)
		return ave.json.encode(entry.profiles, { sort = true })
	end)
end

local options, action = options_of(arg)
if options.help then
	print(usage)
elseif not action then
	complain(2, "wanted --start, --stop, --restart or --status\n%s", usage)
else
	local ok, e = pcall(function()
		local home = options.home or ave.config.load_etc().home
		perform[action](broker.configure(home))
	end)
	if not ok then
		complain(1, "%s", type(e) == "table" and e.message or tostring(e))
	end
end

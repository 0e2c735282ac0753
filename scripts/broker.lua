#!/usr/bin/env avescript
-- Starts, stops and restarts the broker of a lab machine, and shows its state.

local ave = require("ave")
local broker = ave.broker
local printable = ave.text.printable

-- The options that say what to do. Exactly one must be given.
local actions = { "start", "stop", "restart", "status" }

local command_line = {
	summary = [[
Starts, stops and restarts the broker of a lab machine, and shows its state. Create its
configuration with ave-config.lua --bootstrap. Its log is DIR/.ave/broker.log.

Exit status: 0 on success; 1 on failure, and with --status if no broker is running; 2 if
the command line is wrong.]],
	options = {
		{ name = "start", help = "start the broker in the background" },
		{ name = "stop", help = "stop the broker; all leases end" },
		{ name = "restart", help = "replace the broker by a new process; clients do not notice" },
		{ name = "status", help = "show whether the broker is running, what is leased and which clients wait" },
		{ name = "systemd", help = "for units of systemd, together with another option: log to the journal,"
			.. " and tell systemd when the broker is ready and that it is alive" },
		{ name = "home", value = "DIR",
			help = "the directory above .ave/config (default: the home directory of the account in /etc/ave/user, which root becomes)" },
		{ name = "etc", value = "FILE", help = "use FILE instead of /etc/ave/user" },
	},
}

-- How long the broker and its sessions may take to end, in seconds.
local ENDING = 30

local function complain(...)
	io.stderr:write("broker: ", printable(string.format(...), "    "), "\n")
	os.exit(1)
end

-- The addresses to try: the configured one, and the default, where the broker may
-- still listen if the configuration has changed.
local function places(options)
	local anywhere = { [""] = true, ["0.0.0.0"] = true, ["::"] = true }
	return anywhere[options.listen or ""] and { "" } or { options.listen, "" }
end

-- Connects to the running broker as administrator. Returns the connection and the
-- status, or nil and the reason.
local function running(options)
	local key = options.alt_keys.admin
	for _, place in ipairs(places(options)) do
		local admin = ave.RemoteControl({ place, options.port }, key ~= ave.json.null and key or nil, 5, false, nil, { call_timeout = 10 })
		local ok, status = pcall(admin.status, admin)
		if ok then
			return admin, status
		elseif not status:is("ConnectionRefused") then
			return nil, ("the service on port %d does not answer as a broker: %s"):format(options.port, status.message)
		end
	end
	return nil, ("no broker is running on port %d"):format(options.port)
end

-- Starts the broker's process.
local function launch(options, takeover)
	options.takeover = takeover
	options.log_file = not options.systemd and options.home .. "/.ave/broker.log" or nil
	options.logging, options.proc_name = true, "ave-broker"
	local process = broker.Broker(options)
	process:start { daemonize = true, synchronize = true }
	return process.pid
end

local perform = {}

-- Prints notes about the configuration, and ends the script if it is wrong.
local function check(options)
	local found = broker.check(options.home, ave.posix.geteuid())
	for _, note in ipairs(found.notes) do
		print("note: " .. note)
	end
	if #found.problems > 0 then
		complain("%s", table.concat(found.problems, "\n"))
	end
end

function perform.start(options)
	check(options)
	if not options.systemd then -- systemd may have the socket open already
		local admin, status = running(options)
		if admin then
			complain("the broker is already running: port %d, process %d", options.port, status.pid)
		end
	end
	print(("started: port %d, process %d"):format(options.port, launch(options, false)))
end

function perform.restart(options)
	local admin, why = running(options)
	if not admin then
		complain("%s", why)
	end
	admin:close()
	check(options)
	print(("restarted: port %d, process %d"):format(options.port, launch(options, true)))
end

-- Waits until a process has ended, which need not be a child of this one.
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
	if options.systemd and not os.getenv("MAINPID") then
		return -- the broker has ended; connecting would start it again
	end
	local admin, status = running(options)
	if not admin then
		complain("%s", status)
	end
	local _, e = pcall(admin.call, admin, "stop", {}, {}, ENDING)
	if not e:is("Exit") then
		complain("%s", e.message)
	end
	if not has_ended(status.pid) then
		complain("process %d is still running %d s after it was told to stop: kill it, or look into its log", status.pid, ENDING)
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
		print(printable(entry.reason and line .. ": " .. entry.reason or line))
	end
end

function perform.status(options)
	local admin, status = running(options)
	if not admin then
		print(printable(status, "    "))
		os.exit(1)
	end
	print(("port %d, process %d, up for %s"):format(options.port, status.pid, ago(status.uptime)))
	print(("equipment %d, available %d, leases %d, sessions %d, waiting %d"):format(
		status.equipment, status.available, status.leases, status.sessions, status.waiting))
	if status.handing_over then
		print("leasing is stopped until end_handover is called")
	end
	show("leased ", admin:list_allocations_all(), function(entry)
		return ave.json.encode(entry.profile, { sort = true })
	end)
	show("waiting", admin:list_waiting(), function(entry)
		return ave.json.encode(entry.profiles, { sort = true })
	end)
end

-- Returns the directory above .ave/config. Root becomes the account that runs the
-- system, so that nothing that is started here runs as root.
local function home_of(options)
	if options.home and not options.etc then
		return options.home
	end
	local etc = ave.config.load_etc(options.etc)
	if ave.posix.geteuid() == 0 and etc.uid ~= 0 then
		ave.persona.become_user(etc.name)
	end
	return options.home or etc.home
end

-- Returns the action that the command line asks for.
local function action_of(options)
	local chosen
	for _, name in ipairs(actions) do
		if options[name] and chosen then
			ave.args.fail(command_line, ("--%s and --%s cannot be used together"):format(chosen, name))
		end
		chosen = options[name] and name or chosen
	end
	return chosen or ave.args.fail(command_line, "nothing to do: give --start, --stop, --restart or --status")
end

local options = ave.args.parse(command_line)
local action = action_of(options)
local ok, e = pcall(function()
	local configured = broker.configure(home_of(options))
	configured.systemd = options.systemd
	perform[action](configured)
end)
if not ok then
	complain("%s", type(e) == "table" and e.message or tostring(e))
end

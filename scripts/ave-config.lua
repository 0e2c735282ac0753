#!/usr/bin/env avescript
-- Creates and checks the configuration of a lab machine.

local ave = require("ave")
local config = ave.config
local printable = ave.text.printable

local names = { "broker", "authkeys", "workspace", "handset", "jenkins", "gerrit", "panotti", "usbrel64" }

local shown = { "all", unpack(names) }

local command_line = {
	summary = "Creates and checks the configuration of a lab machine.",
	options = {
		{ name = "bootstrap", value = "USER", help = "choose the account that runs the system, and create missing files" },
		{ name = "show", value = "NAME", bare = "all", choices = shown, help = "show one configuration file; without NAME, all" },
		{ name = "check", help = "read all files and list the mistakes in them" },
		{ name = "client", help = "show the ~/.ave/config/broker.json that clients of the broker need; it contains the key" },
		{ name = "home", value = "DIR",
			help = "the directory above .ave/config (default: the home directory of the account in /etc/ave/user)" },
		{ name = "etc", value = "FILE", help = "use FILE instead of /etc/ave/user" },
	},
}

local function bootstrap(options)
	local etc = config.create_etc(options.etc, options.bootstrap)
	if etc.name ~= options.bootstrap then
		print(("'%s' already runs the system: keeping this account"):format(etc.name))
	end
	local home = options.home or etc.home
	local created, skipped = config.create_default(home, etc.name)
	for _, path in ipairs(created) do
		print("created " .. printable(path))
		if path:find("/broker.json", 1, true) then
			print("        it contains the key for clients: ave-config.lua --client shows what to put into their ~/.ave/config/broker.json")
		end
	end
	for _, path in ipairs(skipped) do
		print("kept    " .. printable(path))
	end
	local found = ave.broker.check(home, etc.uid)
	for _, text in ipairs(found.problems) do
		print("to do: " .. printable(text, "    "))
	end
	for _, text in ipairs(found.notes) do
		print("note: " .. printable(text, "    "))
	end
end

local function show(home, which)
	for _, name in ipairs(which == "all" and names or { which }) do
		print(name .. ".json " .. printable(ave.json.encode(config.load(home, name), { indent = 2 }), ""))
	end
end

-- The mistakes in all files, including those that the broker does not read.
local function others(home)
	local problems = {}
	for _, name in ipairs(names) do
		local ok, e = pcall(config.load, home, name)
		if not ok then
			problems[#problems + 1] = e.message
		end
	end
	return problems
end

-- Checks the broker's files as the broker does, and all other files for being JSON
-- objects.
local function check(home, uid)
	local found = ave.broker.check(home, uid)
	local said = {}
	for _, list in ipairs { found.problems, others(home) } do
		for _, text in ipairs(list) do
			if not said[text] then
				said[text] = true
				said[#said + 1] = text
				print(printable(text, "    "))
			end
		end
	end
	for _, note in ipairs(found.notes) do
		print("note: " .. printable(note, "    "))
	end
	print(#said == 0 and "no mistakes in any file" or #said == 1 and "1 problem" or #said .. " problems")
	os.exit(#said == 0 and 0 or 1)
end

-- Shows the broker.json that a client needs.
local function client(home)
	local broker = config.load_broker(home)
	if not broker.authkey then
		io.stderr:write("ave-config: there is no authkey in ", home, "/.ave/config/broker.json: clients of this broker need no key\n")
		os.exit(1)
	end
	print(ave.json.encode({ host = broker.host, port = broker.port, authkey = broker.authkey }, { indent = 2, sort = true }))
end

local function run(options)
	if options.bootstrap then
		return bootstrap(options)
	end
	local etc = (options.etc or not options.home) and config.load_etc(options.etc) or {}
	local home = options.home or etc.home
	if options.show then
		show(home, options.show)
	elseif options.client then
		client(home)
	else
		check(home, etc.uid)
	end
end

local options = ave.args.parse(command_line)
if not (options.bootstrap or options.show or options.check or options.client) then
	ave.args.fail(command_line, "nothing to do: give --bootstrap, --show, --check or --client")
end
local ok, e = pcall(run, options)
if not ok then
	io.stderr:write("ave-config: ", printable(type(e) == "table" and e.message or tostring(e), "    "), "\n")
	os.exit(1)
end

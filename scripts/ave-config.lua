#!/usr/bin/env avescript
-- Makes and looks at the configuration of a laboratory's machine.

local ave = require("ave")
local config = ave.config

local names = { "broker", "authkeys", "workspace", "handset", "jenkins", "gerrit", "panotti", "usbrel64" }

local command_line = {
	summary = "Makes and looks at the configuration of a laboratory's machine.",
	options = {
		{ name = "bootstrap", value = "USER", help = "choose the account that runs the system, and make the files that are missing" },
		{ name = "show", value = "NAME", bare = "all", help = "show one configuration file, or all" },
		{ name = "check", help = "read all files and say what is wrong" },
		{ name = "home", value = "DIR",
			help = "the directory above .ave/config; without it, the home directory of the account in /etc/ave/user" },
		{ name = "etc", value = "FILE", help = "another file than /etc/ave/user" },
	},
}

local function bootstrap(options)
	local etc = config.create_etc(options.etc, options.bootstrap)
	if etc.name ~= options.bootstrap then
		print(("the system is run by '%s' already; that is kept"):format(etc.name))
	end
	local created, skipped = config.create_default(options.home or etc.home)
	for _, path in ipairs(created) do
		print("created " .. path)
	end
	for _, path in ipairs(skipped) do
		print("kept    " .. path)
	end
end

-- Reads a file as the service that uses it does.
local function load(home, name)
	if name == "broker" then
		return config.load_broker(home)
	elseif name == "authkeys" then
		return config.load_authkeys(home)
	end
	return config.load(home, name)
end

local function show(home, which)
	for _, name in ipairs(which == "all" and names or { which }) do
		print(name .. ".json " .. ave.json.encode(config.load(home, name), { indent = 2 }))
	end
end

local function check(home)
	local wrong = 0
	for _, name in ipairs(names) do
		local ok, e = pcall(load, home, name)
		if not ok then
			wrong = wrong + 1
			print(e.message)
		end
	end
	print(wrong == 0 and "all files are good" or wrong .. " of " .. #names .. " files are not good")
	os.exit(wrong == 0 and 0 or 1)
end

local options = ave.args.parse(command_line)
if options.bootstrap then
	bootstrap(options)
elseif options.show or options.check then
	local home = options.home or config.load_etc(options.etc).home
	if options.show then
		show(home, options.show)
	else
		check(home)
	end
else
	ave.args.fail(command_line, "nothing to do: wanted --bootstrap, --show or --check")
end

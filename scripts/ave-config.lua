#!/usr/bin/env avescript
-- Makes and looks at the configuration of a laboratory's machine.

local ave = require("ave")
local config = ave.config

local usage = [[
Usage:
  ave-config.lua --bootstrap=USER   choose the account that runs the system, and
                                    make the configuration files that are missing
  ave-config.lua --show[=NAME]      show one configuration file, or all
  ave-config.lua --check            read all files and say what is wrong

Options:
  --home=DIR   the directory above .ave/config; without it, the home directory
               of the account in /etc/ave/user
  --etc=FILE   another file than /etc/ave/user]]

local names = { "broker", "authkeys", "workspace", "handset", "jenkins", "gerrit", "panotti", "usbrel64" }

local function fail(...)
	io.stderr:write("ave-config: ", string.format(...), "\n")
	os.exit(2)
end

-- The options of the command line, by name.
local function options_of(words)
	local options = {}
	local known = { bootstrap = true, show = true, check = true, home = true, etc = true, help = true }
	for _, word in ipairs(words) do
		local name, value = word:match("^%-%-(%w+)=(.*)$")
		name = name or word:match("^%-%-(%w+)$")
		if not known[name] then
			fail("unknown option '%s'\n%s", word, usage)
		end
		options[name] = value or true
	end
	return options
end

local function bootstrap(options)
	if options.bootstrap == true then
		fail("--bootstrap needs the name of an account, as in --bootstrap=lab")
	end
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
	for _, name in ipairs(which == true and names or { which }) do
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

local options = options_of(arg)
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
	print(usage)
	os.exit(options.help and 0 or 2)
end

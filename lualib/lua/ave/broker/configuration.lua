-- What a broker is made with: the options of the class, and the configuration of
-- a lab, below <home>/.ave/config, which is read as such options.

local checks = require("ave.broker.checks")
local config = require("ave.config")
local exceptions = require("ave.exceptions")
local json = require("ave.json")
local resources = require("ave.broker.resources")

local configuration = {}

-- How each option that is not one of Control's is read.
local readers = {
	equipment = function(value, what)
		return checks.list(value, what, checks.profile)
	end,
	stacks = function(value, what)
		return checks.list(value, what, function(stack, which)
			return checks.list(stack, which .. ", profile", checks.profile)
		end)
	end,
	resources = resources.check,
	workspace = function(value, what)
		if type(value) ~= "table" then
			checks.wanted(what, "the properties of workspaces", value)
		end
		value.type = "workspace"
		return checks.profile(value, what)
	end,
	remotes = function(value, what)
		return checks.list(value, what, checks.peer)
	end,
	share_with = checks.peer,
	state_file = checks.text,
	log_file = checks.text,
	session_directory = checks.text,
	grace = checks.seconds,
}

local defaults = { equipment = {}, stacks = {}, resources = {}, workspace = {}, remotes = {}, grace = 30 }

-- Splits what a broker is made with into its own options and those of Control.
function configuration.split(given)
	local own, others = {}, {}
	for name, value in pairs(given) do
		if not readers[name] then
			others[name] = value
		end
	end
	for name, check in pairs(readers) do
		local value = given[name]
		if value == nil then
			value = defaults[name]
		end
		if value ~= nil then
			own[name] = check(value, name)
		end
	end
	return own, others
end

-- A key of broker.json that load_broker does not know.
local function extra(file, key)
	local value = file[key]
	return value ~= json.null and value or nil
end

-- The handsets of handset.json; the entry of the default file says nothing.
local function handsets(home, equipment)
	local ok, file = pcall(config.load, home, "handset")
	for _, entry in ipairs(ok and file.handsets or {}) do
		local profile, says = { type = "handset" }, false
		for key, value in pairs(entry) do
			if value ~= json.null then
				profile[key], says = value, true
			end
		end
		if says then
			table.insert(equipment, profile)
		end
	end
end

-- Reads broker.json, authkeys.json, workspace.json and handset.json. Beside what
-- the earlier system had, broker.json may have `equipment` (a list of profiles),
-- `resources` (modules by type), `remotes` (more brokers to forward to),
-- `authkey`, `grace` and `session_directory`.
function configuration.read(home)
	local broker, file = config.load_broker(home), config.load(home, "broker")
	local options = {
		port = broker.port, stacks = broker.stacks, alt_keys = config.load_authkeys(home), home = home,
		equipment = {}, remotes = {},
		state_file = home .. "/.ave/broker-" .. broker.port .. ".json",
	}
	for _, key in ipairs { "resources", "authkey", "grace", "session_directory" } do
		options[key] = extra(file, key)
	end
	for _, key in ipairs { "equipment", "remotes" } do
		for _, entry in ipairs(checks.list(extra(file, key) or {}, "broker.json: " .. key, function(value)
			return value
		end)) do
			table.insert(options[key], entry)
		end
	end
	if broker.remote.policy == "forward" then
		table.insert(options.remotes, broker.remote)
	elseif broker.remote.policy == "share" then
		options.share_with = broker.remote
	end
	handsets(home, options.equipment)
	local ok, workspace = pcall(config.load, home, "workspace")
	if ok then
		options.workspace = workspace
	elseif not tostring(workspace):find("ave%-config") then
		error(exceptions.Exception(workspace.message), 0)
	end
	return options
end

return configuration

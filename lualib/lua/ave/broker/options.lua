-- The options of a broker beside those of Control: how each of them is read, and
-- what it is by default.

local checks = require("ave.broker.checks")
local resources = require("ave.broker.resources")

-- How each option that is not one of Control's is read.
local options = {
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
local function read(given)
	local own, others = {}, {}
	for name, value in pairs(given) do
		if not options[name] then
			others[name] = value
		end
	end
	for name, check in pairs(options) do
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

return { read = read }

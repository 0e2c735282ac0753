-- What comes from outside, in calls and in configurations, is checked here.

local Profile = require("ave.profile").Profile
local exceptions = require("ave.exceptions")

local checks = {}

-- Raises a TypeError with a text as string.format makes it.
function checks.type_error(...)
	error(exceptions.TypeError(string.format(...)), 0)
end

-- A value as messages show it.
function checks.describe(value)
	if type(value) == "string" then
		return "'" .. value .. "'"
	end
	return type(value) == "table" and "a table" or tostring(value)
end

function checks.wanted(what, wanted, value)
	checks.type_error("%s: wanted %s, got %s", what, wanted, checks.describe(value))
end

-- Reads one profile of a request or a configuration.
function checks.profile(values, what)
	if type(values) ~= "table" then
		checks.type_error("%s: wanted a profile, got %s", what, tostring(values))
	end
	local profile = Profile(values)
	if type(profile.type) ~= "string" then
		checks.type_error("%s: a profile must have a 'type', got %s", what, tostring(profile))
	end
	return profile
end

-- Reads a list, each of whose entries is read by another check.
function checks.list(values, what, check)
	if type(values) ~= "table" then
		checks.wanted(what, "a list", values)
	end
	for key in pairs(values) do
		if type(key) ~= "number" then
			checks.wanted(what, "a list", values)
		end
	end
	local list = {}
	for i, value in ipairs(values) do
		list[i] = check(value, what .. " " .. i)
	end
	return list
end

-- MOST_PROFILES is how many a request can have, and MOST_REASON how many bytes its
-- reason: whatever is leased is written to the journal with every change.
local MOST_PROFILES, MOST_REASON = 1000, 1000

-- Reads the profiles of a request, of which there must be some.
function checks.request(values, method)
	if type(values) == "table" and #values > MOST_PROFILES then
		checks.type_error("%s: wanted at most %d profiles, got %d", method, MOST_PROFILES, #values)
	end
	local wanted = checks.list(values, "profile", checks.profile)
	if #wanted == 0 then
		checks.type_error("%s: wanted a profile, got nothing", method)
	end
	return wanted
end

function checks.seconds(value, what)
	if type(value) ~= "number" or value < 0 or value ~= value then
		checks.wanted(what, "a number of seconds", value)
	end
	return value
end

function checks.text(value, what)
	if type(value) ~= "string" then
		checks.wanted(what, "a text", value)
	end
	return value
end

function checks.reason(value)
	if #checks.text(value, "reason") > MOST_REASON then
		checks.type_error("reason: wanted at most %d bytes, got %d", MOST_REASON, #value)
	end
	return value
end

function checks.lease(value, what)
	if type(value) ~= "number" then
		checks.wanted(what, "the number of a lease", value)
	end
	return value
end

-- Reads {host, port}.
function checks.address(value, what)
	if type(value) ~= "table" or type(value[1]) ~= "string" or type(value[2]) ~= "number" then
		checks.wanted(what, "an address {host, port}", value)
	end
	return { value[1], value[2] }
end

-- Reads another broker: {host =, port =, authkey =}.
function checks.peer(value, what)
	if type(value) ~= "table" or type(value.port) ~= "number" then
		checks.wanted(what, "another broker, {host =, port =, authkey =}", value)
	end
	checks.text(value.host or "", what .. ": host")
	checks.text(value.authkey or "", what .. ": authkey")
	return { host = value.host or "", port = value.port, authkey = value.authkey }
end

return checks

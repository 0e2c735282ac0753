-- Checks everything that comes from outside, in calls and in configuration files.

local Profile = require("ave.profile").Profile
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
local among = require("ave.text").among

local checks = {}

-- Raises a TypeError. The arguments are those of string.format.
function checks.type_error(...)
	error(exceptions.TypeError(string.format(...)), 0)
end

-- Returns a value as messages show it.
function checks.describe(value)
	if type(value) == "string" then
		return "'" .. value .. "'"
	end
	return type(value) == "table" and "a table" or tostring(value)
end

function checks.wanted(what, wanted, value)
	checks.type_error("%s: wanted %s, got %s", what, wanted, checks.describe(value))
end

-- Reads one profile of a request or a configuration file.
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

-- Reads a list. Each entry is read by another check.
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

-- Limits of a request: its profiles, and the bytes of its reason, which is written
-- to the disk with each lease.
local MOST_PROFILES, MOST_REASON = 1000, 1000

-- Reads the profiles of a request. There must be at least one.
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

-- Reads for how long a client may be silent.
function checks.contact(value)
	if type(value) ~= "number" or value <= 0 or value ~= value then
		checks.wanted("contact", "a positive number of seconds", value)
	end
	return checks.span(value, "contact")
end

-- Stands for math.huge where a time is written down, because JSON has no infinity.
local LONGEST = 1e9

-- Reads a time in seconds that the broker writes down.
function checks.span(value, what)
	return math.min(checks.seconds(value, what), LONGEST)
end

function checks.text(value, what)
	if type(value) ~= "string" then
		checks.wanted(what, "a string", value)
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
	if type(value) ~= "number" or value % 1 ~= 0 then
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

function checks.boolean(value, what)
	if type(value) ~= "boolean" then
		checks.wanted(what, "true or false", value)
	end
	return value
end

-- Reads the address that a broker listens on.
function checks.listen(value, what)
	if checks.text(value, what) ~= "" and host.loopback(value) == nil then
		checks.wanted(what, "an IP address of this host, such as 127.0.0.1, or 0.0.0.0 for all addresses", value)
	end
	return value
end

-- Reads the name of an account on this host.
function checks.account(value, what)
	if checks.text(value, what) == "" or not host.account(value) then
		checks.wanted(what, "the name of an account on this host", value)
	end
	return value
end

-- Raises an error if an option or the key of a file is not in a list of names.
function checks.known(name, names, what)
	for _, known in ipairs(names) do
		if name == known then
			return
		end
	end
	table.sort(names)
	checks.type_error("%s: unknown%s", what, among(tostring(name), names))
end

-- Reads another broker: {host =, port =, authkey =}.
function checks.peer(value, what)
	if type(value) ~= "table" or type(value.port) ~= "number" then
		checks.wanted(what, "another broker, {host =, port =, authkey =}", value)
	end
	for name in pairs(value) do
		checks.known(name, { "host", "port", "authkey", "policy" }, what .. ": " .. tostring(name))
	end
	if value.port < 1 or value.port > 65535 or value.port % 1 ~= 0 then
		checks.wanted(what .. ": port", "a whole number from 1 to 65535", value.port)
	end
	checks.text(value.host or "", what .. ": host")
	checks.text(value.authkey or "", what .. ": authkey")
	return { host = value.host or "", port = value.port, authkey = value.authkey }
end

return checks

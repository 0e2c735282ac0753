-- The options of a broker that are not options of Control, and the rules for who
-- can connect.

local checks = require("ave.broker.checks")
local host = require("ave.broker.host")
local resources = require("ave.broker.resources")

local configuration = {}

-- The address of a broker without a key: only processes on this host can connect.
local LOOPBACK = "127.0.0.1"

-- For each option that is not one of Control's, the function that reads it.
configuration.readers = {
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
	grace = checks.span,
	account = checks.account,
	open = checks.boolean,
}

local defaults = { equipment = {}, stacks = {}, resources = {}, workspace = {}, remotes = {}, grace = 30, open = false }

-- Splits the given options into the broker's own and those of Control.
function configuration.split(given)
	local own, others = {}, {}
	for name, value in pairs(given) do
		if not configuration.readers[name] then
			others[name] = value
		end
	end
	for name, check in pairs(configuration.readers) do
		local value = given[name]
		if value == nil then
			value = defaults[name]
		end
		if value ~= nil then
			own[name] = check(value, name)
		end
	end
	others.listen = configuration.listen(given)
	return own, others
end

-- Returns the address to listen on. A client of a broker without a key can lease,
-- and so run commands; therefore other hosts can only connect if `open` allows it.
function configuration.listen(options)
	local keyed, open = (options.authkey or "") ~= "", options.open
	if open and keyed then
		checks.type_error("open and authkey cannot be used together: remove one")
	end
	local listen = options.listen
	if listen == nil then
		return (keyed or open) and "" or LOOPBACK
	end
	checks.listen(listen, "listen")
	if not keyed and not open and not host.loopback(listen) then
		checks.type_error("listen: other hosts can reach '%s', but there is no authkey:"
			.. " set authkey, or set open to true to allow clients without a key",
			listen)
	end
	return listen
end

-- Returns the message that sessions cannot run as an account.
function configuration.not_root(account, runs_as)
	return ("account: sessions cannot run as '%s': the broker runs as '%s', and only a broker"
		.. " that runs as root can use another account"):format(
		account, runs_as)
end

return configuration

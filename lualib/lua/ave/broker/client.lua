-- The client of a broker. After the broker was killed and started again, it
-- connects again, shows its token, and is the same client for the broker. What it
-- has leased are handles, whose methods are those of the resource.

local RemoteControl = require("ave.network.control").RemoteControl
local Handle = require("ave.broker.handle")
local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
local json = require("ave.json")
local keyring = require("ave.broker.keyring")
local resources = require("ave.broker.resources")
local time = require("ave.time")
local text = require("ave.text")

local Client = {}
Client.__index = Client

local ATTEMPTS = 10 -- of a call whose connection is lost
local PAUSE = 0.1 -- seconds between two attempts to reach the broker again

-- Options of connect: address and authkey (default: those in broker.json in the
-- home of this user; an empty key means no key), timeout (of connecting, default 5
-- s), optimist (keep trying within timeout while nothing listens), patience (how
-- long the broker may be away, default 30 s), linger (how long the broker keeps
-- leases when the connection is lost, default 0 s), call_timeout, and resources
-- (the broker's resource classes, for the client's side of their methods); or fleet: see
-- fleet.lua.
local known = { address = true, authkey = true, timeout = true, optimist = true, patience = true, linger = true,
	call_timeout = true, resources = true, fleet = true }

local function make(options)
	if type(options) ~= "table" then
		checks.wanted("connect", "a table of options", options)
	end
	for name in pairs(options) do
		if not known[name] then
			local names = {}
			for option in pairs(known) do
				table.insert(names, option)
			end
			table.sort(names)
			checks.type_error("connect: option '%s': there is no such option%s", tostring(name), text.among(tostring(name), names))
		end
	end
	local address = checks.address(options.address or keyring.address("connect: address"), "connect: address")
	return setmetatable({
		address = address,
		authkey = options.authkey or keyring.key(address),
		timeout = checks.seconds(options.timeout or 5, "connect: timeout"),
		optimist = checks.boolean(options.optimist or false, "connect: optimist"),
		patience = checks.seconds(options.patience or 30, "connect: patience"),
		linger = checks.seconds(options.linger or 0, "connect: linger"),
		call_timeout = options.call_timeout,
		classes = resources.check(options.resources or {}, "connect: resources"),
		handles = {}, -- by the lease
		sessions = {}, -- RemoteControls by port
	}, Client)
end

-- Becomes a client that another process was. It had a token and leases, a list of
-- their numbers.
local function resume(options, token, leases)
	local self = make(options)
	self.token = token
	for _, lease in ipairs(leases) do
		self.handles[lease] = true
	end
	self:attach()
	return self
end

-- Makes the first call on a connection, and closes the connection if that fails.
local function first_call(remote, method, ...)
	local ok, result = pcall(remote.call, remote, method, { ... })
	if not ok then
		remote:close()
		error(result, 0)
	end
	return result
end

-- Connects; with a token, as the client that it was before.
function Client:attach(optimist)
	local remote = RemoteControl(self.address, self.authkey, self.timeout, optimist, nil, {
		call_timeout = self.call_timeout, keep = false, -- what is granted too late goes back to the broker
	})
	remote:connect()
	if not self.token then
		self.token = first_call(remote, "enroll", self.linger)
	else
		local leases = json.list()
		for lease in pairs(self.handles) do
			table.insert(leases, lease)
		end
		first_call(remote, "reclaim", self.token, leases)
	end
	if self.remote then
		self.remote:close()
	end
	self.remote = remote
end

local function is_cut(e)
	return type(e) == "table" and (e:is("ConnectionClosed") or e:is("ConnectionReset"))
end

local function is_lost(e)
	return is_cut(e) or type(e) == "table" and e:is("ConnectionRefused")
end

-- Connects again to a broker that is away, for the time of patience. If the first
-- connection of a client is cut again and again, the peer may not be a broker.
function Client:reattach()
	local deadline = host.clock() + self.patience
	local cuts = 0
	while true do
		local ok, e = pcall(self.attach, self)
		cuts = cuts + (not self.remote and is_cut(e) and 1 or 0)
		if ok then
			return
		elseif type(e) == "table" and e:is("NoSuch") then
			local had = next(self.handles) ~= nil
			self.token, self.handles = nil, {}
			if had then
				error(exceptions.Restarting("the broker was restarted and no longer knows this client: its leases are lost"), 0)
			end
		elseif cuts == ATTEMPTS or not is_lost(e) and not (type(e) == "table" and e:is("ConnectionTimeout")) then
			error(e, 0)
		elseif host.clock() >= deadline then
			error(exceptions.Restarting(("the broker cannot be reached for %g s: %s"):format(self.patience, e.message)), 0)
		end
		time.sleep(PAUSE)
	end
end

-- Makes a client. If the broker is killed right after it accepted the connection,
-- it is waited for, as for an older client.
local function connect(options)
	if type(options) == "table" and options.fleet then
		return require("ave.broker.fleet").connect(options)
	end
	local self = make(options)
	local ok, e = pcall(self.attach, self, self.optimist)
	if not ok and is_cut(e) then
		ok, e = pcall(self.reattach, self)
	end
	if not ok then
		if not self.authkey and type(e) == "table" and (e:is("AuthError") or is_cut(e)) then
			e.details.message = e.message .. "; " .. keyring.advice(self.address)
		end
		error(e, 0)
	end
	return self
end

-- Calls a method of the broker. A call that is lost with the broker is repeated: if
-- it has leased something, the broker takes that back when this client reclaims. A
-- call that is lost again and again may be what kills the broker, so the number of
-- attempts is limited.
function Client:call(method, ...)
	if self.closed then
		error(exceptions.Exception("the client was closed"), 0)
	end
	local arguments = json.list { ... }
	for attempt = 1, ATTEMPTS do
		local remote = self.remote
		local ok, result = pcall(remote.call, remote, method, arguments)
		if ok then
			return result
		elseif attempt == ATTEMPTS or not is_lost(result) then
			error(result, 0)
		elseif remote == self.remote then
			remote:close()
			self:reattach()
		end
	end
end

function Client:session(address, authkey)
	local name = address[1] .. ":" .. address[2]
	if not self.sessions[name] then
		self.sessions[name] = RemoteControl(address, authkey, self.timeout, false, nil, { keep = false })
		self.sessions[name]:connect()
	end
	return self.sessions[name]
end

-- Makes handles for leases that the broker has granted.
function Client:handles_of(granted)
	local ids, handles = json.list(), {}
	for n, row in ipairs(granted) do
		ids[n] = row.lease
		self.handles[row.lease] = true
	end
	for n, row in ipairs(self:call("serve", ids)) do
		local class = self.classes[row.profile.type]
		local handle = { client = self, lease = row.lease, profile = row.profile }
		handle.methods = class and resources.load(class).client or {}
		if row.port then
			handle.resource = row.resource
			handle.remote = self:session({ row.host ~= "" and row.host or self.address[1], row.port }, row.authkey)
		end
		handles[n] = setmetatable(handle, Handle)
		self.handles[row.lease] = handles[n]
	end
	return handles
end

-- Leases what matches a list of profiles, and returns a list of handles. The list
-- may have the fields wait (seconds) and reason.
function Client:request(wanted)
	local profiles = json.list()
	for n, profile in ipairs(wanted) do
		profiles[n] = profile
	end
	local granted
	if wanted.wait then
		granted = self:call("wait_for", profiles, wanted.wait, wanted.reason or json.null)
	else
		granted = self:call("lease", profiles, wanted.reason or json.null)
	end
	local ok, handles = pcall(self.handles_of, self, granted)
	if not ok then
		pcall(self.give_back, self, granted)
		error(handles, 0)
	end
	return handles
end

-- Leases what matches the profiles, and returns a handle for each.
function Client:get(...)
	return unpack(self:request { ... })
end

function Client:give_back(rows)
	local ids = json.list()
	for n, row in ipairs(rows) do
		ids[n] = row.lease
	end
	self:call("yield_leases", ids)
	for _, id in ipairs(ids) do
		self.handles[id] = nil
	end
	if next(self.handles) == nil then
		self:leave_sessions()
	end
end

-- Gives back handles, or everything if there are none.
function Client:yield(...)
	local handles = { ... }
	if #handles == 0 then
		for lease in pairs(self.handles) do
			table.insert(handles, { lease = lease })
		end
	end
	self:give_back(handles)
end

function Client:leave_sessions()
	for name, session in pairs(self.sessions) do
		session:close()
		self.sessions[name] = nil
	end
end

-- Lists the profiles of what this client has leased.
function Client:list()
	return self:call("list_allocations")
end

-- Closes the connection, and so gives everything back. With linger, the broker is
-- told first, because it would keep the leases.
function Client:close()
	if self.linger > 0 and next(self.handles) ~= nil and not self.closed then
		pcall(self.remote.call, self.remote, "yield_resources", {}, {}, self.timeout)
	end
	self.closed = true
	self.remote:close()
	self:leave_sessions()
	self.handles = {}
end

return { connect = connect, resume = resume }

-- A session is the process that holds the resources of one client. It is a daemon,
-- so neither a restart nor the death of the broker disturbs what a client is doing.
--
-- It lives as long as the client or the broker is connected. If both have been away
-- for the grace time, it ends by itself. Whenever it ends in good order, it closes
-- its resources.

local Control = require("ave.network.control").Control
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
local json = require("ave.json")
local persona = require("ave.persona")
local Profile = require("ave.profile").Profile
local resources = require("ave.broker.resources")
local time = require("ave.time")

local Stale = exceptions.define("Stale")

local Session = Control:subclass("Session")

-- The file in a session's directory that contains its pid.
local OWNER = ".owner"

-- Options: those of Control, with the client's key as authkey and the broker's as
-- the key of the account "broker"; and classes (of resources, by type), directory
-- (which belongs to the session), grace, and account (which the session runs as;
-- nil for the broker's).
function Session:init(options)
	for _, name in ipairs { "classes", "directory", "grace", "account" } do
		self[name], options[name] = options[name], nil
	end
	options.home = not self.account and options.home or nil -- another account has its own home
	options.interval = 0.5
	Control.init(self, options)
end

function Session:initialize()
	if self.account and self.account ~= host.account() then
		host.give(self.directory, self.account)
		persona.become_user(self.account)
	end
	host.write(self.directory, OWNER, tostring(self.pid)) -- for cleaning up if session and broker were killed
	self.open_resources = {} -- by lease id
	self.opening = {} -- leases whose resources are being opened
	self.tokens = {} -- of leases of a fleet
	self.connected = { broker = 0, client = 0 }
	self.alone_since = host.clock()
	Control.initialize(self)
end

local function role(client)
	return client.accounts[1] or "client"
end

function Session:new_connection(client)
	self.connected[role(client)] = self.connected[role(client)] + 1
end

function Session:lost_connection(client)
	self.connected[role(client)] = self.connected[role(client)] - 1
	self.alone_since = host.clock()
end

function Session:idle()
	local held = self.connected.broker + self.connected.client > 0
	if not held and host.clock() - self.alone_since > self.grace then
		self:shutdown("the session is no longer used")
	end
end

function Session:run()
	Control.run(self)
	for lease in pairs(self.open_resources) do
		pcall(self.close_resource, self, lease)
	end
	pcall(host.remove_directory, self.directory) -- if the account may not remove it, the broker does
end

function Session:handle_SIGTERM()
	self:shutdown("the session was closed")
end

local for_broker = Control.preauth("broker")

-- Opens the resource of a lease. This may take so long that the broker is killed in
-- the meantime. So it is concurrent, and calls that need the resource wait for it.
-- A lease of a fleet has a token.
Session.open = Control.rpc(Control.concurrent(for_broker(function(self, lease, profile, token)
	profile = Profile(profile)
	self.tokens[lease] = token
	self.opening[lease] = true
	local ok, resource = pcall(resources.open, self.classes[profile.type], profile, self.directory)
	self.opening[lease] = nil
	if not ok then
		error(resource, 0)
	end
	self.open_resources[lease] = resource
end)), { "token" })

-- Says that a claim with this token has taken over what the session serves. The
-- session is told to end afterwards; until then it refuses to be used.
Session.fence = Control.rpc(Control.concurrent(for_broker(function(self, token)
	self.fenced = token
end)))

function Session:check_token(lease)
	local own = self.tokens[lease]
	if self.fenced and own then
		error(Stale {
			message = ("the token is stale: known is %s, that of the lease is %s"):format(self.fenced, own),
			known = self.fenced, given = own,
		}, 0)
	end
end

function Session:await_opening(lease)
	while self.opening[lease] do
		time.sleep(0.02)
	end
end

function Session:close_resource(lease)
	local resource = self.open_resources[lease]
	self.open_resources[lease] = nil
	if resource and resource.close then
		resource:close()
	end
end

-- Closes the resource of a lease; does nothing if it is not open. A call that is
-- using it continues, and may fail.
Session.close = Control.rpc(Control.concurrent(for_broker(function(self, lease)
	self:await_opening(lease)
	self:close_resource(lease)
end)))

-- Returns what is open or being opened, and whether the client is connected.
Session.status = Control.rpc(Control.concurrent(for_broker(function(self)
	local list = json.list()
	for lease in pairs(self.open_resources) do
		table.insert(list, lease)
	end
	for lease in pairs(self.opening) do
		table.insert(list, lease)
	end
	return { pid = self.pid, leases = list, clients = self.connected.client }
end)))

-- Calls a method of a resource.
Session.invoke = Control.rpc(Control.concurrent(function(self, lease, method, arguments)
	self:await_opening(lease)
	self:check_token(lease)
	local resource = self.open_resources[lease]
	if not resource then
		error(exceptions.Exception(("the resource of lease %s is not open"):format(tostring(lease))), 0)
	end
	return resources.method(resource, method)(resource, unpack(arguments))
end))

return { Session = Session }

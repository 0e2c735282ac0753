-- A session is the process that has the resources of one client. It is a daemon:
-- neither a restart nor the death of the broker touches what a client is doing.
--
-- It lives as long as somebody holds it, the client or the broker, by a
-- connection. When both have been away for the grace time it ends by itself.
-- Whatever ends it in good order, its resources are closed.

local Control = require("ave.network.control").Control
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
local json = require("ave.json")
local Profile = require("ave.profile").Profile
local resources = require("ave.broker.resources")
local time = require("ave.time")

local Session = Control:subclass("Session")

-- Session(options): those of Control, with the client's key as authkey and the
-- broker's as that of the account broker; and classes (of resources by type),
-- directory (which belongs to the session) and grace.
function Session:init(options)
	self.classes, self.directory, self.grace = options.classes, options.directory, options.grace
	options.classes, options.directory, options.grace = nil, nil, nil
	options.interval = 0.5
	Control.init(self, options)
end

function Session:initialize()
	self.open_resources = {} -- by the id of the lease
	self.opening = {} -- the leases whose resources are just being opened
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
		self:shutdown("nobody needs the session any more")
	end
end

function Session:run()
	Control.run(self)
	for lease in pairs(self.open_resources) do
		pcall(self.close_resource, self, lease)
	end
	host.remove_directory(self.directory)
end

function Session:handle_SIGTERM()
	self:shutdown("the session was closed")
end

local for_broker = Control.preauth("broker")

-- Opens the resource of a lease. That can take longer than the broker lives: so
-- others can connect meanwhile, and whoever needs the resource waits for it.
Session.open = Control.rpc(Control.concurrent(for_broker(function(self, lease, profile)
	profile = Profile(profile)
	self.opening[lease] = true
	local ok, resource = pcall(resources.open, self.classes[profile.type], profile, self.directory)
	self.opening[lease] = nil
	if not ok then
		error(resource, 0)
	end
	self.open_resources[lease] = resource
end)))

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

-- Closes the resource of a lease, which need not be open. Another call that uses
-- it goes on, and may fail.
Session.close = Control.rpc(Control.concurrent(for_broker(function(self, lease)
	self:await_opening(lease)
	self:close_resource(lease)
end)))

-- Tells what is open, or will be, and whether the client is there.
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
	local resource = self.open_resources[lease]
	if not resource then
		error(exceptions.Exception(("lease %s has no resource that is open"):format(tostring(lease))), 0)
	end
	return resources.method(resource, method)(resource, unpack(arguments))
end))

return { Session = Session }

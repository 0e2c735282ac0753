-- Equipment that a fleet has leased: at the broker of some host, for this process. The
-- handles talk to the sessions directly.

local RemoteControl = require("ave.network.control").RemoteControl
local Handle = require("ave.broker.handle")
local resources = require("ave.broker.resources")

local Leased = {}
Leased.__index = Leased

local TIME = 5 -- seconds for connecting to a session

-- Makes the owner of the handles. Classes are the resource classes by type, for the
-- client's side of their methods; done(handle) is called for a handle that is given
-- back.
local function open(classes, done)
	return setmetatable({
		classes = classes or resources.check({}, "resources"), done = done or function() end, sessions = {},
	}, Leased)
end

function Leased:session(lease)
	local name = lease.address .. ":" .. lease.port
	if not self.sessions[name] then
		self.sessions[name] = RemoteControl({ lease.address, lease.port }, lease.key, TIME, false, nil, { keep = false })
		self.sessions[name]:connect()
	end
	return self.sessions[name]
end

-- Makes the handle of a lease, which has the form of wire.Lease.
function Leased:handle(lease)
	local class = self.classes[lease.profile.type]
	local handle = { client = self, lease = lease.lease, profile = lease.profile }
	handle.methods = class and resources.load(class).client or {}
	if (lease.port or 0) > 0 then
		lease.address = lease.address or ""
		handle.resource = tonumber(lease.resource) or lease.resource
		handle.remote = self:session(lease)
	end
	return setmetatable(handle, Handle)
end

function Leased:yield(...)
	for _, handle in ipairs { ... } do
		self.done(handle)
	end
end

-- Closes the connections. It ends no lease.
function Leased:close()
	for name, session in pairs(self.sessions) do
		session:close()
		self.sessions[name] = nil
	end
end

return { open = open }

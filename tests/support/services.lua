-- Services in processes of their own, for one test or one block of them.

local connection = require("ave.network.connection")
local control = require("ave.network.control")

local services = {}

-- Starts a service of a class on a port that is free. It has the fields before it
-- starts. Returns it and the port.
function services.start(class, options, fields)
	options = options or {}
	options.socket, options.port = connection.find_free_port()
	local started = class(options)
	for name, value in pairs(fields or {}) do
		started[name] = value
	end
	local ok, e = pcall(started.start, started, { synchronize = true })
	if not ok then
		options.socket:close() -- it is the service's when that has started
		error(e, 0)
	end
	return started, options.port
end

-- Ends it, if it has not ended by itself.
function services.stop(started)
	if started:is_alive() then
		started:terminate()
	end
	started:join(10)
end

-- Connects to a service, as a peer that writes its own frames and has come as far as
-- the challenge.
function services.stranger(port)
	local conn = connection.BlockingConnection { "", port }
	conn:connect(10)
	conn:get(10)
	return conn
end

-- Connects to a service that has no key, as a peer that has come through the handshake
-- and writes its own frames.
function services.peer(port)
	local conn = services.stranger(port)
	conn:put("0123456789abcdef", 10)
	assert.equal('{"authenticated": true}', conn:get(10))
	return conn
end

-- Visitors are the connections of a test to a service: a list, opened, that is closed
-- as a whole.
local Visitors = {}
Visitors.__index = Visitors

function services.visitors(port)
	return setmetatable({ port = port, opened = {} }, Visitors)
end

local function keep(visitors, one)
	table.insert(visitors.opened, one)
	return one
end

function Visitors:client()
	return keep(self, control.RemoteControl({ "", self.port }, nil, 10))
end

function Visitors:stranger()
	return keep(self, services.stranger(self.port))
end

function Visitors:peer()
	return keep(self, services.peer(self.port))
end

function Visitors:close()
	for _, one in ipairs(self.opened) do
		one:close()
	end
	self.opened = {}
end

return services

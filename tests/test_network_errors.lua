-- Errors of connections stay in the process whose connections they are about. A
-- client can tell that its own has failed from that one of its service has.

local connection = require("ave.network.connection")
local control = require("ave.network.control")
local network = require("ave.network.exceptions")
local services = require("support.services")

local Control, RemoteControl = control.Control, control.RemoteControl
local rpc = Control.rpc

local Relay = Control:subclass("Relay")
Relay.ask = rpc(function(_, port, method) return RemoteControl({ "", port }, nil, 5):call(method) end)
Relay.slow = rpc(function(_, port)
	return RemoteControl({ "", port }, nil, 5):call("wait", {}, {}, 0.05)
end)
Relay.raise = rpc(function(_, class) error(network[class] { message = "of its own", number = 7 }) end)
Relay.wait = rpc(Control.concurrent(function() require("ave.cmd").run("sleep 5") end))
Relay.die = rpc(function() os.execute("kill -9 $PPID") end)

describe("an error of a connection", function()
	local relays, clients

	local function start()
		local relay, port = services.start(Relay)
		relays[#relays + 1] = relay
		return port
	end

	local function connect(port)
		local client = RemoteControl({ "", port }, nil, 5)
		clients[#clients + 1] = client
		return client
	end

	before_each(function()
		relays, clients = {}, {}
	end)

	after_each(function()
		for _, client in ipairs(clients) do
			client:close()
		end
		for _, relay in ipairs(relays) do
			relay:kill()
			relay:join(10)
		end
	end)

	local function unused_port()
		local socket, port = connection.find_free_port()
		socket:close()
		return port
	end

	it("reaches a client as an AveException that says what happened and where", function()
		local port = start()
		local client = connect(port)
		local e = assert.raises("AveException", client.ask, client, unused_port(), "raise")
		assert.is_false(e:is("ConnectionRefused"))
		assert.equal("AveException", e.type)
		assert.equal("ConnectionRefused", e.cause.type)
		assert.matches("connection refused", e.cause.message, 1, true)
		assert.matches("a connection of the service failed: ConnectionRefused: ", e.message, 1, true)
		assert.same({ "127.0.0.1", port }, e.service)
		assert.matches("test_network_errors.lua", e.trace[#e.trace][1], 1, true)
		assert.equal("of its own", assert.raises("AveException", client.raise, client, "ConnectionClosed").cause.message)
	end)

	it("is not taken for one of the client's own connection", function()
		local client = connect(start())
		local names = { "ConnectionClosed", "ConnectionTimeout", "ConnectionRefused", "ConnectionInProgress", "ConnectionAgain",
			"ConnectionReset", "ConnectionUnknownHost" }
		for _, name in ipairs(names) do
			local e = assert.raises("AveException", client.raise, client, name)
			assert.same({ name, 7 }, { e.cause.type, e.number })
			local future = client.future:raise(name)
			assert.equal(name, assert.raises("AveException", future.get, future).cause.type)
		end
		assert.raises("AveException", client.slow, client, start())
		assert.raises("ConnectionClosed", client.die, client)
	end)

	it("names the service that has had it", function()
		local first, second = start(), start()
		local client = connect(first)
		local e = assert.raises("AveException", client.ask, client, second, "die")
		assert.same({ "ConnectionClosed", { "127.0.0.1", first } }, { e.cause.type, e.service })
	end)
end)

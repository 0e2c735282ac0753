-- Connections that a service was given, rather than having accepted them.

local connection = require("ave.network.connection")
local control = require("ave.network.control")
local json = require("ave.json")
local services = require("support.services")

local BlockingConnection, find_free_port = connection.BlockingConnection, connection.find_free_port
local Control, RemoteControl = control.Control, control.RemoteControl
local rpc = Control.rpc

local Host = Control:subclass("Host")

function Host:init(options)
	Control.init(self, options)
	self.notes = {}
end

Host.invite = rpc(function(self, port)
	local conn = BlockingConnection { "", port }
	conn:connect(5)
	self:add_connection(conn, "admin key").name = "guest"
end)
Host.crowd = rpc(function(self, port)
	local conn = BlockingConnection { "", port }
	conn:connect(5)
	local _, e = pcall(self.add_connection, self, conn)
	conn:put(tostring(e), 5) -- it is still ours
	conn:close()
end)
Host.dismiss = rpc(function(self) self:remove_connection(self.current_connection) return "bye" end)
Host.drop = rpc(Control.preauth("admin")(function() return "dropped" end))
Host.log_of = rpc(function(self) return json.list(self.notes) end)

function Host:new_connection(client, key)
	client.name = "client"
	self.notes[#self.notes + 1] = "new client " .. key
end

function Host:lost_connection(client, key)
	self.notes[#self.notes + 1] = "lost " .. client.name .. " " .. key
end

describe("a connection that a service was given", function()
	local service, client, listener, port, guest

	local function call(method)
		guest:put('{"method": "' .. method .. '", "params": {"vargs": [], "kwargs": {}}}', 5)
		return guest:get(5)
	end

	before_each(function()
		local socket
		service, port = services.start(Host, { authkey = "secret", alt_keys = { admin = "admin key" }, max_connections = 2 })
		client = RemoteControl({ "", port }, "secret", 5)
		socket, port = find_free_port()
		listener = BlockingConnection({ "", port }, socket)
		client:invite(port)
		guest = listener:accept(5)
	end)

	after_each(function()
		guest:close()
		listener:close()
		client:close()
		services.stop(service)
	end)

	local function is_lost()
		eventually(function()
			assert.same({ "new client secret", "lost guest admin key" }, client:log_of())
		end)
	end

	it("has the rights of its key, and is lost like others", function()
		assert.equal('{"result": "dropped"}', call("drop"))
		guest:close()
		is_lost()
	end)

	it("ends after the call in which it is removed", function()
		assert.equal('{"result": "bye"}', call("dismiss"))
		assert.raises("ConnectionClosed", guest.get, guest, 5)
		is_lost()
	end)

	it("is not taken where there are too many", function()
		client:crowd(port)
		local refused = listener:accept(5)
		assert.equal("the service already has 2 clients, which is the limit", refused:get(5))
		assert.equal('{"result": "dropped"}', call("drop"))
	end)

	it("has to be one", function()
		local function adds(what)
			local own, e = Host { port = 0, interval = 0.01 }, nil
			function own:idle()
				e = select(2, pcall(self.add_connection, self, what))
				self:shutdown()
			end
			own:run()
			return e.type
		end
		assert.equal("TypeError", adds("x"))
		assert.equal("TypeError", adds {})
	end)
end)

-- What a service tells of itself: its statistics and its description.

local connection = require("ave.network.connection")
local control = require("ave.network.control")
local json = require("ave.json")
local services = require("support.services")

local Control, RemoteControl = control.Control, control.RemoteControl
local BlockingConnection, find_free_port = connection.BlockingConnection, connection.find_free_port
local rpc = Control.rpc

local Lab = Control:subclass("DescribedLab")

--- Finds things by their name:
---   at most `limit` of them.
---@param name string
Lab.find = rpc(function(_, name, limit, filter) return { name, limit, filter } end, { "filter", limit = 10 })

-- Raises an error.
function Lab:fail() error("no") end
Lab.fail = rpc(Control.auth(Lab.fail))

-- Drops what it is given.
Lab.drop = rpc( -- for few
	Control.preauth("admin")(
		-- who need not wait
		Control.concurrent(function(_, ...) return ... end)
	)
)

-- This belongs to nothing.

Lab.hide = rpc(function() end)

-- Nobody knows the source of a function that is written in Go.
Lab.next = rpc(next)
function Lab:secret() end

-- A service that is busy for as long as who listens at a port likes.
local Stuck = Control:subclass("StuckLab")
Stuck.wait_at = rpc(function(_, at)
	local conn = BlockingConnection { "", at }
	conn:connect(10)
	local word = conn:get(10)
	conn:close()
	return word
end)
Stuck.announced = rpc(function(self) return self.current_connection.is_announced end)
function Stuck:new_connection(client) client.is_announced = true end

describe("a service", function()
	local service, port, clients

	local function start(options)
		service, port = services.start(Lab, options)
	end

	local function connect(key)
		local client = RemoteControl({ "", port }, key, 10)
		clients[#clients + 1] = client
		return client
	end

	before_each(function()
		clients = {}
	end)

	after_each(function()
		for _, client in ipairs(clients) do
			client:close()
		end
		services.stop(service)
	end)

	it("describes its methods", function()
		start { authkey = "secret" }
		local description = connect("secret"):call("$describe")
		assert.equal("DescribedLab", description.name)
		local methods = {}
		for i, method in ipairs(description.methods) do
			methods[i] = method.name
		end
		assert.same({ "$describe", "$end_call", "$handover", "$statistics", "drop", "fail", "find", "hide", "next" }, methods)
		local describe_method, _, _, statistics, drop, fail, find, hide, go = unpack(description.methods)
		assert.same({
			{ name = "name", optional = false },
			{ name = "limit", optional = true, default = 10 },
			{ name = "filter", optional = true },
		}, find.parameters)
		assert.is_true(drop.variadic and drop.concurrent)
		assert.same({ "admin" }, drop.preauth)
		assert.is_true(fail.auth)
		assert.is_false(find.auth or find.variadic or find.concurrent)
		assert.equal(json.null, find.preauth)
		assert.equal("Finds things by their name:\n  at most `limit` of them.", find.doc)
		assert.equal("Raises an error.", fail.doc)
		assert.equal("Drops what it is given.", drop.doc)
		assert.equal(json.null, hide.doc)
		assert.equal(json.null, go.doc)
		assert.matches("^Returns the name of the service", describe_method.doc)
		assert.matches("^Returns counts of calls", statistics.doc)
		assert.same({ "admin" }, statistics.preauth)
	end)

	it("does not describe itself if it is not to", function()
		start { describe = false }
		local client = connect()
		local e = assert.raises("Exception", client.call, client, "$describe")
		assert.equal("no such RPC: $describe", e.message)
	end)

	it("counts its calls, for the admin", function()
		start { authkey = "secret", alt_keys = { admin = "admin key" } }
		local client = connect("secret")
		client:find("x")
		client:find("y")
		assert.raises("Exception", client.fail, client)
		local e = assert.raises("AuthError", client.call, client, "$statistics")
		assert.matches("^not authorized to make this call", e.message)
		local statistics = connect("admin key"):call("$statistics")
		assert.equal(4, statistics.calls) -- with the $describe of a client that was refused
		assert.equal(1, statistics.errors)
		assert.equal(1, statistics.refused)
		assert.equal(2, statistics.connections)
		assert.equal(2, statistics.methods.find.calls)
		assert.equal(1, statistics.methods.fail.errors)
		assert.equal(0, statistics.limits.max_frame)
	end)

	it("answers new clients while a method is stuck", function()
		service, port = services.start(Stuck)
		local listener = BlockingConnection { "", 0 }
		listener:listen()
		local stuck = connect().future:wait_at(listener:address()[2])
		local held = listener:accept(10)
		finally(function() held:close() listener:close() end)
		local late = connect()
		assert.equal("StuckLab", late:call("$describe", {}, {}, 10).name)
		assert.equal(2, late:call("$statistics", {}, {}, 10).connections)
		local known = late.future:announced()
		held:put("go on", 10)
		assert.equal("go on", stuck:get(10))
		assert.is_true(known:get(10))
	end)

	it("gives its statistics to Prometheus", function()
		local socket, metrics = find_free_port { listen = false }
		socket:close()
		start { metrics_port = metrics }
		connect():find("x")
		local http = BlockingConnection { "", metrics }
		finally(function() http:close() end)
		http:connect(10)
		http:write("GET /metrics HTTP/1.0\r\n\r\n", 10)
		local text = {}
		pcall(function()
			while true do
				text[#text + 1] = http:read(1, 10)
			end
		end)
		assert.matches('ave_call_duration_seconds_count{method="find"} 1', table.concat(text), 1, true)
	end)
end)

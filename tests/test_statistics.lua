-- What a service tells of itself: its statistics and its description.

local connection = require("ave.network.connection")
local control = require("ave.network.control")
local json = require("ave.json")

local Control, RemoteControl = control.Control, control.RemoteControl
local find_free_port = connection.find_free_port
local rpc = Control.rpc

local Lab = Control:subclass("DescribedLab")
Lab.find = rpc(function(_, name, limit, filter) return { name, limit, filter } end, { "filter", limit = 10 })
Lab.fail = rpc(Control.auth(function() error("no") end))
Lab.drop = rpc(Control.preauth("admin")(Control.concurrent(function(_, ...) return ... end)))
function Lab:secret() end

describe("a service", function()
	local service, port, clients

	local function start(options)
		options.socket, port = find_free_port()
		options.port = port
		service = Lab(options)
		service:start { synchronize = true }
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
		service:terminate()
		service:join(10)
	end)

	it("describes its methods", function()
		start { authkey = "secret" }
		local description = connect("secret"):call("$describe")
		assert.equal("DescribedLab", description.name)
		local methods = {}
		for i, method in ipairs(description.methods) do
			methods[i] = method.name
		end
		assert.same({ "drop", "fail", "find" }, methods)
		local drop, fail, find = unpack(description.methods)
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
		local e = assert.raises("Exception", client.call, client, "$statistics")
		assert.equal("not authorized to make this call", e.message)
		local statistics = connect("admin key"):call("$statistics")
		assert.equal(3, statistics.calls)
		assert.equal(1, statistics.errors)
		assert.equal(1, statistics.refused)
		assert.equal(2, statistics.connections)
		assert.equal(2, statistics.methods.find.calls)
		assert.equal(1, statistics.methods.fail.errors)
		assert.equal(0, statistics.limits.max_frame)
	end)

	it("gives its statistics to Prometheus", function()
		local socket, metrics = find_free_port { listen = false }
		socket:close()
		start { metrics_port = metrics }
		connect():find("x")
		local http = connection.BlockingConnection { "", metrics }
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

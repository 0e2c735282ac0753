-- What goes over the wire, byte for byte, where clients and services of the
-- earlier system have ways of their own.

local cmd = require("ave.cmd")
local connection = require("ave.network.connection")
local control = require("ave.network.control")
local exceptions = require("ave.exceptions")
local json = require("ave.json")
local services = require("support.services")

local BlockingConnection = connection.BlockingConnection
local Control, RemoteControl = control.Control, control.RemoteControl
local rpc = Control.rpc

local Lab = Control:subclass("WireLab")

Lab.echo = rpc(function(_, value) return value end)
Lab.kind = rpc(function(_, value)
	return value ~= value and "NaN" or value == math.huge and "Infinity" or value == -math.huge and "-Infinity" or type(value)
end)
Lab.fail = rpc(function(_, details) error(exceptions.AveException(details)) end)
Lab.fail_run = rpc(function() error(exceptions.RunError("it failed")) end)
Lab.leave = rpc(function(_, details) error(exceptions.Exit(details)) end)
Lab.leave_as_child = rpc(function() error(exceptions.Exit:subclass("LabExit")("bye")) end)
Lab.ask = rpc(Control.concurrent(function(_, port, method, value)
	local other = RemoteControl({ "", port }, nil, 10)
	return other[method](other, value)
end))

describe("on the wire", function()
	local service, port, opened

	local function keep(one)
		opened[#opened + 1] = one
		return one
	end

	-- A peer that has come through the handshake.
	local function peer()
		local conn = keep(BlockingConnection { "", port })
		conn:connect(10)
		conn:get(10)
		conn:put("0123456789abcdef", 10)
		assert.equal('{"authenticated": true}', conn:get(10))
		return conn
	end

	local function ask(conn, method, vargs)
		conn:put(('{"method": "%s", "params": {"vargs": [%s], "kwargs": {}}}'):format(method, vargs), 10)
		return conn:get(10)
	end

	local function client()
		return keep(RemoteControl({ "", port }, nil, 10, false, nil, { call_timeout = 20 }))
	end

	before_each(function()
		opened = {}
		service, port = services.start(Lab)
	end)

	after_each(function()
		for _, one in ipairs(opened) do
			one:close()
		end
		services.stop(service)
	end)

	describe("NaN and the infinities", function()
		it("are taken and sent by a service as Python writes them", function()
			local conn = peer()
			for _, word in ipairs { "NaN", "Infinity", "-Infinity", '{"a":[NaN,-Infinity,"NaN"]}' } do
				assert.equal('{"result": ' .. word .. "}", ask(conn, "echo", word))
			end
			assert.equal('{"result": "NaN"}', ask(conn, "kind", "NaN"))
			assert.equal('{"result": "-Infinity"}', ask(conn, "kind", "-Infinity"))
			conn:put('{"method": "kind", "params": {"vargs": [], "kwargs": {"value": Infinity}}}', 10)
			assert.equal('{"result": "Infinity"}', conn:get(10))
		end)

		it("are refused where they are misspelt, and the connection stays", function()
			local conn = peer()
			for _, word in ipairs { "nan", "-NaN", "Inf", "+Infinity", "NaNN", "1NaN", "{NaN: 1}", "NaN NaN" } do
				assert.matches('{"exception": "malformed JSON: ', ask(conn, "echo", word), 1, true)
			end
			assert.equal('{"result": 1}', ask(conn, "echo", "1"))
		end)

		it("are taken and sent by a client, in every kind of call", function()
			local remote = client()
			assert.equal(math.huge, remote:echo(math.huge))
			assert.equal(-math.huge, remote.future:echo(-math.huge):get(20))
			local nan = remote:call("echo", {}, { value = 0 / 0 })
			assert.not_equal(nan, nan)
			assert.equal("NaN", remote:kind(0 / 0))
			assert.same({ a = { 1, math.huge } }, remote:echo { a = { 1, math.huge } })
		end)

		it("pass through a service that passes them on", function()
			assert.equal(-math.huge, client():ask(port, "echo", -math.huge))
		end)

		it("may be details of an error", function()
			local remote = client()
			local e = assert.raises("AveException", remote.fail, remote, { message = "too hot", celsius = math.huge, at = { -math.huge } })
			assert.equal("too hot", e.message)
			assert.equal(math.huge, e.celsius)
			assert.same({ -math.huge }, e.at)
			e = assert.raises("AveException", remote.ask, remote, port, "fail", { message = "too hot", celsius = math.huge })
			assert.equal(math.huge, e.celsius)
		end)

		it("are taken and shown by avescript call", function()
			local function call(...)
				local status, output = cmd.run({ "/proc/self/exe", "call", tostring(port), ... }, { timeout = 30 })
				return status, (output:gsub("\r", ""))
			end
			assert.same({ 0, "[\n  NaN,\n  -Infinity\n]\n" }, { call("echo", "[NaN, -Infinity]") })
			assert.same({ 0, '"Infinity"\n' }, { call("kind", "-k", "value=Infinity") })
			assert.same({ 0, '"NaN"\n' }, { call("echo", '"NaN"') })
		end)

		it("are in ave.json if it is told so, and nowhere else", function()
			assert.equal('{"a":NaN,"b":[Infinity]}', json.encode({ b = { math.huge }, a = 0 / 0 }, { allow_nan = true, sort = true }))
			assert.equal("[-Infinity]", json.encode({ -math.huge }, { allow_nan = true }))
			assert.same({ math.huge, -math.huge }, json.decode("[Infinity, -Infinity]", { allow_nan = true }))
			assert.raises("TypeError", json.encode, 0 / 0)
			assert.raises("TypeError", json.encode, { math.huge }, { allow_nan = false })
			assert.raises("Exception", json.decode, "NaN")
			assert.raises("Exception", json.decode, "nan", { allow_nan = true })
			assert.raises("TypeError", json.decode, "1", { nan = true })
		end)
	end)

	it("a RunError has a command and an output, given or not", function()
		local answer = json.decode(ask(peer(), "fail_run", "")).exception
		assert.same({ "RunError", "it failed", "", "", "" },
			{ answer.type, answer.message, answer.cmd, answer.out, answer.ptyout })
	end)

	describe("an error under the name of another type", function()
		it("is sent under that name, and ends no service", function()
			local conn = peer()
			local answer = json.decode(ask(conn, "fail", '{"type": "Exit", "message": "bye", "n": 1}')).exception
			assert.same({ "Exit", "bye", 1 }, { answer.type, answer.message, answer.n })
			assert.equal('{"result": 2}', ask(conn, "echo", "2"))
			assert.equal(3, client():echo(3))
		end)

		it("ends no service that lets it through either", function()
			local remote = client()
			assert.raises("Exit", remote.ask, remote, port, "fail", { type = "Exit", message = "bye" })
			assert.equal(4, remote:echo(4))
		end)

		it("ends the service if the error is an Exit itself", function()
			local answer = json.decode(ask(peer(), "leave", '{"type": "Farewell", "message": "bye"}')).exception
			assert.equal("Farewell", answer.type)
			assert.equal(0, service:join(20))
		end)
	end)

	it("a child of Exit ends the service", function()
		local remote = client()
		assert.raises("LabExit", remote.leave_as_child, remote)
		assert.equal(0, service:join(20))
	end)
end)

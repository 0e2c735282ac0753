-- ave.network.control: what a service is besides its calls. Keys, clients that
-- come and go, calls that overlap, and the end.

local cmd = require("ave.cmd")
local connection = require("ave.network.connection")
local control = require("ave.network.control")
local exceptions = require("ave.exceptions")
local json = require("ave.json")
local services = require("support.services")

local BlockingConnection, find_free_port = connection.BlockingConnection, connection.find_free_port
local Control, RemoteControl = control.Control, control.RemoteControl
local rpc = Control.rpc

local Lab = Control:subclass("Lab")

Lab.echo = rpc(function(_, value) return value end)
Lab.reload = rpc(Control.auth(function() return "reloaded" end))
Lab.drop = Control.preauth("admin", "root")(rpc(function() return "dropped" end))
Lab.share = rpc(Control.preauth("share")(function() return "shared" end))
Lab.statistics = rpc(function(self) return self.calls end)
Lab.leave = rpc(function() error(exceptions.Exit("going down")) end)
Lab.bye = rpc(function(self, details) self:shutdown(details) return "never sent" end, { "details" })
Lab.finish = rpc(function(self) self:stop() end)
Lab.close_port = rpc(function(self) self:stop_listening() end)
Lab.log_of = rpc(function(self) return json.list(self.notes) end)

Lab.whoami = rpc(function(self)
	local client = self.current_connection
	return { id = client.id, address = client.address, authkey = client.authkey, accounts = client.accounts }
end)

function Lab:init(options)
	Control.init(self, options)
	self.notes = {}
	self.calls = { now = 0, most = 0, served = 0 }
end

local function sleep(self, seconds)
	local calls = self.calls
	calls.now = calls.now + 1
	calls.most = math.max(calls.most, calls.now)
	cmd.run("sleep " .. seconds)
	calls.now, calls.served = calls.now - 1, calls.served + 1
end
Lab.sleep = rpc(sleep)
Lab.doze = rpc(Control.concurrent(sleep))

Lab.is_remembering = rpc(Control.concurrent(function(self) return #self.notes > 0 end))
Lab.remember_after = rpc(function(self, seconds)
	self:note(self.current_connection.id)
	cmd.run("sleep " .. seconds)
	self:note(self.current_connection.id)
end)

function Lab:note(text)
	self.notes[#self.notes + 1] = text
end

describe("a service", function()
	local service, port, clients

	local function start(options, class)
		service, port = services.start(class or Lab, options)
	end

	-- Connects another client, which goes with the test.
	local function connect(key)
		local client = RemoteControl({ "", port }, key, 5)
		clients[#clients + 1] = client
		return client
	end

	local function refused(message, method, client)
		local e = assert.raises("AuthError", client[method], client)
		assert.matches("^" .. message .. ": '" .. method .. "' needs the ", e.message)
		assert.equal(method, e.method)
		return e
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

	describe("with keys", function()
		it("turns away a client that has none of them", function()
			start { authkey = "secret", alt_keys = { admin = "admin key" } }
			for _, key in ipairs { "wrong", "Secret" } do
				local client = connect(key)
				local e = assert.raises("AuthError", client.echo, client, "x")
				assert.equal("the service at 127.0.0.1:" .. port .. " does not accept the key", e.message)
			end
			local nobody = connect()
			local e = assert.raises("ConnectionClosed", nobody.echo, nobody, "x")
			assert.equal("call of 'echo' at 127.0.0.1:" .. port .. ": connection closed; the service may require a key", e.message)
			assert.equal("x", connect("secret"):echo("x"))
			assert.equal("x", connect("admin key"):echo("x"))
		end)

		it("lets the primary key alone call what is marked with auth", function()
			start { authkey = "secret", alt_keys = { admin = "admin key" } }
			assert.equal("reloaded", connect("secret"):reload())
			refused("not authenticated to make this call", "reload", connect("admin key"))
		end)

		it("lets the accounts call what is marked with preauth", function()
			start { authkey = "secret", alt_keys = { admin = "admin key", root = "root key", share = "share key" } }
			assert.equal("dropped", connect("admin key"):drop())
			assert.equal("dropped", connect("root key"):drop())
			local e = refused("not authorized to make this call", "drop", connect("share key"))
			assert.same({ "admin", "root" }, e.accounts)
			refused("not authorized to make this call", "drop", connect("secret"))
			assert.equal("shared", connect("share key"):share())
		end)

		it("keeps strangers if it is anonymous, without any rights", function()
			start { authkey = "secret", alt_keys = { admin = "admin key" }, anonymous = true }
			local stranger = connect()
			assert.equal("x", stranger:echo("x"))
			refused("not authenticated to make this call", "reload", stranger)
			refused("not authorized to make this call", "drop", stranger)
		end)

		it("opens an account whose key is null, and methods without any key", function()
			start { alt_keys = { admin = json.null } }
			local client = connect()
			assert.equal("dropped", client:drop())
			assert.equal("shared", client:share())
		end)

		it("knows who is calling", function()
			start { authkey = "secret", alt_keys = { admin = "same key", root = "same key" } }
			local one, two = connect("secret"):whoami(), connect("same key"):whoami()
			assert.equal("secret", one.authkey)
			assert.same({}, one.accounts)
			assert.equal("127.0.0.1", one.address[1])
			assert.equal("same key", two.authkey)
			table.sort(two.accounts)
			assert.same({ "admin", "root" }, two.accounts)
			assert.not_equal(one.id, two.id)
			assert.not_equal(one.address[2], two.address[2])
		end)

		it("may refuse MD5, which our own clients need not", function()
			start { authkey = "secret", auth = "sha256" }
			assert.equal("x", connect("secret"):echo("x"))
			local client = RemoteControl({ "", port }, "secret", 5, false, nil, { auth = "sha256" })
			assert.equal("x", client:echo("x"))
			client:close()
		end)

		it("refuses keys that are none", function()
			start {}
			assert.raises("TypeError", Lab, { authkey = true })
			assert.raises("TypeError", Lab, { alt_keys = "x" })
			assert.raises("TypeError", Lab, { authkeys = "x" })
			assert.raises("TypeError", Control.preauth)
			local bad = Lab { alt_keys = { admin = 5 } }
			local e = assert.raises("TypeError", bad.run, bad)
			assert.equal("alt_keys: wanted a string or null as the key of 'admin', got 5", e.message)
		end)
	end)

	describe("tells its class", function()
		local Watcher = Lab:subclass("Watcher")
		function Watcher:new_connection(client, key)
			client.name = "client " .. client.id
			self:note("new " .. client.id .. " " .. key)
		end
		function Watcher:lost_connection(client, key)
			self:note("lost " .. client.name:match("%d+") .. " " .. key)
		end
		Watcher.name = rpc(function(self) return self.current_connection.name end)

		it("of clients that come and go", function()
			start({ authkey = "secret", alt_keys = { admin = "admin key" } }, Watcher)
			local one = connect("admin key")
			assert.equal("client 1", one:name())
			local two = connect("secret")
			assert.same({ "new 1 admin key", "new 2 secret" }, two:log_of())
			assert.equal("client 2", two:name())
			one:close()
			eventually(function() assert.equal("lost 1 admin key", two:log_of()[3]) end)
		end)

		it("of no client that did not come through the handshake", function()
			start({ authkey = "secret" }, Watcher)
			local intruder = connect("wrong")
			assert.raises("AuthError", intruder.connect, intruder)
			local silent = BlockingConnection { "", port }
			silent:connect(5)
			silent:get(5)
			silent:close()
			local client = connect("secret")
			assert.equal(1, #client:log_of())
		end)

		it("when nothing happens", function()
			local Idle = Lab:subclass("Idle")
			function Idle:idle()
				self:note("idle")
			end
			start({ interval = 0.02 }, Idle)
			local client = connect()
			eventually(function() return #client:log_of() >= 3 end, { interval = 0.1 })
		end)
	end)

	describe("serves calls", function()
		-- The largest number of calls of a method that overlapped.
		local function most_at_a_time(method)
			start {}
			for _ = 1, 3 do
				local async = connect().async
				async[method](async, 0.3)
			end
			local client = connect()
			eventually(function() return client:statistics().served == 3 end)
			return client:statistics().most
		end

		it("one at a time", function()
			assert.equal(1, most_at_a_time("sleep"))
		end)

		it("that are concurrent, all at once", function()
			assert.equal(3, most_at_a_time("doze"))
		end)

		it("that know whose they are, also after a wait", function()
			start {}
			local patient, other = connect(), connect()
			local before = patient:whoami().id
			patient.async:remember_after(0.5)
			eventually(function() return other:is_remembering() end)
			other:doze(0.01)
			eventually(function() return #other:log_of() == 2 end)
			assert.same({ before, before }, other:log_of())
		end)

		it("of each connection in their order", function()
			start {}
			local client = connect()
			client.async:doze(0.2)
			assert.equal("after", client:echo("after"))
		end)

		it("of many clients", function()
			start {}
			for i = 1, 100 do
				assert.equal(i, connect():echo(i))
			end
			for i, client in ipairs(clients) do
				assert.equal(-i, client:echo(-i))
			end
		end)
	end)

	describe("ends", function()
		it("when a method raises Exit, which has no trace then", function()
			start {}
			local other, client = connect(), connect()
			other:connect()
			local e = assert.raises("Exit", client.leave, client)
			assert.equal("going down", e.message)
			assert.is_nil(e.trace)
			assert.raises("Exit", other.echo, other, "x")
			assert.equal(0, service:join(10))
			assert.raises("ConnectionClosed", client.echo, client, "x")
		end)

		it("not when a service that it calls does", function()
			local Front = Lab:subclass("Front")
			Front.ask = rpc(function(_, there)
				RemoteControl({ "", there }, "secret"):leave()
			end)
			start {}
			local back, behind = service, port
			finally(function() back:join(10) end)
			start({}, Front)
			local client = connect()
			assert.equal("going down", assert.raises("Exit", client.ask, client, behind).message)
			assert.equal("x", client:echo("x"))
		end)

		it("when it shuts down, and tells everybody", function()
			start {}
			local other, client = connect(), connect()
			other:connect()
			assert.equal("maintenance", assert.raises("Exit", client.bye, client, "maintenance").message)
			assert.equal("maintenance", assert.raises("Exit", other.echo, other, "x").message)
			assert.equal(0, service:join(10))
			local late = connect()
			assert.raises("ConnectionRefused", late.echo, late, "x")
		end)

		it("with details, or an error of its own", function()
			start {}
			local client = connect()
			local e = assert.raises("Exit", client.bye, client, { message = "moved", to = { "lab", 4000 } })
			assert.same({ "lab", 4000 }, e.to)
			service:join(10)

			local Moving = Lab:subclass("Moving")
			Moving.move = rpc(function(self) self:shutdown(exceptions.Restarting("come back")) end)
			start({}, Moving)
			client = connect()
			e = assert.raises("Restarting", client.move, client)
			assert.equal("come back", e.message)
			service:join(10)

			start {}
			client = connect()
			assert.equal("the service was shut down", assert.raises("Exit", client.bye, client).message)
		end)

		it("when it is stopped", function()
			start {}
			local client = connect()
			assert.raises("Exit", client.finish, client)
			assert.equal(0, service:join(10))
		end)

		it("not when it stops listening", function()
			start {}
			local client = connect()
			client:close_port()
			local late = connect()
			assert.raises("ConnectionRefused", late.echo, late, "x")
			assert.equal("x", client:echo("x"))
		end)

		it("at once when it is terminated or killed", function()
			start {}
			local client = connect()
			client:connect()
			service:kill()
			assert.equal(-9, service:join(10))
			local e = assert.raises("Exception", client.echo, client, "x")
			assert.is_true(e:is("ConnectionClosed") or e:is("ConnectionReset"))
		end)

		it("in good order on SIGTERM, if its class says so", function()
			local Orderly = Lab:subclass("Orderly")
			function Orderly:handle_SIGTERM()
				self:shutdown("terminated")
			end
			start({}, Orderly)
			local client = connect()
			client:connect()
			service:terminate()
			assert.equal(0, service:join(10))
			assert.equal("terminated", assert.raises("Exit", client.echo, client, "x").message)
		end)

		it("in its own process alone", function()
			service = Lab { port = 0 }
			for _, method in ipairs { "shutdown", "stop", "stop_listening", "add_connection", "remove_connection" } do
				local e = assert.raises("Exception", service[method], service)
				assert.equal("Lab is not running in this process", e.message)
			end
			start {}
		end)
	end)

	it("can be started again, on the same port", function()
		start {}
		service:kill()
		service:join(10)
		service:start { synchronize = true }
		assert.equal("again", connect():echo("again"))
	end)

	it("says when its port is taken", function()
		start {}
		local code = string.format("ave.Control { port = %d }:run()", port)
		local status, output = cmd.run { "/proc/self/exe", "-e", code }
		assert.equal(1, status)
		assert.matches("listen on port " .. port .. ": .*address already in use", output)
	end)

	it("may run in this process", function()
		start {}
		local socket, own = find_free_port()
		local here = Lab { port = own, socket = socket, interval = 0.01 }
		function here:idle()
			self:shutdown("nobody came")
		end
		here:run()
		local client = RemoteControl { "", own }
		assert.raises("ConnectionRefused", client.connect, client)
	end)
end)

describe("a client", function()
	it("says why it could not connect", function()
		local socket, port = find_free_port { listen = false }
		finally(function() socket:close() end)
		local client = RemoteControl({ "", port }, nil, 5)
		assert.raises("ConnectionRefused", client.echo, client)
		client = RemoteControl({ "", port }, nil, 0.1, true)
		assert.raises("ConnectionTimeout", client.echo, client)
	end)

	it("connects as an optimist to a service that starts later", function()
		local socket, port = find_free_port { listen = false }
		socket:close()
		local service = Lab { port = port }
		service:start()
		local client = RemoteControl({ "", port }, nil, 10, true)
		assert.equal("x", client:echo("x"))
		client:close()
		service:terminate()
		service:join(10)
	end)

	it("is of no use when it is closed", function()
		local client = RemoteControl { "", 1 }
		client:close()
		client:close()
		local e = assert.raises("ConnectionClosed", client.echo, client)
		assert.equal("connection closed: the client was closed", e.message)
	end)

	it("refuses wrong arguments", function()
		local function raised(...)
			return assert.raises("TypeError", RemoteControl, ...).message
		end
		assert.equal("RemoteControl: argument 'address': wanted an address {host, port}, got nothing", raised())
		assert.matches("argument 'timeout': wanted a number of seconds", raised({ "", 1 }, "key", "soon"), 1, true)
		assert.matches("option 'tls'", raised({ "", 1 }, nil, nil, nil, nil, { tls = true }), 1, true)
		local client = RemoteControl { "", 1 }
		assert.raises("TypeError", client.call, client)
		assert.raises("TypeError", client.call, client, "echo", "x")
	end)
end)

-- Services that speak TLS. Who does not trust whom is told so, and costs the
-- service no more than one connection. The certificates are made by openssl.

local cmd = require("ave.cmd")
local connection = require("ave.network.connection")
local control = require("ave.network.control")
local Daemon = require("ave.daemon").Daemon
local services = require("support.services")

local BlockingConnection = connection.BlockingConnection
local Control, RemoteControl = control.Control, control.RemoteControl
local rpc = Control.rpc

local Lab = Control:subclass("SecureLab")
Lab.redirect = Daemon.redirect -- to the field log_file
Lab.echo = rpc(function(_, value) return value end)
Lab.hang = rpc(function() cmd.run("sleep 60") end)
Lab.fail = rpc(function() error("paper jam") end)
Lab.reload = rpc(Control.auth(function() return "reloaded" end))
Lab.drop = rpc(Control.preauth("admin")(function() return "dropped" end))
Lab.leave = rpc(function(self) self:shutdown("going down") end)

-- Makes authorities, and certificates that they have signed, in a directory:
-- <name>.pem and <name>.key.
local openssl = [[
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=$1 -keyout $1.key -out $1.pem
}
certificate() { # name, authority, extensions
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$1 -keyout $1.key -out $1.csr
	printf "$3" > $1.ext
	openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days 2 -extfile $1.ext -out $1.pem
}
set -e
mkdir $0
cd $0
authority ca
authority stranger
certificate service ca "subjectAltName=DNS:localhost,DNS:lab,IP:127.0.0.1\nextendedKeyUsage=serverAuth"
certificate client ca "extendedKeyUsage=clientAuth"
certificate impostor stranger "extendedKeyUsage=clientAuth"
]]

local has_openssl = pcall(cmd.run, { "openssl", "version" })
local it = has_openssl and it or pending

describe("a service with TLS", function()
	local dir, service, port, clients

	local function file(name) return dir .. "/" .. name end

	local function logged(message)
		local log = io.open(file("log"))
		local text = log:read("*a")
		log:close()
		assert.matches(message, text, 1, true)
	end

	local function start(options)
		options.logging = true
		service, port = services.start(Lab, options, { log_file = file("log") })
	end

	local function start_secure(options)
		options = options or {}
		options.tls_cert, options.tls_key = file("service.pem"), file("service.key")
		start(options)
	end

	local function keep(client)
		clients[#clients + 1] = client
		return client
	end

	-- A client with some TLS, or with none if that is false.
	local function connect(tls, key, host)
		if tls == nil then
			tls = { ca = file("ca.pem") }
		end
		return keep(RemoteControl({ host or "", port }, key, 5, false, nil, { tls = tls or nil, call_timeout = 10 }))
	end

	local function with(name)
		return { ca = file("ca.pem"), cert = file(name .. ".pem"), key = file(name .. ".key") }
	end

	local function refused(class, message, client)
		local e = assert.raises(class, client.echo, client, "x")
		assert.matches(message, e.message, 1, true)
	end

	-- How many descriptors the service has.
	local function descriptors()
		local _, count = cmd.run { "sh", "-c", "ls /proc/$0/fd | wc -l", tostring(service.pid) }
		return tonumber(count)
	end

	-- Has something done that costs the service one connection, and that one for
	-- a moment only.
	local function costs_one_connection(witness, attempt)
		local before = witness:call("$statistics")
		attempt()
		eventually(function()
			local now = witness:call("$statistics")
			assert.equal(before.accepted + 1, now.accepted)
			assert.equal(before.handshake_failures + 1, now.handshake_failures)
			assert.equal(before.connections, now.connections)
		end)
	end

	setup(function()
		dir = os.tmpname()
		os.remove(dir)
		if has_openssl then
			local status, output = cmd.run({ "sh", "-c", openssl, dir }, { timeout = 30 })
			assert.equal(0, status, output)
		end
	end)

	teardown(function()
		cmd.run { "rm", "-rf", dir }
	end)

	before_each(function()
		clients = {}
	end)

	after_each(function()
		for _, client in ipairs(clients) do
			client:close()
		end
		if service and service:is_alive() then
			service:kill()
			service:join(10)
		end
		os.remove(file("log"))
	end)

	it("serves calls like any other", function()
		start_secure()
		local client, large = connect(), ("x"):rep(1000000)
		assert.equal(large, client:echo(large))
		local futures = {}
		for i = 1, 100 do
			futures[i] = client.future:echo(i)
		end
		for i, future in ipairs(futures) do
			assert.equal(i, future:get())
		end
		assert.matches("paper jam", assert.raises("Exception", client.fail, client).message)
		assert.equal("x", connect(nil, nil, "127.0.0.1"):echo("x"))
		assert.equal("going down", assert.raises("Exit", client.leave, client).message)
		assert.equal(0, service:join(10))
	end)

	it("knows its clients by their keys", function()
		start_secure { authkey = "secret", alt_keys = { admin = "admin key" } }
		assert.equal("reloaded", connect(nil, "secret"):reload())
		local admin = connect(nil, "admin key")
		assert.equal("dropped", admin:drop())
		assert.matches("^not authenticated to make this call", assert.raises("AuthError", admin.reload, admin).message)
		refused("AuthError", "does not accept the key", connect(nil, "wrong"))
		refused("ConnectionClosed", "the service may require a key", connect())
	end)

	it("is not believed by clients that do not trust its certificate", function()
		start_secure()
		local witness = connect()
		for message, tls in pairs {
			["unknown authority"] = { ca = file("stranger.pem") },
			["signed by unknown authority"] = {},
			["not broker"] = { ca = file("ca.pem"), server_name = "broker" },
		} do
			costs_one_connection(witness, function() refused("AuthError", message, connect(tls)) end)
		end
		assert.equal("x", connect { ca = file("ca.pem"), server_name = "lab" }:echo("x"))
		logged("was disconnected: TLS: ")
	end)

	it("takes only clients with a certificate if it wants one", function()
		start_secure { tls_client_ca = file("ca.pem") }
		local witness = connect(with("client"))
		assert.equal("x", witness:echo("x"))
		for name, message in pairs {
			impostor = "the service refused the client certificate",
			service = "the service refused the client certificate", -- it is none for clients
		} do
			costs_one_connection(witness, function() refused("AuthError", message, connect(with(name))) end)
		end
		costs_one_connection(witness, function() refused("AuthError", "certificate required", connect()) end)
		assert.equal("y", witness:echo("y"))
	end)

	it("cannot be taken for one without", function()
		start_secure { handshake_timeout = 0.5 }
		local witness = connect()
		costs_one_connection(witness, function() refused("ConnectionClosed", "TLS", connect(false)) end)
		logged("it did not finish the TLS handshake in time (handshake_timeout)")
	end)

	it("is missed by clients that want one", function()
		start {}
		local witness = connect(false)
		costs_one_connection(witness, function()
			refused("AuthError", "no TLS connection to the server at 127.0.0.1:" .. port, connect())
		end)
	end)

	it("answers while others do not finish their handshake", function()
		start_secure { handshake_timeout = 1, max_handshakes = 50 }
		local witness = connect()
		witness:connect()
		local before = descriptors()
		local hello = "\22\3\1\1\0\1\0\0\252\3\3" .. ("x"):rep(248)
		for cut = 0, #hello do
			local peer = keep(BlockingConnection { "", port })
			peer:connect(10)
			peer:write(hello:sub(1, cut), 10)
			if cut % 2 == 0 then
				peer:close()
			end
			assert.equal(cut, witness:echo(cut))
		end
		local garbage = keep(BlockingConnection { "", port })
		garbage:connect(10)
		garbage:write("GET / HTTP/1.1\r\n\r\n", 10)
		local newcomer = connect()
		assert.equal("new", newcomer:echo("new"))
		newcomer:close()
		eventually(function() return witness:call("$statistics").connections == 1 end, { timeout = 10 })
		eventually(function() return descriptors() <= before end)
	end)

	it("turns away a client that is one too many", function()
		start_secure { max_connections = 2 }
		connect():connect()
		local second = connect()
		second:connect()
		refused("ConnectionClosed", "connection closed", connect())
		assert.equal("x", second:echo("x"))
	end)

	it("tells its clients by the end of the connection that it was killed", function()
		start_secure()
		local client = connect()
		local waiting = client.future:hang()
		service:kill()
		assert.raises("ConnectionClosed", waiting.get, waiting, 5)
		service:join(10)
		service:start { synchronize = true }
		assert.equal("again", connect():echo("again"))
	end)

	it("says which of its files is wrong", function()
		for message, options in pairs {
			["no such file"] = { tls_cert = file("missing.pem"), tls_key = file("service.key") },
			["private key does not match"] = { tls_cert = file("service.pem"), tls_key = file("client.key") },
			["the certificate of the service"] = { tls_cert = file("service.pem") },
			["wanted certificates in PEM"] = {
				tls_cert = file("service.pem"), tls_key = file("service.key"), tls_client_ca = file("ca.key"),
			},
		} do
			local e = assert.raises("Exception", start, options)
			assert.matches(message, e.message, 1, true)
		end
	end)

	it("is not looked for by clients whose files are wrong", function()
		for message, tls in pairs {
			["no such file"] = { ca = file("missing.pem") },
			["wanted certificates in PEM"] = { ca = file("ca.key") },
			["got only one of the two"] = { cert = file("client.pem") },
			["private key does not match"] = { cert = file("client.pem"), key = file("impostor.key") },
		} do
			local e = assert.raises("Exception", connect, tls)
			assert.matches(message, e.message, 1, true)
		end
	end)
end)

-- The limits of a service: what one client can use up, while all others are
-- served.

local connection = require("ave.network.connection")
local control = require("ave.network.control")
local services = require("support.services")

local BlockingConnection = connection.BlockingConnection
local Control, RemoteControl = control.Control, control.RemoteControl

local Echo = Control:subclass("LimitedEcho")
Echo.echo = Control.rpc(function(_, value) return value end)

describe("a service", function()
	local service, port, opened

	local function start(options)
		service, port = services.start(Echo, options)
	end

	local function client()
		local remote = RemoteControl({ "", port }, nil, 10)
		opened[#opened + 1] = remote
		return remote
	end

	-- A peer that has come as far as the challenge.
	local function stranger()
		local conn = BlockingConnection { "", port }
		opened[#opened + 1] = conn
		conn:connect(10)
		conn:get(10)
		return conn
	end

	-- A peer that has come through the handshake.
	local function peer()
		local conn = stranger()
		conn:put("0123456789abcdef", 10)
		assert.equal('{"authenticated": true}', conn:get(10))
		return conn
	end

	before_each(function()
		opened = {}
	end)

	after_each(function()
		for _, one in ipairs(opened) do
			one:close()
		end
		services.stop(service)
	end)

	it("takes no frame that is too long", function()
		start { max_frame = 1000 }
		local remote = client()
		assert.raises("OverflowError", remote.echo, remote, ("x"):rep(1000))
		assert.equal("x", client():echo("x"))
	end)

	it("tells one client too many", function()
		start { max_connections = 2 }
		client():connect()
		local second = client()
		assert.equal("x", second:echo("x"))
		local third = client()
		local e = assert.raises("ConnectionRefused", third.echo, third, "x")
		assert.equal("the service has 2 clients already and takes no more", e.message)
		second:close()
		eventually(function() local late = client() return (pcall(late.connect, late)) end)
	end)

	it("answers while 500 others do not finish their handshake", function()
		start { max_handshakes = 50 }
		for _ = 1, 500 do
			stranger()
		end
		assert.equal("x", client():echo("x"))
		assert.raises("ConnectionClosed", opened[1].get, opened[1], 10)
	end)

	it("ends a handshake that takes too long", function()
		start { handshake_timeout = 0.1 }
		local slow = stranger()
		assert.raises("ConnectionClosed", slow.get, slow, 10)
	end)

	it("has a port that there is", function()
		for _, option in ipairs { "port", "metrics_port" } do
			for _, wrong in ipairs { 65536, 1e9, -1, 0.5 } do
				local e = assert.raises("TypeError", Echo, { port = 0, [option] = wrong })
				assert.matches(option .. ".*wanted a port from 0 to 65535", e.message)
			end
		end
	end)

	it("ends a frame that takes too long, but no client that is idle", function()
		start { frame_timeout = 0.1 }
		local idle, slow = client(), peer()
		idle:connect()
		slow:write("\0\0\1\0x", 10)
		assert.raises("ConnectionClosed", slow.get, slow, 10)
		assert.equal("x", idle:echo("x"))
	end)

	it("ends a client that reads no answers", function()
		start { write_timeout = 0.1 }
		local deaf = peer()
		local text = ("x"):rep(1000000)
		local call = '{"method": "echo", "params": {"vargs": ["' .. text .. '"], "kwargs": {}}}'
		assert.raises("Exception", function()
			for _ = 1, 100 do
				deaf:put(call, 10)
			end
		end)
		assert.equal("x", client():echo("x"))
	end)

	it("reserves nothing for a header that claims 4 GiB", function()
		start { max_frame = 4294967295 }
		for _ = 1, 4 do
			peer():write("\255\255\255\255{", 10)
		end
		assert.equal("x", client():echo("x"))
		local status = assert(io.open("/proc/" .. service.pid .. "/status")):read("*a")
		assert.is_true(tonumber(status:match("VmRSS:%s*(%d+)")) < 200000)
	end)

	it("refuses limits that are none", function()
		start {}
		assert.raises("TypeError", Echo, { max_frame = "x" })
		assert.raises("TypeError", Echo, { write_timeout = -1 })
		assert.raises("TypeError", Echo, { auth = "sha1" })
		local bad = Echo { max_connections = -1 }
		local e = assert.raises("TypeError", bad.run, bad)
		assert.equal("max_connections: wanted more than 0, got -1", e.message)
	end)
end)

-- The limits of a service: what one client can use up, while all others are
-- served.

local control = require("ave.network.control")
local services = require("support.services")

local Control = control.Control

local Echo = Control:subclass("LimitedEcho")
Echo.echo = Control.rpc(function(_, value) return value end)

describe("a service", function()
	local service, visitors

	local function start(options)
		local port
		service, port = services.start(Echo, options)
		visitors = services.visitors(port)
	end

	after_each(function()
		visitors:close()
		services.stop(service)
	end)

	it("takes no frame that is too long", function()
		start { max_frame = 1000 }
		local remote = visitors:client()
		assert.raises("OverflowError", remote.echo, remote, ("x"):rep(1000))
		assert.equal("x", visitors:client():echo("x"))
	end)

	it("tells one client too many", function()
		start { max_connections = 2 }
		visitors:client():connect()
		local second = visitors:client()
		assert.equal("x", second:echo("x"))
		local third = visitors:client()
		local e = assert.raises("ConnectionRefused", third.echo, third, "x")
		assert.equal("the service already has 2 clients, which is the limit", e.message)
		second:close()
		eventually(function() local late = visitors:client() return (pcall(late.connect, late)) end)
	end)

	it("answers while 500 others do not finish their handshake", function()
		start { max_handshakes = 50 }
		for _ = 1, 500 do
			visitors:stranger()
		end
		assert.equal("x", visitors:client():echo("x"))
		assert.raises("ConnectionClosed", visitors.opened[1].get, visitors.opened[1], 10)
	end)

	it("ends a handshake that takes too long", function()
		start { handshake_timeout = 0.1 }
		local slow = visitors:stranger()
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
		local idle, slow = visitors:client(), visitors:peer()
		idle:connect()
		slow:write("\0\0\1\0x", 10)
		assert.raises("ConnectionClosed", slow.get, slow, 10)
		assert.equal("x", idle:echo("x"))
	end)

	it("ends a client that reads no answers", function()
		start { write_timeout = 0.1 }
		local deaf = visitors:peer()
		local text = ("x"):rep(1000000)
		local call = '{"method": "echo", "params": {"vargs": ["' .. text .. '"], "kwargs": {}}}'
		assert.raises("Exception", function()
			for _ = 1, 100 do
				deaf:put(call, 10)
			end
		end)
		assert.equal("x", visitors:client():echo("x"))
	end)

	it("reserves nothing for a header that claims 4 GiB", function()
		start { max_frame = 4294967295 }
		for _ = 1, 4 do
			visitors:peer():write("\255\255\255\255{", 10)
		end
		assert.equal("x", visitors:client():echo("x"))
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

-- A service among clients that mean it no good, or are just too many. It
-- answers the others all along, and nothing is left in the end.

local connection = require("ave.network.connection")
local control = require("ave.network.control")
local Process = require("ave.network.process").Process

local BlockingConnection = connection.BlockingConnection

local Target = control.Control:subclass("Target")
Target.echo = control.Control.rpc(function(_, value) return value end)
Target.suicide = control.Control.rpc(function() os.execute("kill -9 $PPID") end)

describe("a service", function()
	local target, port, witness

	before_each(function()
		local socket
		socket, port = connection.find_free_port()
		target = Target { port = port, socket = socket }
		target:start { synchronize = true }
		witness = control.RemoteControl({ "", port })
		assert.equal(0, witness:echo(0))
	end)

	after_each(function()
		witness:close()
		target:kill()
		target:join(10)
	end)

	-- How many descriptors the service has.
	local function descriptors()
		local _, count = require("ave.cmd").run { "sh", "-c", "ls /proc/" .. target.pid .. "/fd | wc -l" }
		return tonumber(count)
	end

	it("serves a thousand clients at once", function()
		local before = descriptors()
		local clients = {}
		for i = 1, 1000 do
			clients[i] = control.RemoteControl({ "", port })
			clients[i]:connect()
		end
		local futures = {}
		for i, client in ipairs(clients) do
			futures[i] = client.future:echo(i)
		end
		for i, future in ipairs(futures) do
			assert.equal(i, future:get(20))
		end
		for _, client in ipairs(clients) do
			client:close()
		end
		eventually(function() return descriptors() <= before end, { timeout = 20 })
	end)

	it("answers others while strangers send garbage", function()
		for i, garbage in ipairs { "GET / HTTP/1.1\r\n\r\n", ("\255"):rep(64), "\0\0\0\0", "\0", ("x"):rep(100000) } do
			local stranger = BlockingConnection { "", port }
			stranger:connect(5)
			pcall(stranger.write, stranger, garbage, 1)
			assert.equal(i, witness:echo(i))
			stranger:close()
		end
	end)

	it("tells its clients by the end of the connection that it was killed", function()
		local e = assert.raises("ConnectionClosed", witness.suicide, witness)
		assert.matches("connection closed", e.message)
		assert.equal(-9, target:join(10))
	end)

	it("forgets clients that are killed in the middle of a call", function()
		local before = descriptors()
		local clients = {}
		for i = 1, 5 do
			clients[i] = Process {
				target = function()
					local client = control.RemoteControl({ "", port })
					while true do
						client:echo(("x"):rep(100000))
					end
				end,
			}
			clients[i]:start()
		end
		eventually(function() return descriptors() == before + 5 end, { timeout = 20 })
		for i, client in ipairs(clients) do
			client:kill()
			client:join(10)
			assert.equal(i, witness:echo(i))
		end
		eventually(function() return descriptors() <= before end, { timeout = 20 })
	end)
end)

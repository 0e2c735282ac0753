-- What objects are as text and how they are made: clients, services, processes,
-- connections and errors.

local ave = require("ave")
local connection = require("ave.network.connection")
local control = require("ave.network.control")
local exceptions = require("ave.exceptions")
local services = require("support.services")

local BlockingConnection, Connection = connection.BlockingConnection, connection.Connection
local Control, RemoteControl = control.Control, control.RemoteControl
local Process = ave.Process

local Lab = Control:subclass("ObjectsLab")
Lab.echo = Control.rpc(function(_, value) return value end)
Lab.myself = Control.rpc(function(self) return tostring(self) end)
Lab.who = Control.rpc(function(self) return tostring(self.current_connection) end)

describe("a client", function()
	local service, port, opened

	local function keep(one)
		opened[#opened + 1] = one
		return one
	end

	setup(function()
		service, port = services.start(Lab, { authkey = "secret key" })
	end)

	teardown(function()
		services.stop(service)
	end)

	before_each(function()
		opened = {}
	end)

	after_each(function()
		for _, one in ipairs(opened) do
			one:close()
		end
	end)

	it("is made with a table of names", function()
		local remote = keep(RemoteControl {
			address = { "", port }, authkey = "secret key", timeout = 10, optimist = true, call_timeout = 20, auth = "sha256",
		})
		assert.equal("x", remote:echo("x"))
	end)

	it("is not made with names that mean nothing, or without an address", function()
		local function refused(...)
			return assert.raises("TypeError", RemoteControl, ...).message
		end
		local message = refused { address = { "", port }, tiemout = 5 }
		assert.matches("tiemout", message, 1, true)
		assert.matches("timeout", message, 1, true)
		assert.matches("option 'address': wanted an address {host, port}, got nothing", refused { authkey = "key" }, 1, true)
		assert.matches("option 'address'", refused { address = port }, 1, true)
		assert.matches("option 'timeout'", refused { address = { "", port }, timeout = "soon" }, 1, true)
		refused { "", port, authkey = "key" }
		assert.matches("argument 'address'", refused {}, 1, true)
	end)

	it("takes over a connection of any kind", function()
		for _, class in ipairs { BlockingConnection, Connection } do
			for _, read_first in ipairs { false, true } do
				local conn = keep(BlockingConnection { "", port })
				conn:connect(20)
				if class == Connection then
					conn = keep(Connection.from_fd(conn:detach()))
				end
				if read_first then -- a part of the challenge, which is kept
					eventually(function() return conn:poll(connection.POLLIN, 0) ~= nil end, { timeout = 20 })
					local ok, e = pcall(conn.read, conn, 1000, 0)
					assert.is_false(ok, e)
				end
				local remote = keep(RemoteControl { sock = conn, authkey = "secret key" })
				assert.equal("x", remote:echo("x"))
				assert.raises("ConnectionClosed", conn.fileno, conn)
				assert.matches("127.0.0.1:" .. port, tostring(remote), 1, true)
			end
		end
		local conn = keep(BlockingConnection { "", port })
		conn:connect(20)
		assert.equal("x", keep(RemoteControl({ "", port }, "secret key", 10, false, conn)):echo("x"))
	end)

	it("takes over nothing that is not connected", function()
		local e = assert.raises("ConnectionClosed", RemoteControl, { address = { "", port }, sock = BlockingConnection { "", port } })
		assert.matches("sock: ", e.message, 1, true)
		e = assert.raises("TypeError", RemoteControl, { address = { "", port }, sock = 5 })
		assert.matches("option 'sock': wanted a Socket or a Connection, got 5", e.message, 1, true)
	end)

	it("says what it is, and no key", function()
		local remote = keep(RemoteControl { address = { "", port }, authkey = "secret key", timeout = 10 })
		assert.equal(("RemoteControl (localhost:%d, not connected)"):format(port), tostring(remote))
		remote:connect()
		assert.equal(("RemoteControl (localhost:%d, connected)"):format(port), tostring(remote))
		assert.equal(("ObjectsLab (port %d, process %d, running)"):format(port, service.pid), tostring(service))
		assert.equal(("ObjectsLab (port %d, process %d, this one)"):format(port, service.pid), remote:myself())
		assert.matches("^ClientConnection %(client %d+, 127%.0%.0%.1:%d+%)$", remote:who())
		remote:close()
		assert.equal(("RemoteControl (localhost:%d, closed)"):format(port), tostring(remote))
	end)
end)

describe("as text", function()
	it("a process says what has become of it", function()
		local Worker = Process:subclass("Worker")
		local worker = Worker { target = function() ave.cmd.run("sleep 60") end }
		assert.equal("Worker (not started)", tostring(worker))
		worker:start()
		assert.equal(("Worker (process %d, running)"):format(worker.pid), tostring(worker))
		worker:kill()
		worker:join(20)
		assert.equal(("Worker (process %d, ended with status -9)"):format(worker.pid), tostring(worker))
		function Worker:__tostring() return "mine: " .. self.proc_name end
		assert.equal("mine: ave-Worker", tostring(Worker()))
	end)

	it("a service has its port once it knows it", function()
		assert.equal("ObjectsLab (not started)", tostring(Lab {}))
		assert.equal("ObjectsLab (port 4000, not started)", tostring(Lab { port = 4000, authkey = "secret key" }))
	end)

	it("a connection has its address and its state", function()
		local listener = Connection { "127.0.0.1", 0 }
		finally(function() listener:close() end)
		assert.equal("Connection (127.0.0.1:0, not connected)", tostring(listener))
		listener:listen()
		local port = listener:address()[2]
		assert.equal(("Connection (127.0.0.1:%d, listening)"):format(port), tostring(listener))
		local conn = BlockingConnection { "", port }
		conn:connect(20)
		assert.equal(("BlockingConnection (localhost:%d, connected)"):format(port), tostring(conn))
		conn:close()
		assert.equal(("BlockingConnection (localhost:%d, closed)"):format(port), tostring(conn))
	end)

	it("an FdTx has its state", function()
		local a, b = ave.FdTx(), ave.FdTx()
		finally(function() a:close() b:close() end)
		assert.equal("FdTx (not connected)", tostring(a))
		local path = a:listen(ave.fs.tempdir())
		assert.equal("FdTx (listening at " .. path .. ")", tostring(a))
		b:connect(path, 20)
		assert.equal("FdTx (connected)", tostring(b))
	end)

	it("an object whose class has forgotten init says so", function()
		for _, class in ipairs { Connection, ave.FdTx, RemoteControl } do
			local Forgetful = class:subclass("Forgetful")
			function Forgetful:init() end -- luacheck: ignore
			assert.equal("Forgetful (never initialized)", tostring(Forgetful()))
		end
	end)

	it("an error can be a part of a message", function()
		local e = exceptions.Timeout("too late")
		assert.equal("failed: too late", "failed: " .. e)
		assert.equal("too late!", e .. "!")
		assert.equal("too late, gone", e .. ", " .. exceptions.define("ObjectsGone")("gone"))
		assert.equal("too late1", e .. 1)
		local _, raised = pcall(error, exceptions.RunError("ls", "output", "it failed"))
		assert.equal("> ls:\nit failed:\noutput", "> " .. raised)
	end)
end)

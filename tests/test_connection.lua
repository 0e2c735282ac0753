-- ave.network.connection: frames over TCP.

local connection = require("ave.network.connection")
local Pipe = require("ave.network.pipe").Pipe
local Process = require("ave.network.process").Process

local BlockingConnection, find_free_port = connection.BlockingConnection, connection.find_free_port
local Connection = connection.Connection

describe("find_free_port", function()
	it("returns a socket that listens", function()
		local socket, port = find_free_port()
		finally(function() socket:close() end)
		assert.truthy(port >= 49152 and port < 65536)
		assert.equal(port, socket:address()[2])
		local client = BlockingConnection { "", port }
		client:connect(5)
		client:close()
	end)

	it("takes a range", function()
		local first, port = find_free_port(50100, 50200)
		finally(function() first:close() end)
		assert.truthy(port >= 50100 and port < 50200)
		local second, other = find_free_port { start = 50100, stop = 50200 }
		second:close()
		assert.not_equal(port, other)
	end)

	it("need not listen", function()
		local socket, port = find_free_port { listen = false }
		finally(function() socket:close() end)
		local client = BlockingConnection { "", port }
		assert.raises("ConnectionRefused", client.connect, client, 5)
	end)

	it("says when the range has no free port", function()
		local socket, port = find_free_port()
		finally(function() socket:close() end)
		local e = assert.raises("Exception", find_free_port, port, port + 1)
		assert.equal(string.format("found no free port from %d to %d in 20000 attempts", port, port), e.message)
		assert.raises("Exception", find_free_port, 5, 4)
		assert.raises("Exception", find_free_port, 0, 70000)
		assert.raises("TypeError", find_free_port, "x")
	end)
end)

describe("a Socket", function()
	it("can be closed, and then is of no use", function()
		local socket = find_free_port()
		assert.truthy(socket:fileno() > 2)
		socket:close()
		assert.raises("Exception", socket.fileno, socket)
		assert.raises("Exception", socket.address, socket)
		socket:close()
	end)

	it("can be made of a descriptor, and give it away", function()
		local socket, port = find_free_port()
		local fd = socket:detach()
		assert.raises("Exception", socket.fileno, socket)
		assert.raises("Exception", socket.detach, socket)
		local same = connection.Socket.from_fd(fd)
		assert.equal(port, same:address()[2])
		local listener, client = BlockingConnection({ "", port }, same), BlockingConnection { "", port }
		client:connect(5)
		listener:accept(5):close()
		client:close()
		listener:close()
	end)

	it("is a TCP socket", function()
		local e = assert.raises("Exception", connection.Socket.from_fd, 0)
		assert.matches("^wanted the descriptor of a TCP socket, got 0: ", e.message)
		assert.raises("TypeError", connection.Socket.from_fd, "x")
	end)

	it("cannot be made by hand", function()
		local e = assert.raises("TypeError", connection.Socket)
		assert.equal("Socket: sockets are made by ave.network.connection.find_free_port and Socket.from_fd", e.message)
	end)
end)

describe("a connection", function()
	local listener, client, server

	before_each(function()
		listener = BlockingConnection({ "", 0 })
		listener:listen()
		client = BlockingConnection(listener:address())
		client:connect(5)
		server = listener:accept(5)
	end)

	after_each(function()
		client:close()
		server:close()
		listener:close()
	end)

	it("carries messages both ways", function()
		client:put("hello")
		client:put("")
		client:put("\0\255\n")
		assert.equal("hello", server:get(5))
		assert.equal("", server:get(5))
		assert.equal("\0\255\n", server:get(5))
		server:put("welcome")
		assert.equal("welcome", client:get(5))
	end)

	it("puts the length in front of a message", function()
		client:put("hello")
		assert.equal("\0\0\0\5he", server:read(6, 5))
		assert.equal("llo", server:read(3, 5))
		client:write("\0\0")
		client:write("\0\2ok")
		assert.equal("ok", server:get(5))
	end)

	it("keeps the part of a message that has come when the time is over", function()
		client:write("\0\0\0\5he")
		assert.raises("ConnectionTimeout", server.get, server, 0.05)
		client:write("llo")
		assert.equal("hello", server:get(5))
	end)

	it("goes on with a message that could not be written in time", function()
		local large = ("x"):rep(20 * 1024 * 1024)
		assert.raises("ConnectionTimeout", client.put, client, large, 0.05)
		local here, there = Pipe.pair()
		local reader = Process {
			target = function(address)
				local c = BlockingConnection(address)
				c:connect(5)
				there:get(30)
				os.exit(#c:get(30) == 20 * 1024 * 1024 and c:get(5) == "next" and 7 or 1)
			end,
			args = { listener:address() },
		}
		reader:start()
		local peer = listener:accept(10)
		assert.raises("ConnectionTimeout", peer.put, peer, large, 0)
		here:put("read")
		peer:put(large, 30)
		peer:put("next", 30)
		assert.equal(7, reader:join(30))
		here:close()
		there:close()
		peer:close()
	end)

	it("times out", function()
		local e = assert.raises("ConnectionTimeout", client.get, client, 0.05)
		assert.equal("timed out", e.message)
		assert.raises("ConnectionTimeout", client.read, client, 1, 0.05)
		assert.raises("ConnectionTimeout", listener.accept, listener, 0.05)
		assert.raises("ConnectionTimeout", client.get, client, 0)
	end)

	it("notices that the peer has closed", function()
		client:put("last words")
		client:close()
		assert.equal("last words", server:get(5))
		assert.equal("connection closed", assert.raises("ConnectionClosed", server.get, server, 5).message:sub(1, 17))
		assert.raises("ConnectionClosed", server.get, server, 5)
	end)

	it("is of no use when it is closed", function()
		client:close()
		client:close()
		for method, argument in pairs { get = 1, put = "x", read = 1, write = "x", poll = 1 } do
			assert.raises("ConnectionClosed", client[method], client, argument)
		end
		assert.raises("ConnectionClosed", client.fileno, client)
	end)

	it("can be polled", function()
		assert.is_nil(client:poll(connection.POLLIN, 0.05))
		assert.same({ { client:fileno(), connection.POLLOUT } }, client:poll(connection.POLLOUT, 5))
		server:put("x")
		local events = client:poll(connection.POLLIN, 5)
		assert.same({ { client:fileno(), connection.POLLIN } }, events)
	end)

	it("knows its address", function()
		assert.same(listener:address(), client:address())
		assert.equal("127.0.0.1", server:address()[1])
	end)

	it("does not care for a second connect", function()
		client:connect(5)
		client:put("x")
		assert.equal("x", server:get(5))
	end)
end)

describe("a descriptor of a connection", function()
	local listener, client, server

	before_each(function()
		listener = BlockingConnection { "", 0 }
		listener:listen()
		client = BlockingConnection(listener:address())
		client:connect(5)
		server = listener:accept(5)
	end)

	after_each(function()
		client:close()
		server:close()
		listener:close()
	end)

	it("goes on within a message where it is given away", function()
		client:write("\0\0\0\5he")
		assert.truthy(server:poll(connection.POLLIN, 5))
		assert.raises("ConnectionTimeout", server.get, server, 0)
		local fd, unread = server:detach()
		assert.equal("\0\0\0\5he", unread)
		assert.raises("ConnectionClosed", server.get, server, 0)
		assert.raises("ConnectionClosed", server.detach, server)
		client:write("llo")
		local same = BlockingConnection.from_fd(fd, unread)
		assert.is_true(same:is(BlockingConnection))
		assert.same(server:address(), same:address())
		assert.equal("hello", same:get(5))
		same:put("welcome")
		assert.equal("welcome", client:get(5))
		same:close()
		assert.raises("ConnectionClosed", client.get, client, 5)
	end)

	it("makes a connection of either class", function()
		local same = Connection.from_fd((client:detach()))
		same:put("hello")
		assert.equal("hello", server:get(5))
		assert.is_false(same:is(BlockingConnection))
		same:close()
	end)

	it("may be one that listens", function()
		local fd, unread = listener:detach()
		assert.equal("", unread)
		local same = BlockingConnection.from_fd(fd)
		assert.equal(listener:address()[2], same:address()[2])
		local another = BlockingConnection(same:address())
		another:connect(5)
		same:accept(5):close()
		another:close()
		same:close()
	end)

	it("is not given away while a message is sent in part", function()
		assert.raises("ConnectionTimeout", client.put, client, ("x"):rep(20 * 1024 * 1024), 0.05)
		local e = assert.raises("ConnectionAgain", client.detach, client)
		assert.matches("a message was sent only in part", e.message)
		assert.raises("ConnectionTimeout", client.put, client, nil, 0.05)
	end)

	it("is that of a TCP socket", function()
		assert.matches("^wanted the descriptor of a TCP socket, got 0: ",
			assert.raises("Exception", Connection.from_fd, 0).message)
		assert.raises("Exception", Connection.from_fd, -1)
		assert.raises("TypeError", Connection.from_fd)
		local fd = listener:detach()
		local e = assert.raises("ConnectionClosed", Connection.from_fd, fd, "he")
		assert.equal("connection closed: the peer has gone, and 2 bytes that it sent are unread", e.message)
	end)
end)

describe("connecting", function()
	it("is refused where nobody listens", function()
		local socket, port = find_free_port { listen = false }
		finally(function() socket:close() end)
		local client = BlockingConnection { "localhost", port }
		local e = assert.raises("ConnectionRefused", client.connect, client, 5)
		assert.matches("^cannot connect to localhost:%d+: connection refused$", e.message)
		assert.raises("ConnectionRefused", client.connect, client) -- without a timeout too
	end)

	it("goes on trying for an optimist, until the time is over", function()
		local socket, port = find_free_port { listen = false }
		finally(function() socket:close() end)
		local client = BlockingConnection { "", port }
		assert.raises("ConnectionTimeout", client.connect, client, 0.2, true)
	end)

	it("succeeds for an optimist when somebody listens later", function()
		local port = 20000 + tonumber(io.open("/proc/self/stat"):read("*n")) % 10000 -- below find_free_port's
		local late = Process {
			target = function()
				local listener = BlockingConnection { "", port }
				listener:listen()
				listener:accept(10):put("here")
			end,
		}
		local client = BlockingConnection { "", port }
		assert.raises("ConnectionRefused", client.connect, client, 1)
		late:start()
		client:connect(10, true)
		assert.equal("here", client:get(5))
		client:close()
		assert.equal(0, late:join(5))
	end)

	it("is impossible with a socket that listens", function()
		local socket, port = find_free_port()
		local client = BlockingConnection({ "", port }, socket)
		finally(function() client:close() socket:close() end) -- of which one owns it
		assert.matches("this connection has a listening socket", assert.raises("Exception", client.connect, client, 1).message)
	end)

	it("needs an address", function()
		local function refused(...)
			return assert.raises("TypeError", BlockingConnection, ...).message
		end
		assert.matches("argument 'address': wanted an address {host, port}, got nothing", refused(), 1, true)
		assert.matches("with a string as the host", refused { {}, 1 }, 1, true)
		assert.matches("with a port from 0 to 65535", refused { "", 65536 }, 1, true)
		assert.matches("with a port from 0 to 65535", refused { 4000, "localhost" }, 1, true)
		assert.matches("argument 'socket': wanted a Socket", refused({ "", 1 }, 5), 1, true)
	end)
end)

describe("listening", function()
	it("takes a socket that was made before", function()
		local socket, port = find_free_port()
		local listener = BlockingConnection({ "", port }, socket)
		local client = BlockingConnection { "", port }
		client:connect(5)
		local server = listener:accept(5)
		client:put("x")
		assert.equal("x", server:get(5))
		client:close()
		server:close()
		listener:close()
	end)

	it("is impossible on a port that is in use", function()
		local socket, port = find_free_port()
		finally(function() socket:close() end)
		local second = BlockingConnection { "", port }
		assert.matches("listen on", assert.raises("Exception", second.listen, second).message)
	end)

	it("comes before accept", function()
		local idle = BlockingConnection { "", 0 }
		local e = assert.raises("ConnectionClosed", idle.accept, idle, 1)
		assert.equal("not listening: call listen first", e.message)
	end)
end)

describe("a process that is given a connection", function()
	local listener, client, server

	before_each(function()
		listener = BlockingConnection { "", 0 }
		listener:listen()
		client = BlockingConnection(listener:address())
		client:connect(5)
		server = listener:accept(5)
	end)

	after_each(function()
		client:close()
		server:close()
		listener:close()
	end)

	local function start(target, ...)
		local child = Process { target = target, args = { ... } }
		child:start()
		finally(function() child:kill() child:join(10) end)
		return child
	end

	it("serves its peer, from the middle of a message on", function()
		client:write("\0\0\0\5he")
		assert.raises("ConnectionTimeout", server.get, server, 0.05)
		start(function() server:put(server:get(10) .. " from a process") end)
		server:close()
		client:write("llo")
		assert.equal("hello from a process", client:get(10))
	end)

	it("keeps its class", function()
		local plain = Connection.from_fd(server:detach())
		start(function(conn)
			local text
			repeat -- a message can come in pieces
				conn:poll(connection.POLLIN, 10)
				text = conn:get()
			until text
			conn:put(tostring(conn:is("BlockingConnection")) .. text)
		end, plain)
		plain:close()
		client:put("!")
		assert.equal("false!", client:get(10))
	end)

	it("accepts the peers of one that listens", function()
		start(function() listener:accept(10):put("accepted there") end)
		local port = listener:address()[2]
		listener:close()
		local other = BlockingConnection { "", port }
		other:connect(5)
		assert.equal("accepted there", other:get(10))
		other:close()
	end)

	it("connects one that has no peer yet", function()
		local idle = BlockingConnection(listener:address())
		start(function()
			idle:connect(10)
			idle:put("connected there")
		end)
		local peer = listener:accept(10)
		assert.equal("connected there", peer:get(10))
		peer:close()
	end)

	it("has a socket, too", function()
		local socket, port = find_free_port()
		start(function() BlockingConnection({ "", port }, socket):accept(10):put("accepted there") end)
		socket:close()
		local other = BlockingConnection { "", port }
		other:connect(5)
		assert.equal("accepted there", other:get(10))
		other:close()
	end)
end)

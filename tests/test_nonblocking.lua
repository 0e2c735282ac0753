-- ave.network.connection.Connection: frames over TCP, without waiting.

local connection = require("ave.network.connection")
local Pipe = require("ave.network.pipe").Pipe
local Process = require("ave.network.process").Process

local BlockingConnection, Connection = connection.BlockingConnection, connection.Connection
local find_free_port = connection.find_free_port

describe("a non-blocking connection", function()
	local listener, client, server

	-- Calls a method again, with the same arguments, when the socket is ready.
	local function retry(conn, mask, method, ...)
		local results = { pcall(conn[method], conn, ...) }
		while not results[1] or (method == "get" and results[2] == nil) do
			if not results[1] and not (results[2]:is("ConnectionAgain") or results[2]:is("ConnectionInProgress")) then
				error(results[2])
			end
			assert.truthy(conn:poll(mask, 5))
			results = { pcall(conn[method], conn, ...) }
		end
		return results[2]
	end

	before_each(function()
		listener = Connection { "", 0 }
		listener:listen()
		client = Connection(listener:address())
		retry(client, connection.POLLOUT, "connect")
		server = retry(listener, connection.POLLIN, "accept")
	end)

	after_each(function()
		client:close()
		server:close()
		listener:close()
	end)

	it("is the parent of one that waits", function()
		local blocking = BlockingConnection { "", 1 }
		assert.is_true(blocking:is(Connection))
		assert.is_false(client:is(BlockingConnection))
		assert.is_true(server:is(Connection))
		assert.is_false(server:is(BlockingConnection))
	end)

	it("carries messages both ways", function()
		client:put("hello")
		client:put("")
		assert.equal("hello", retry(server, connection.POLLIN, "get"))
		assert.equal("", retry(server, connection.POLLIN, "get"))
		server:write("\0\0\0\2ok")
		assert.equal("\0\0\0\2o", retry(client, connection.POLLIN, "read", 5))
		assert.equal("k", client:read(1))
	end)

	it("does not wait", function()
		assert.is_nil(client:get())
		assert.equal("connection again", assert.raises("ConnectionAgain", client.read, client, 1).message)
		assert.raises("ConnectionAgain", listener.accept, listener)
	end)

	it("keeps the part of a message that has come", function()
		for byte in ("\0\0\0\5hello"):gmatch(".") do
			assert.is_nil(server:get())
			client:write(byte)
			assert.truthy(server:poll(connection.POLLIN, 5))
		end
		assert.equal("hello", server:get())
		client:write("abc")
		assert.truthy(server:poll(connection.POLLIN, 5))
		assert.raises("ConnectionAgain", server.read, server, 4)
		client:write("d")
		assert.equal("abcd", retry(server, connection.POLLIN, "read", 4))
	end)

	it("shares what is kept with one that waits", function()
		local blocking = BlockingConnection(listener:address())
		blocking:connect(5)
		local peer = retry(listener, connection.POLLIN, "accept")
		peer:write("\0\0\0\5he")
		assert.truthy(blocking:poll(connection.POLLIN, 5))
		assert.is_nil(Connection.get(blocking))
		peer:write("llo")
		assert.equal("hello", blocking:get(5))
		blocking:close()
		peer:close()
	end)

	-- Puts a large message to a reader in another process, and returns whether
	-- that got it whole and once, before the next.
	local function arrives(continue)
		local ours, theirs = Pipe.pair()
		local reader = Process {
			target = function(address)
				local c = BlockingConnection(address)
				c:connect(5)
				theirs:get(20) -- or it might read as fast as the message is put
				os.exit(#c:get(30) == 20 * 1024 * 1024 and c:get(5) == "next" and 7 or 1)
			end,
			args = { listener:address() },
		}
		reader:start()
		theirs:close()
		local peer = retry(listener, connection.POLLIN, "accept")
		local large = ("x"):rep(20 * 1024 * 1024)
		assert.raises("ConnectionAgain", peer.put, peer, large)
		ours:put("read")
		continue(peer, large)
		retry(peer, connection.POLLOUT, "put", "next")
		local status = reader:join(30)
		peer:close()
		ours:close()
		return status == 7
	end

	it("goes on with a message that was put again", function()
		assert.is_true(arrives(function(peer, large) retry(peer, connection.POLLOUT, "put", large) end))
	end)

	it("goes on with a message without being given it again", function()
		assert.is_true(arrives(function(peer) retry(peer, connection.POLLOUT, "put") end))
	end)

	it("sends the rest of a message before the next", function()
		assert.is_true(arrives(function() end))
	end)

	it("has nothing to continue when all is sent", function()
		client:put("hello")
		local e = assert.raises("TypeError", client.put, client)
		assert.equal("wanted data to send, got none: there is no unfinished message to continue", e.message)
	end)

	it("notices that the peer has closed", function()
		client:put("last words")
		client:close()
		assert.equal("last words", retry(server, connection.POLLIN, "get"))
		assert.truthy(server:poll(connection.POLLIN, 5))
		assert.raises("ConnectionClosed", server.get, server)
		for method, argument in pairs { put = "x", read = 1, write = "x", poll = 1 } do
			assert.raises("ConnectionClosed", client[method], client, argument)
		end
		for _, method in ipairs { "get", "put", "fileno", "detach" } do
			assert.raises("ConnectionClosed", client[method], client)
		end
	end)

	it("is refused where nobody listens", function()
		local socket, port = find_free_port { listen = false }
		finally(function() socket:close() end)
		local refused = Connection { "localhost", port }
		local e = assert.raises("ConnectionRefused", retry, refused, connection.POLLOUT, "connect")
		assert.matches("^cannot connect to localhost:%d+: connection refused$", e.message)
	end)

	it("does not care for a second connect", function()
		client:connect()
		client:put("x")
		assert.equal("x", retry(server, connection.POLLIN, "get"))
	end)
end)

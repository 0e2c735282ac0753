-- ave.network.fdtx: open descriptors between processes.

local cmd = require("ave.cmd")
local connection = require("ave.network.connection")
local control = require("ave.network.control")
local fdtx = require("ave.network.fdtx")
local Pipe = require("ave.network.pipe").Pipe
local Process = require("ave.network.process").Process

local BlockingConnection, Connection = connection.BlockingConnection, connection.Connection
local FdTx = fdtx.FdTx

-- Runs a command of the shell, which must be successful, and returns its output.
local function shell(command)
	local status, output = cmd.run({ "sh", "-c", command }, { timeout = 20 })
	assert.equal(0, status, output)
	return (output:gsub("\r", ""):gsub("\n$", ""))
end

describe("FdTx", function()
	local dir, server, client

	-- The first of the results, all of which are closed after the test.
	local open = {}
	local function closing(...)
		for _, object in ipairs { ... } do
			table.insert(open, object)
		end
		return ...
	end

	before_each(function()
		dir = shell("mktemp -d")
		server, client = closing(FdTx(), FdTx())
	end)

	after_each(function()
		for _, object in ipairs(open) do
			object:close()
		end
		open = {}
		shell("rm -r " .. dir)
	end)

	local function connect()
		client:connect(server:listen(dir), 10)
		server:accept(10)
	end

	-- Sends an object from the server to the client, and returns the descriptor
	-- that arrives.
	local function send(object)
		server:put("x", object)
		local _, fds = client:get(1, 1, 10)
		return fds[1]
	end

	local function listening()
		local listener = closing(BlockingConnection { "", 0 })
		listener:listen()
		return listener
	end

	it("listens in a directory of its own", function()
		local path = server:listen(dir .. "/a/b")
		assert.matches("^" .. dir .. "/a/b/[^/]+$", path)
		assert.equal("600 700 socket", shell(("stat -c %%a %s && stat -c %%a %s/a/b && stat -c %%F %s"):format(path, dir, path)):gsub("\n", " "))
		server:close()
		assert.equal("", shell("ls " .. dir .. "/a/b"))
	end)

	it("lets others in if it is told to", function()
		assert.equal(dir .. "/open/door", server:listen(dir .. "/open", "door", { mode = "0666", dir_mode = "755" }))
		assert.equal("666\n755", shell(("stat -c %%a %s/open/door %s/open"):format(dir, dir)))
		for _, mode in ipairs { 666, "rw-", "0888", "01777", "0" } do
			local e = assert.raises("TypeError", server.listen, server, dir, "x", { mode = mode })
			assert.matches('wanted permissions in octal digits such as "0660", got ', e.message, 1, true)
		end
	end)

	it("refuses a file that is there", function()
		shell("echo kept > " .. dir .. "/file")
		local e = assert.raises("Exception", server.listen, server, dir, "file")
		assert.equal("listen on " .. dir .. "/file: file already exists", e.message)
		assert.equal("kept", shell("cat " .. dir .. "/file"))
	end)

	it("times out", function()
		local e = assert.raises("Timeout", client.connect, client, dir .. "/nobody", 0.05)
		assert.equal("timed out: connect to " .. dir .. "/nobody: no such file or directory", e.message)
		server:listen(dir)
		assert.equal("timed out", assert.raises("Timeout", server.accept, server, 0.05).message)
		server:close()
		connect()
		assert.equal("timed out", assert.raises("Timeout", client.get, client, 1, 0, 0.05).message)
	end)

	it("looks at who the peer is", function()
		local path = server:listen(dir)
		local uid = tonumber(shell("id -u"))
		local e = assert.raises("AuthError", client.connect, client, path, 10, uid + 1)
		assert.matches(("^wanted a peer with the uid %d, got process %%d+ with %d$"):format(uid + 1, uid), e.message)
		client:connect(path, 10, uid)
		assert.raises("AuthError", server.accept, server, 10, uid + 1) -- the first attempt
		server:accept(10, uid)
		server:put("hello")
		assert.equal("hello", (client:get(10, 0, 10)))
	end)

	it("carries messages both ways", function()
		connect()
		server:put("there\0\255")
		client:put("back")
		local message, fds = client:get(100, 3)
		assert.equal("there\0\255", message)
		assert.same({}, fds)
		assert.equal("back", (server:get(100, 3)))
	end)

	it("carries a connection and what it listens on", function()
		connect()
		local listener = listening()
		local peer = closing(BlockingConnection(listener:address()))
		peer:connect(10)
		local accepted = closing(listener:accept(10))
		server:put("both", listener, accepted)
		listener:close()
		accepted:close()
		local _, fds = client:get(4, 2, 10)
		local same = closing(BlockingConnection.from_fd(fds[1]))
		local conn = closing(Connection.from_fd(fds[2]))
		assert.same({ "127.0.0.1", peer:address()[2] }, { "127.0.0.1", same:address()[2] })
		conn:put("still here")
		assert.equal("still here", peer:get(10))
		local other = closing(BlockingConnection(same:address()))
		other:connect(10)
		closing(same:accept(10)):put("welcome")
		assert.equal("welcome", other:get(10))
	end)

	it("carries a connection in the middle of a message", function()
		connect()
		local listener = listening()
		local peer = closing(BlockingConnection(listener:address()))
		peer:connect(10)
		local accepted = closing(listener:accept(10))
		peer:write("\0\0\0\5he")
		assert.raises("ConnectionTimeout", accepted.get, accepted, 0.05)
		local fd, unread = accepted:detach()
		server:put(unread, fd)
		fdtx.close_fd(fd)
		peer:write("llo")
		local message, fds = client:get(100, 1, 10)
		assert.equal("hello", closing(BlockingConnection.from_fd(fds[1], message)):get(10))
	end)

	it("carries a pipe", function()
		connect()
		local ours, theirs = closing(Pipe.pair())
		local same = closing(Pipe.from_fd(send(theirs)))
		theirs:close()
		same:put { n = 1 }
		assert.same({ n = 1 }, ours:get(10))
	end)

	it("carries a service's socket and its clients", function()
		connect()
		local Echo = control.Control:subclass("Echo")
		Echo.echo = control.Control.rpc(function(_, value) return value end)
		Echo.adopt = control.Control.rpc(function(self, path)
			local taker = FdTx()
			taker:connect(path, 10)
			local message, fds = taker:get(100, 1, 10)
			taker:close()
			self:add_connection(BlockingConnection.from_fd(fds[1]))
			return message
		end)
		Echo.give = control.Control.rpc(function(self, path)
			local giver = FdTx()
			giver:connect(path, 10)
			giver:put("the port", self)
			giver:close()
		end)
		local socket, port = connection.find_free_port()
		local former = Echo { port = port, socket = socket }
		local echo = Echo { port = port, socket = connection.Socket.from_fd(send(former)) }
		socket:close()
		echo:start { synchronize = true }
		finally(function() echo:kill() end)
		local remote = control.RemoteControl({ "", port }, nil, 10)
		assert.equal("hello", remote:echo("hello"))

		local owner = closing(FdTx())
		remote.async:give(owner:listen(dir))
		owner:accept(10)
		local _, fds = owner:get(100, 1, 10)
		local same = closing(BlockingConnection.from_fd(fds[1]))
		assert.equal(port, same:address()[2])
		same:close()

		local listener = listening()
		local peer = closing(BlockingConnection(listener:address()))
		peer:connect(10)
		local giver = closing(FdTx())
		local adopted = remote.future:adopt(giver:listen(dir))
		giver:accept(10)
		local accepted = listener:accept(10)
		giver:put("a client", accepted)
		accepted:close()
		assert.equal("a client", adopted:get(10))
		peer:put('{"method": "echo", "params": {"vargs": ["adopted"], "kwargs": {}}}', 10)
		assert.matches('"adopted"', peer:get(10))
	end)

	it("carries as many as the kernel takes", function()
		connect()
		local ours = closing(Pipe.pair())
		local sent = {}
		for i = 1, 253 do
			sent[i] = i % 2 == 0 and ours or ours:fileno()
		end
		server:put("all", unpack(sent))
		local _, fds = client:get(3, 253, 10)
		assert.equal(253, #fds)
		for _, fd in ipairs(fds) do
			fdtx.close_fd(fd)
		end
		assert.raises("Exception", fdtx.close_fd, fds[1])
		table.insert(sent, ours)
		local e = assert.raises("OverflowError", server.put, server, "x", unpack(sent))
		assert.equal("wanted at most 253 descriptors in a message, got 254", e.message)
	end)

	it("is never silently short", function()
		connect()
		local ours = closing(Pipe.pair())
		server:put("three", ours, ours, ours)
		server:put("three", ours, ours, ours)
		server:put("next")
		assert.raises("OverflowError", client.get, client, 100, 2, 10)
		assert.raises("Exception", client.get_exactly, client, 5, 4, 10)
		assert.equal("next", (client:get_exactly(4, 0, 10)))
		server:put("longer", ours)
		local e = assert.raises("OverflowError", client.get, client, 5, 1, 10)
		assert.equal("wanted a message of at most 5 bytes, got a longer one", e.message)
		assert.raises("ConnectionClosed", client.get, client, 10, 1, 10)
	end)

	it("gets a message of any length exactly", function()
		connect()
		local state = ("x"):rep(1024 * 1024)
		local sender = Process {
			target = function(path)
				local tx = FdTx()
				tx:connect(path, 10)
				tx:put(state)
				tx:put("one")
				tx:put("two")
				tx:close()
			end,
			args = { server:listen(dir) },
		}
		sender:start()
		server:accept(10)
		assert.equal(state, (server:get_exactly(#state, 0, 10)))
		assert.equal(0, sender:join(10))
		assert.equal("one", (server:get_exactly(3, 0)))
		assert.equal("two", (server:get(100, 0)))
		assert.raises("ConnectionClosed", server.get, server, 1, 0)
	end)

	it("says what is wrong with arguments", function()
		connect()
		for _, c in ipairs {
			{ "FdTx:put: argument '...': wanted a descriptor, or an object with a method fileno, got true", "x", true },
			{ "FdTx:put: argument '...': wanted a descriptor, or an object with a method fileno, got a table", "x", {} },
			{ "FdTx:put: descriptor 1: wanted a number or an object, got nil", "x", nil },
			{ "wanted a message of at least one byte, because the socket carries descriptors with bytes only", "", 0 },
		} do
			assert.equal(c[1], assert.raises("TypeError", server.put, server, c[2], c[3]).message)
		end
		assert.raises("TypeError", server.put, server)
		local closed = Pipe.pair()
		closed:close()
		assert.raises("ConnectionClosed", server.put, server, "x", closed)
		assert.raises("TypeError", client.get, client, 0, 1)
		assert.raises("TypeError", client.get, client, 1, -1)
		assert.raises("TypeError", client.accept, client, 1, "root")
	end)

	it("is of no use before it is connected, and after it is closed", function()
		for _ = 1, 2 do
			assert.raises("ConnectionClosed", server.accept, server)
			assert.raises("ConnectionClosed", server.put, server, "x")
			assert.raises("ConnectionClosed", server.get, server, 1, 0)
			server:close()
		end
	end)

	describe("with Python", function()
		local function needs_python()
			local status = cmd.run { "sh", "-c", "python3 -c 'from socket import send_fds, recv_fds'" }
			if status ~= 0 then
				pending("there is no python3 with socket.send_fds")
			end
		end

		local function python(program, ...)
			local file = assert(io.open(dir .. "/program.py", "w"))
			file:write(program)
			file:close()
			return cmd.run({ "python3", dir .. "/program.py", ... }, { timeout = 20 })
		end

		it("gets what send_fds sends", function()
			needs_python()
			local status, output = python([[
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
fds = []
for i in range(253):
    fd = os.open(sys.argv[2] + "/%d" % i, os.O_RDWR | os.O_CREAT)
    os.write(fd, b"file %d" % i)
    fds.append(fd)
socket.send_fds(s, [b"from ", b"Python"], fds)
socket.send_fds(s, [b"next"], fds[:1])
]], server:listen(dir), dir)
			assert.equal(0, status, output)
			server:accept(10)
			local message, fds = server:get(100, 253, 10)
			assert.equal("from Python", message)
			assert.equal(253, #fds)
			for i, fd in ipairs(fds) do
				local file = assert(io.open("/dev/fd/" .. fd))
				assert.equal("file " .. i - 1, file:read("*a"))
				file:close()
				fdtx.close_fd(fd)
			end
			message, fds = server:get(100, 253, 10)
			assert.equal("next", message)
			assert.equal(1, #fds)
			fdtx.close_fd(fds[1])
			assert.raises("ConnectionClosed", server.get, server, 1, 0, 10)
		end)

		it("sends what recv_fds gets", function()
			needs_python()
			local listener = listening()
			local peer = closing(BlockingConnection(listener:address()))
			peer:connect(10)
			local receiver = Process {
				target = function()
					local status, output = python([[
import socket, sys
l = socket.socket(socket.AF_UNIX)
l.bind(sys.argv[1] + "/python")
l.listen()
s, _ = l.accept()
message, fds, flags, _ = socket.recv_fds(s, 100, 253)
assert (message, len(fds), flags & socket.MSG_CTRUNC) == (b"to Python", 253, 0), (message, len(fds), flags)
c = socket.socket(fileno=fds[0])
c.setblocking(True)
c.sendall(b"\0\0\0\5hello")
socket.send_fds(s, [b"back"], [c.fileno()])
]], dir)
					assert(status == 0, output)
				end,
			}
			receiver:start()
			client:connect(dir .. "/python", 20)
			local accepted = closing(listener:accept(10))
			local sent = {}
			for i = 1, 253 do
				sent[i] = accepted
			end
			client:put("to Python", unpack(sent))
			assert.equal("hello", peer:get(10))
			local message, fds = client:get(100, 1, 10)
			assert.equal("back", message)
			closing(BlockingConnection.from_fd(fds[1])):put("and from here")
			assert.equal("and from here", peer:get(10))
			assert.equal(0, receiver:join(10))
		end)
	end)
end)

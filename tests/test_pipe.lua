-- ave.network.pipe: JSON values between processes.

local connection = require("ave.network.connection")
local json = require("ave.json")
local Pipe = require("ave.network.pipe").Pipe
local Process = require("ave.network.process").Process

-- Starts a process that has an end of a pipe, which is closed here.
local function start(target, theirs)
	local child = Process { target = target, args = { theirs } }
	child:start()
	theirs:close()
	return child
end

describe("a pipe", function()
	local a, b

	before_each(function() a, b = Pipe.pair() end)

	after_each(function()
		a:close()
		b:close()
	end)

	it("carries values both ways", function()
		a:put { answer = 42, list = { 1, "two", false } }
		b:put("back")
		assert.same({ answer = 42, list = { 1, "two", false } }, b:get(5))
		assert.equal("back", a:get(5))
	end)

	it("keeps what JSON tells apart", function()
		for _, text in ipairs { "null", "[]", "{}", "[null]", "9007199254740993", '"\\u0000"' } do
			a:put(json.decode(text))
			assert.equal(text, json.encode(b:get(5)))
		end
		a:put(nil)
		assert.is_nil(b:get(5))
	end)

	it("refuses what has no JSON, and goes on", function()
		assert.raises("TypeError", a.put, a, { f = print })
		a:put("next")
		assert.equal("next", b:get(5))
	end)

	it("times out", function()
		local e = assert.raises("ConnectionTimeout", a.get, a, 0.05)
		assert.equal("timed out", e.message)
		assert.raises("ConnectionTimeout", a.get, a, 0)
	end)

	it("loses nothing on timeouts", function()
		local large = ("x"):rep(5 * 1024 * 1024)
		local child = start(function()
			local value = b:get(30)
			b:put { #value, b:get(30) }
		end, b)
		assert.raises("ConnectionTimeout", a.put, a, large, 0)
		local e = assert.raises("ConnectionTimeout", a.put, a, large, 0)
		assert.equal("timed out", e.message)
		a:put(large, 30)
		a:put("next", 30)
		assert.same({ #large, "next" }, a:get(30))
		assert.equal(0, child:join(10))
	end)

	it("can be polled", function()
		assert.is_nil(a:poll(connection.POLLIN, 0.05))
		b:put(1)
		assert.same({ { a:fileno(), connection.POLLIN } }, a:poll(connection.POLLIN, 5))
	end)

	it("notices that the other end is closed", function()
		a:put("never read")
		b:put("last words")
		b:close()
		assert.equal("last words", a:get(5))
		assert.equal("connection closed", assert.raises("ConnectionClosed", a.get, a, 5).message)
		assert.raises("ConnectionClosed", a.put, a, 1, 5)
	end)

	it("is of no use when this end is closed", function()
		a:close()
		a:close()
		assert.raises("ConnectionClosed", a.get, a)
		assert.raises("ConnectionClosed", a.put, a, 1)
		assert.raises("ConnectionClosed", a.poll, a, connection.POLLIN)
		assert.raises("ConnectionClosed", a.fileno, a)
		assert.raises("ConnectionClosed", a.detach, a)
	end)

	it("can be made of a descriptor, and give it away", function()
		local fd, unread = b:detach()
		assert.equal("", unread)
		assert.raises("ConnectionClosed", b.get, b)
		a:put("hello")
		local same = Pipe.from_fd(fd)
		assert.equal("hello", same:get(5))
		same:close()
		assert.raises("ConnectionClosed", a.get, a, 5)
	end)

	it("is nothing else", function()
		assert.equal("Pipe: the ends of a pipe are made by Pipe.pair and Pipe.from_fd", assert.raises("TypeError", Pipe).message)
		local e = assert.raises("Exception", Pipe.from_fd, 0)
		assert.matches("^wanted the descriptor of a pipe's end, got 0: ", e.message)
	end)
end)

describe("a process with an end of a pipe", function()
	it("talks to the one that started it", function()
		local ours, theirs = Pipe.pair()
		finally(function() ours:close() end)
		local child = start(function()
			for value in function() return theirs:get(10) end do
				if value == "stop" then
					return
				end
				theirs:put { twice = value * 2 }
			end
		end, theirs)
		for n = 1, 100 do
			ours:put(n)
			assert.same({ twice = 2 * n }, ours:get(10))
		end
		ours:put("stop")
		assert.equal(0, child:join(10))
		assert.raises("ConnectionClosed", ours.get, ours, 10)
	end)

	it("is seen to end, also by SIGKILL", function()
		local ours, theirs = Pipe.pair()
		finally(function() ours:close() end)
		local child = start(function()
			theirs:put("ready")
			theirs:get()
		end, theirs)
		assert.equal("ready", ours:get(10))
		child:kill()
		assert.raises("ConnectionClosed", ours.get, ours, 10)
		assert.equal(-9, child:join(10))
	end)

	it("talks to another such process", function()
		local left, right = Pipe.pair()
		local ours, theirs = Pipe.pair()
		finally(function() ours:close() end)
		local asker = Process {
			target = function()
				left:put(20)
				theirs:put(left:get(10))
			end,
		}
		asker:start()
		left:close()
		theirs:close()
		local answerer = start(function() right:put(right:get(10) + 1) end, right)
		assert.equal(21, ours:get(20))
		assert.equal(0, asker:join(10))
		assert.equal(0, answerer:join(10))
	end)

	it("has it as an argument, a field or a local, and in the one that these are", function()
		local ours, theirs = Pipe.pair()
		finally(function() ours:close() end)
		local child = Process { args = { theirs, { end_of = theirs } } }
		child.link = theirs
		function child:run(pipe, holder)
			theirs:put(pipe == theirs and holder.end_of == theirs and self.link == theirs)
		end
		child:start()
		theirs:close()
		assert.is_true(ours:get(10))
		assert.equal(0, child:join(10))
	end)

	it("goes on with a value of which a part has come", function()
		local ours, theirs = Pipe.pair()
		finally(function() ours:close() end)
		local large = ("x"):rep(5 * 1024 * 1024)
		assert.raises("ConnectionTimeout", ours.put, ours, large, 0)
		assert.raises("ConnectionTimeout", theirs.get, theirs, 0.05)
		local child = start(function(pipe) pipe:put(#pipe:get(20)) end, theirs)
		ours:put(large, 20)
		assert.equal(#large, ours:get(20))
		assert.equal(0, child:join(10))
	end)

	it("is a daemon, too", function()
		local ours, theirs = Pipe.pair()
		finally(function() ours:close() end)
		local daemon = Process { target = function() theirs:put(theirs:get(10) + 1) end }
		daemon:start { daemonize = true }
		theirs:close()
		ours:put(6)
		assert.equal(7, ours:get(10))
	end)

	it("is not started with one that was closed, or has sent a value in part", function()
		local ours, theirs = Pipe.pair()
		finally(function() theirs:close() end)
		local child = Process { target = function() ours:put(1) end }
		assert.raises("ConnectionTimeout", ours.put, ours, ("x"):rep(5 * 1024 * 1024), 0)
		local e = assert.raises("Exception", child.start, child)
		assert.matches("a Pipe, connection again: a message was sent only in part", e.message, 1, true)
		ours:close()
		e = assert.raises("Exception", child.start, child)
		assert.matches("a Pipe, connection closed.*, cannot be copied to another process", e.message)
	end)
end)

-- The callbacks of a service: what they are given, and what becomes of their
-- errors.

local connection = require("ave.network.connection")
local control = require("ave.network.control")
local cmd = require("ave.cmd")
local Daemon = require("ave.daemon").Daemon
local Process = require("ave.network.process").Process
local services = require("support.services")

local Control = control.Control
local rpc = Control.rpc

-- A service whose messages go to the file log_file.
local Noted = Control:subclass("Noted")
Noted.redirect = Daemon.redirect
Noted.echo = rpc(function(_, value) return value end)

local function text_of(path)
	local file = io.open(path)
	local text = file and file:read("*a")
	if file then
		file:close()
	end
	return text or ""
end

describe("a callback", function()
	local service, log, visitors

	local function start(class, options)
		local port
		service, port = services.start(class, options, { log_file = log })
		visitors = services.visitors(port)
	end

	before_each(function()
		log = os.tmpname()
	end)

	after_each(function()
		visitors:close()
		services.stop(service)
		os.remove(log)
	end)

	describe("gets a connection", function()
		local Pusher = Noted:subclass("Pusher")

		function Pusher:new_connection(conn)
			self.last = conn
			conn:put("welcome")
			conn:write("\0\0\0\4bare")
		end

		function Pusher:lost_connection(conn)
			local _, e = pcall(conn.put, conn, "too late")
			io.stderr:write("lost ", e.type, " ", select(2, pcall(conn.fileno, conn)).type, "\n")
			conn:close()
		end

		Pusher.look = rpc(function(self)
			local conn = self.last
			local events = conn:poll(connection.POLLOUT, 10)
			conn:connect()
			return { address = conn:address(), field = conn.address, host = conn.address[1], fd = conn:fileno(),
				polled = events[1][1], idle = conn:poll(connection.POLLIN, 0) == nil }
		end)
		Pusher.misuse = rpc(function(self, name, ...)
			return self.last[name](self.last, ...)
		end)
		Pusher.drop = rpc(function(self) self.last:close() end)

		it("that has the methods of Connection", function()
			start(Pusher)
			local conn = visitors:peer()
			assert.equal("welcome", conn:get(10))
			assert.equal("bare", conn:get(10))
			local function call(text)
				conn:put(text, 10)
				return require("ave.json").decode(conn:get(10))
			end
			local seen = call('{"method": "look", "params": {"vargs": [], "kwargs": {}}}').result
			assert.same(seen.field, seen.address)
			assert.equal("127.0.0.1", seen.host)
			assert(seen.fd > 2)
			assert.equal(seen.fd, seen.polled)
			assert.is_true(seen.idle)
			for _, name in ipairs { "get", "detach" } do
				local e = call('{"method": "misuse", "params": {"vargs": ["' .. name .. '"], "kwargs": {}}}').exception
				assert.matches("the service itself reads the calls from it", e.message)
			end
			local e = call('{"method": "misuse", "params": {"vargs": ["accept"], "kwargs": {}}}').exception
			assert.equal("ConnectionClosed", e.cause.type)
			call('{"method": "drop", "params": {"vargs": [], "kwargs": {}}}')
			assert.raises("ConnectionClosed", conn.get, conn, 10)
			eventually(function() return text_of(log) == "lost ConnectionClosed ConnectionClosed\n" end, { timeout = 10 })
		end)
	end)

	describe("that fails is reported without logging", function()
		local Faulty = Noted:subclass("Faulty")

		local function broken(name)
			error("no " .. name)
		end

		local function fails(name)
			it("as " .. name, function()
				Faulty[name] = function() broken(name) end
				finally(function() Faulty[name] = nil end)
				start(Faulty, { interval = name == "idle" and 0.05 or nil })
				local remote = visitors:client()
				if name == "joined_process" then
					remote:spawn()
				end
				assert.equal("x", remote:echo("x"))
				remote:close()
				local text = eventually(function()
					local text = text_of(log)
					return text:find("error in the callback " .. name, 1, true) and text
				end, { timeout = 20 })
				assert.matches("%d %-%- error in the callback " .. name .. ": .*no " .. name, text)
				local _, traces = text:gsub('File "[^"\n]*test_callbacks.lua", line %d+, in ', "")
				assert(traces >= 2, text)
				assert.matches('error("no " .. name)', text, 1, true)
				assert.equal("y", visitors:client():echo("y"))
				local failed = visitors:client():call("$statistics").callbacks[name]
				assert.is_true(failed.errors >= 1)
				assert.matches("no " .. name, failed.last)
			end)
		end

		Faulty.spawn = rpc(function(self)
			local process = Process { target = function() end }
			process:start()
			self:join_later(process)
		end)

		for _, name in ipairs { "new_connection", "lost_connection", "idle", "joined_process" } do
			fails(name)
		end
	end)

	it("that fails again and again does not fill the log", function()
		local Flood = Noted:subclass("Flood")
		function Flood:new_connection() error("again") end
		start(Flood)
		for _ = 1, 200 do
			local remote = visitors:client()
			remote:connect()
			remote:close()
		end
		assert.equal("x", visitors:client():echo("x"))
		eventually(function() return text_of(log):find("more errors in callbacks", 1, true) end, { timeout = 20 })
		local _, output = cmd.run { "grep", "-c", "again$", log }
		assert(tonumber(output) < 200, output)
	end)
end)

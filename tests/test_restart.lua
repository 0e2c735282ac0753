-- A service is replaced by a new process while its clients are connected.

local ave = require("ave")
local services = require("support.services")

local Control, RemoteControl = ave.Control, ave.RemoteControl

local Counter = Control:subclass("Counter")

function Counter:init(options)
	Control.init(self, options)
	self.counts, self.names, self.helpers, self.adopted_pids = {}, {}, {}, {}
	self.generation = 1
end

-- Counts the calls of each client, which shows a call that was lost or made
-- twice.
Counter.count = Control.rpc(function(self)
	local key = tostring(self.current_connection.id)
	self.counts[key] = (self.counts[key] or 0) + 1
	return { self.counts[key], self.generation }
end)

Counter.echo = Control.rpc(function(_, value)
	return value
end)

Counter.generation_now = Control.rpc(function(self)
	return self.generation
end)

Counter.pid_now = Control.rpc(function(self)
	return self.pid
end)

-- Keeps what belongs to a client by its connection.
Counter.introduce = Control.rpc(function(self, name)
	self.names[self.current_connection] = name
end)

Counter.who_am_i = Control.rpc(function(self)
	return self.names[self.current_connection]
end)

Counter.slow = Control.rpc(function(self, seconds)
	ave.cmd.run("sleep " .. seconds)
	return self.generation
end)

Counter.wait_for_generation = Control.rpc(Control.resumable(Control.concurrent(function(self, wanted)
	while self.generation < wanted do
		ave.cmd.run("sleep 0.02")
	end
	return self.generation
end)))

Counter.start_helper = Control.rpc(function(self)
	local helper = ave.Process {
		target = function()
			while true do
				ave.cmd.run("sleep 60")
			end
		end,
	}
	helper:start()
	self.helpers[helper.pid] = helper
	self:join_later(helper)
	return helper.pid
end)

Counter.list_helpers = Control.rpc(function(self)
	local list = ave.json.list()
	for pid, helper in pairs(self.helpers) do
		list[#list + 1] = { pid = pid, adopted = helper.adopted or false, alive = helper:is_alive() }
	end
	return list
end)

Counter.end_helper = Control.rpc(function(self, pid)
	self.helpers[pid]:kill()
end)

function Counter:joined_process(pid)
	self.helpers[pid] = nil
end

function Counter:serialize()
	local names = {}
	for client, name in pairs(self.names) do
		names[tostring(client.id)] = name
	end
	return { counts = self.counts, names = names, generation = self.generation }
end

function Counter:adopt(state, processes, clients)
	self.counts, self.generation = state.counts, state.generation + 1
	for id, name in pairs(state.names) do
		self.names[clients[tonumber(id)]] = name
	end
	for pid, helper in pairs(processes) do
		self.helpers[pid] = helper
		self:join_later(helper)
	end
end

describe("a service that is restarted", function()
	local service, port, clients

	local function connect()
		local client = RemoteControl({ "", port }, "key", 10)
		clients[#clients + 1] = client
		return client
	end

	-- Starts a process that takes over, and waits for the end of the old one.
	local function restart(class, options)
		local successor = (class or Counter) { port = port, authkey = "key", takeover = true, takeover_timeout = 10 }
		for name, value in pairs(options or {}) do
			successor[name] = value
		end
		successor:start { synchronize = true }
		assert.equal(0, service:join(10))
		service = successor
	end

	before_each(function()
		clients = {}
		service, port = services.start(Counter, { authkey = "key" })
	end)

	after_each(function()
		for _, client in ipairs(clients) do
			client:close()
		end
		services.stop(service)
	end)

	it("keeps its clients, who they are and what it knows of them", function()
		local client = connect()
		client:introduce("Ada")
		assert.same({ 1, 1 }, client:count())
		restart()
		assert.same({ 2, 2 }, client:count())
		assert.equal("Ada", client:who_am_i())
		assert.equal(service.pid, client:pid_now())
		assert.same({ 1, 2 }, connect():count())
	end)

	it("finishes the call that is running", function()
		local client = connect()
		local answer = client.future:slow(0.3)
		restart()
		assert.equal(1, answer:get(10))
		assert.equal(2, client:generation_now())
	end)

	it("resumes a call that can be resumed", function()
		local client = connect()
		local answer = client.future:wait_for_generation(3)
		restart()
		restart()
		assert.equal(3, answer:get(10))
	end)

	it("is replaced by new code", function()
		local Better = Counter:subclass("Better")
		Better.improved = Control.rpc(function()
			return true
		end)
		local client = connect()
		assert.error(function()
			client:improved()
		end)
		restart(Better)
		assert.is_true(client:improved())
	end)

	it("keeps its processes", function()
		local client = connect()
		local first, second = client:start_helper(), client:start_helper()
		restart()
		restart()
		for _, helper in ipairs(client:list_helpers()) do
			assert.is_true(helper.alive)
			assert.is_true(helper.adopted)
		end
		assert.equal(2, #client:list_helpers())
		client:end_helper(first)
		eventually(function()
			return #client:list_helpers() == 1
		end, { timeout = 30 })
		-- They die with the service to which they belong now.
		service:kill()
		service:join(5)
		eventually(function()
			return not io.open("/proc/" .. second .. "/comm")
		end, { timeout = 30 })
	end)

	it("goes on when one of its processes is stopped", function()
		local client = connect()
		local helper = client:start_helper()
		ave.cmd.run("kill -STOP " .. helper)
		local late = Counter { port = port, authkey = "key", takeover = true, takeover_timeout = 1 }
		local answer = client.future:echo("meanwhile")
		assert.error(function()
			late:start { synchronize = true }
		end)
		assert.equal("meanwhile", answer:get(30))
		ave.cmd.run("kill -CONT " .. helper)
		restart()
		assert.same({ { pid = helper, adopted = true, alive = true } }, client:list_helpers())
	end)

	it("does not serve in a process that is ready too late", function()
		local Late = Counter:subclass("Late")
		function Late.adopt()
			ave.cmd.run("sleep 1")
		end
		local client = connect()
		client:count()
		local late = Late { port = port, authkey = "key", takeover = true, takeover_timeout = 0.3 }
		assert.error(function()
			late:start { synchronize = true }
		end)
		assert.same({ 2, 1 }, client:count())
		assert.same({ 1, 1 }, connect():count())
	end)

	it("goes on when a call outlasts the time", function()
		local client, other = connect(), connect()
		local answer = client.future:slow(1)
		local late = Counter { port = port, authkey = "key", takeover = true, takeover_timeout = 0.3 }
		assert.error(function()
			late:start { synchronize = true }
		end)
		assert.equal(1, answer:get(5))
		assert.equal(1, client:generation_now())
		assert.equal(1, other:generation_now())
	end)

	it("goes on when the new process cannot adopt it", function()
		local Broken = Counter:subclass("Broken")
		function Broken.adopt()
			error("cannot adopt")
		end
		local client = connect()
		client:count()
		local broken = Broken { port = port, authkey = "key", takeover = true }
		local e = assert.error(function()
			broken:start { synchronize = true }
		end)
		assert.matches("cannot adopt", tostring(e))
		assert.same({ 2, 1 }, client:count())
		restart()
		assert.same({ 3, 2 }, client:count())
	end)

	it("goes on at once when a takeover fails in a process that lives on", function()
		local Broken = Counter:subclass("Broken")
		function Broken.adopt()
			error("cannot adopt")
		end
		local broken = Broken { port = port, authkey = "key", takeover = true, takeover_timeout = 20 }
		local ok, e = pcall(broken.initialize, broken)
		assert.is_false(ok)
		assert.matches("cannot adopt", tostring(e))
		local client = ave.RemoteControl({ "", port }, "key", 10)
		finally(function() client:close() end)
		assert.same({ 1, 1 }, client:count())
	end)

	it("goes on when the new process is too slow, and when it dies", function()
		local adopting = os.tmpname()
		finally(function() os.remove(adopting) end)
		os.remove(adopting)
		local Hanging = Counter:subclass("Hanging")
		function Hanging.adopt()
			ave.fs.write(adopting, "")
			ave.cmd.run("sleep 60")
		end
		local client = connect()
		local hanging = Hanging { port = port, authkey = "key", takeover = true, takeover_timeout = 0.5 }
		hanging:start()
		assert.same({ 1, 1 }, client:count())
		eventually(function() return ave.fs.exists(adopting) or not hanging:is_alive() end, { timeout = 30 })
		assert.same({ 2, 1 }, client:count())
		hanging:kill()
		hanging:join(5)
		os.remove(adopting)
		local dying = Hanging { port = port, authkey = "key", takeover = true, takeover_timeout = 30 }
		dying:start()
		eventually(function() return ave.fs.exists(adopting) end, { timeout = 30 })
		dying:kill()
		assert.same({ 3, 1 }, client:count())
	end)

	it("goes on in the new process when the old one is killed meanwhile", function()
		local adopting = os.tmpname()
		finally(function() os.remove(adopting) end)
		os.remove(adopting)
		local client = connect()
		client:count()
		local answer = client.future:slow(1)
		local Slow = Counter:subclass("Slow")
		function Slow:adopt(...)
			ave.fs.write(adopting, "")
			ave.cmd.run("sleep 0.5")
			Counter.adopt(self, ...)
		end
		answer:get(30)
		local successor = Slow { port = port, authkey = "key", takeover = true }
		successor:start()
		eventually(function() return ave.fs.exists(adopting) end, { timeout = 30 })
		service:kill()
		assert.same({ 2, 2 }, client:count())
		service:join(5)
		service = successor
	end)

	it("is not noticed by clients that call all the time", function()
		local calls
		service, calls = assert.restart_under_load {
			service = service,
			successor = function()
				return Counter { port = port, authkey = "key", takeover = true }
			end,
			clients = 32,
			restarts = 100,
		}
		assert.is_true(calls > 1000)
		assert.equal(101, connect():generation_now())
	end)

	it("is not noticed by clients whose calls are large", function()
		service = assert.restart_under_load {
			service = service,
			successor = function()
				return Counter { port = port, authkey = "key", takeover = true }
			end,
			clients = 4,
			restarts = 20,
			size = 2000000,
		}
	end)

	it("is not noticed when new processes die at any moment", function()
		local Doomed = Counter:subclass("Doomed")
		function Doomed.adopt()
			ave.cmd.run("sleep 60")
		end
		local dir = ave.fs.tempdir() -- for the sockets of those that are killed
		service = assert.restart_under_load {
			service = service,
			successor = function()
				-- The old one refuses as long as it has not noticed that the last one has died.
				for i = 0, 9 do
					eventually(function()
						local doomed = Doomed { port = port, authkey = "key", takeover = true, proc_name = "ave-doomed" }
						ave.env.with { TMPDIR = dir }(doomed.start, doomed)
						ave.cmd.run("sleep " .. i / 200)
						doomed:kill()
						assert.equal(-9, doomed:join(5))
					end)
				end
				local heir = Counter { port = port, authkey = "key", takeover = true }
				eventually(function()
					heir:start { synchronize = true }
				end)
				return heir
			end,
			restarts = 1,
		}
	end)

	it("is handed over to nobody without the key", function()
		local thief = Counter { port = port, authkey = "wrong", takeover = true }
		assert.error(function()
			thief:start { synchronize = true }
		end)
		assert.same({ 1, 1 }, connect():count())
	end)

	it("says why there is nothing to take over", function()
		services.stop(service)
		local successor = Counter { port = port, authkey = "key", takeover = true }
		local e = assert.error(function()
			successor:start { synchronize = true }
		end)
		assert.matches("take over the service on port " .. port, tostring(e), 1, true)
	end)
end)

-- Clients that go away, come back and ask at the wrong moment: nothing that is
-- leased is lost, doubled or left to nobody.

local ave = require("ave")
local Lab = require("support.brokers")
local rpc = ave.Control.rpc

local relay, other = { type = "relay", uid = "r" }, { type = "relay", uid = "other" }

-- A resource that takes its time to open, as long as its gate is shut.
local Slow = {}

function Slow:open()
	ave.cmd.run { "touch", self.profile.gate .. ".reached" }
	while not io.open(self.profile.gate) do
		ave.time.sleep(0.01)
	end
end

Slow.ping = rpc(function() return "pong" end)

describe("a broker", function()
	local lab, gate

	before_each(function()
		lab = Lab.new {}
		gate = lab.home .. "/gate"
		lab.options = {
			resources = { slow = Slow },
			equipment = { relay, other, { type = "slow", uid = "s", gate = gate } },
		}
		lab.broker = lab:start(lab.options)
	end)

	after_each(function()
		lab:close()
	end)

	local function plain()
		local remote = ave.RemoteControl({ "", lab.port }, nil, 5)
		table.insert(lab.clients, remote)
		remote:connect()
		return remote
	end

	local function available(n)
		local admin = lab:admin()
		eventually(function() return #admin:list_available() == n end, { timeout = 30 })
	end

	local function waiting(n)
		local admin = lab:admin()
		eventually(function() return #admin:list_waiting() == n end, { timeout = 30 })
	end

	local function exists(path)
		local file = io.open(path)
		return file and file:close()
	end

	it("keeps what a client had that was cut off while it waited", function()
		local holder, client = lab:connect(), lab:connect { linger = 20 }
		holder:get(relay)
		client:get(other)
		local _ = client.remote.future:wait_for({ relay }, 60)
		waiting(1)
		client.remote:close()
		waiting(0)
		assert.same({ other }, client:list())
	end)

	it("keeps what a client had that came back while it waited", function()
		local holder, client = lab:connect(), lab:connect { linger = 20 }
		holder:get(relay)
		client:get(other)
		local old = client.remote
		local _ = old.future:wait_for({ relay }, 60)
		waiting(1)
		client:attach()
		waiting(0)
		assert.same({ other }, client:list())
		old:close()
		assert.same({ other }, client:list())
	end)

	it("gives back at once what a client closes that may be cut off", function()
		local client = lab:connect { linger = 20 }
		client:get(relay)
		client:close()
		available(3)
	end)

	it("takes back what the connection had by which a client comes back", function()
		local client, remote = lab:connect { linger = 20 }, plain()
		client:get(relay)
		remote:get(other)
		remote:reclaim(client.token, { (next(client.handles)) })
		assert.same({ relay }, remote:list_allocations())
		available(2)
		remote:yield_resources()
		remote:close()
		available(3)
	end)

	it("opens nothing for a client that lost it to an administrator meanwhile", function()
		local client, admin = lab:connect(), lab:admin()
		local id = client:call("lease", { { type = "slow" } })[1].lease
		local answer = client.remote.future:serve({ id })
		eventually(function() return exists(gate .. ".reached") end, { timeout = 30 })
		admin:close_session(admin:list_allocations_all()[1].client_id)
		assert.is_false(pcall(answer.get, answer, 10))
		available(3)
	end)

	it("goes on with what was being opened when it was killed", function()
		local client = lab:connect()
		local id = client:call("lease", { { type = "slow" } })[1].lease
		client.handles[id] = true
		local _ = client.remote.future:serve({ id })
		eventually(function() return exists(gate .. ".reached") end, { timeout = 30 })
		lab.broker:kill()
		lab.broker:join(5)
		lab.broker = lab:start(lab.options)
		local row = client:call("serve", { id })[1]
		local session = ave.RemoteControl({ "", row.port }, row.authkey, 5)
		table.insert(lab.clients, session)
		local answer = session.future:invoke(row.resource, "ping", {})
		assert(io.open(gate, "w")):close()
		assert.equal("pong", answer:get(5))
		client:call("yield_leases", { id })
		available(3)
	end)

	it("leases nothing to those who wait during a handover", function()
		local holder, client, admin = lab:connect(), lab:connect(), lab:admin()
		local handle = holder:get(relay)
		local answer = client.remote.future:wait_for({ relay }, 60)
		waiting(1)
		admin:begin_handover()
		handle:yield()
		assert.same({}, admin:list_allocations_all())
		assert.is_false(answer:done())
		admin:end_handover()
		assert.same(relay, answer:get(5)[1].profile)
	end)

	it("gives back what was leased by a call that took too long", function()
		local client = lab:connect { call_timeout = 0.5 }
		assert.raises("ConnectionTimeout", client.get, client, { type = "slow" })
		local file = assert(io.open(gate, "w"))
		file:close()
		available(3)
	end)

	it("takes back what a session has that is stopped, and kills it", function()
		local client, holder = lab:connect(), lab:connect()
		local workspace = client:get({ type = "workspace" }, relay)
		local _, pid = workspace:run { "sh", "-c", "echo $PPID" }
		ave.cmd.run { "kill", "-STOP", (pid:match("%d+")) }
		local begun = ave.time.monotonic()
		workspace:yield()
		assert.is_true(ave.time.monotonic() - begun < 60) -- and not what opening may take
		eventually(function() return #lab:sessions() == 0 end, { timeout = 30 })
		assert.equal("r", holder:get(relay).profile.uid)
	end)

	it("is not stopped by clients that never read", function()
		local deaf = plain()
		for _ = 1, 3000 do
			deaf.async:serialize()
		end
		local client = lab:connect()
		assert.equal("r", client:get(relay).profile.uid)
		local old = lab.broker
		lab.broker = lab:start { takeover = true }
		assert.equal(0, old:join(10))
		assert.same({ relay }, client:list())
	end)

	it("refuses requests that are too large", function()
		local client, many = lab:connect(), {}
		for i = 1, 1001 do
			many[i] = { type = "workspace" }
		end
		local e = assert.raises("TypeError", client.request, client, many)
		assert.matches("wanted at most 1000 profiles, got 1001", e.message, 1, true)
		e = assert.raises("TypeError", client.request, client, { relay, reason = ("x"):rep(1001) })
		assert.matches("reason: wanted at most 1000 bytes, got 1001", e.message, 1, true)
		-- A frame that no service takes ends the connection, and is not sent for ever.
		assert.is_false(pcall(client.request, client, { relay, reason = ("x"):rep(100e6) }))
		assert.equal("r", client:get(relay).profile.uid)
	end)

	it("refuses the state that another broker uses", function()
		local socket, port = ave.find_free_port()
		local second = ave.broker.Broker { port = port, socket = socket, state_file = lab.home .. "/.ave/broker-" .. lab.port .. ".db" }
		local ok, e = pcall(second.start, second, { synchronize = true })
		if ok then
			second:terminate()
			second:join(5)
		end
		assert.is_false(ok)
		assert.matches("process " .. lab.broker.pid, e.message, 1, true)
	end)
end)

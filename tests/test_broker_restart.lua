-- The broker is restarted, killed and waited for, and what clients have stays.

local ave = require("ave")
local Lab = require("support.brokers")

local relay = { type = "relay", uid = "r" }
local handsets = { { type = "handset", serial = "1" }, { type = "handset", serial = "2" } }

-- Calls a function beside the test, and returns what waits for its result.
local function beside(client, method, ...)
	return client.remote.future[method](client.remote.future, ...)
end

describe("waiting for equipment", function()
	local lab, first, second, third

	before_each(function()
		lab = Lab.new { equipment = { relay, handsets[1], handsets[2] } }
		lab.broker = lab:start()
		first, second, third = lab:connect(), lab:connect(), lab:connect()
	end)

	after_each(function()
		lab:close()
	end)

	local function waiting(n)
		local admin = lab:admin()
		eventually(function() return #admin:list_waiting() == n end, { timeout = 30 })
		return admin:list_waiting()
	end

	it("needs no time for what is free", function()
		assert.equal("r", second:request({ relay, wait = 60 })[1].profile.uid)
	end)

	it("ends when somebody gives it back", function()
		local handle = first:get(relay)
		local answer = beside(second, "wait_for", { relay }, 60, "soak test")
		local entry = waiting(1)[1]
		assert.equal("soak test", entry.reason)
		assert.same({ relay }, entry.profiles)
		assert.is_true(entry.left > 50)
		handle:yield()
		assert.same(relay, answer:get(5)[1].profile)
		assert.same({ relay }, second:list())
	end)

	it("ends with Busy when the time is over, and costs what one has", function()
		first:get(relay)
		second:get(handsets[1])
		local e = assert.raises("Busy", second.request, second, { relay, wait = 0.1 })
		assert.matches("relay", e.message)
		assert.same({}, second:list())
		waiting(0)
	end)

	it("is not for what there will never be", function()
		assert.raises("NoSuch", second.request, second, { { type = "tank" }, wait = 60 })
	end)

	it("is fair: the first one comes first, and a large request is not starved", function()
		local one, two = first:get({ type = "handset" }, { type = "handset" })
		local large = beside(second, "wait_for", { { type = "handset" }, { type = "handset" } }, 60)
		waiting(1)
		local small = beside(third, "wait_for", { { type = "handset" } }, 60)
		waiting(2)
		one:yield()
		waiting(2)
		-- It is kept for the large request, also from those who do not wait.
		local fourth = lab:connect()
		assert.raises("Busy", fourth.get, fourth, { type = "handset" })
		two:yield()
		assert.equal(2, #large:get(5))
		second:call("yield_resources")
		assert.equal(1, #small:get(5))
	end)

	it("lets others pass that want something else", function()
		first:get(relay)
		local answer = beside(second, "wait_for", { relay, handsets[1] }, 60)
		waiting(1)
		assert.equal("2", third:request({ { type = "handset" }, wait = 5 })[1].profile.serial)
		assert.is_false(answer:done())
	end)

	it("ends with the client", function()
		local handle = first:get(relay)
		beside(second, "wait_for", { relay }, 60)
		waiting(1)
		second:close()
		waiting(0)
		handle:yield()
		assert.equal("r", third:get(relay).profile.uid)
	end)

	it("survives restarts, with its place and its time", function()
		local handle = first:get(relay)
		local answer = beside(second, "wait_for", { relay }, 60)
		waiting(1)
		local later = beside(third, "wait_for", { relay }, 60)
		waiting(2)
		for _ = 1, 3 do
			local old = lab.broker
			lab.broker = lab:start { takeover = true }
			assert.equal(0, old:join(10))
		end
		local entries = waiting(2)
		assert.is_true(entries[1].left <= entries[2].left and entries[2].left < 60)
		handle:yield()
		assert.same(relay, answer:get(5)[1].profile)
		second:call("yield_resources")
		assert.same(relay, later:get(5)[1].profile)
	end)

	it("survives restarts, even without an end", function()
		local handle = first:get(relay)
		local answer = beside(second, "wait_for", { relay }, math.huge)
		waiting(1)
		local old = lab.broker
		lab.broker = lab:start { takeover = true }
		assert.equal(0, old:join(10))
		handle:yield()
		assert.same(relay, answer:get(20)[1].profile)
	end)
end)

describe("a broker that is restarted", function()
	local lab

	before_each(function()
		lab = Lab.new { equipment = { relay, handsets[1] } }
	end)

	after_each(function()
		lab:close()
	end)

	-- Kills the broker and starts another one.
	local function crash(broker, extra)
		broker:kill()
		broker:join(10)
		return lab:start(extra)
	end

	it("says Restarting before a handover, and goes on after it", function()
		lab:start()
		local client, admin = lab:connect(), lab:admin()
		client:get(relay)
		admin:begin_handover()
		assert.raises("Restarting", client.get, client, handsets[1])
		assert.same({ relay }, client:list())
		admin:end_handover()
		client:get(handsets[1])
	end)

	it("keeps clients without a token, who never notice", function()
		local old = lab:start()
		local plain = ave.RemoteControl({ "", lab.port }, nil, 5)
		table.insert(lab.clients, plain)
		plain:get(relay)
		lab:start { takeover = true }
		assert.equal(0, old:join(10))
		assert.same({ relay }, plain:list_allocations())
		plain:yield_resources(relay)
		local client = lab:connect()
		client:get(relay)
	end)

	it("knows its clients and their sessions again after it was killed", function()
		local broker = lab:start()
		local client = lab:connect()
		local workspace = client:get({ type = "workspace" }, relay)
		workspace:put_file("kept", "x")
		for _ = 1, 2 do
			broker = crash(broker)
			assert.equal("x", workspace:get_file("kept"))
			assert.equal(2, #client:list())
		end
		local other = lab:connect()
		assert.raises("Busy", other.get, other, relay)
		local phone = client:get(handsets[1])
		assert.equal("1", phone.profile.serial)
		client:yield()
		assert.equal("r", other:get(relay).profile.uid)
		eventually(function() return #lab:sessions() == 0 end, { timeout = 30 })
	end)

	-- A stopped process takes connections, and answers none.
	it("is waited for by a client whose connection it took just before it was killed", function()
		local broker = lab:start()
		ave.posix.kill(broker.pid, "SIGSTOP")
		local connecting = ave.task.spawn(function() return lab:connect { patience = 30, timeout = 30 } end)
		local established = (" 0100007F:%04X 01 "):format(lab.port) -- the client's end
		eventually(function()
			return ave.fs.read("/proc/net/tcp"):find(established, 1, true)
		end, { timeout = 30 })
		crash(broker)
		local client = connecting:join(60)
		assert.equal("r", client:get(relay).profile.uid)
	end)

	it("is not waited for by a client that never reached it", function()
		assert.raises("ConnectionRefused", lab.connect, lab)
		assert.raises("TypeError", lab.connect, lab, { optimist = 1 })
		local connecting = ave.task.spawn(function() return lab:connect { optimist = true, timeout = 30 } end)
		lab:start() -- it is refused until then
		assert.same({}, connecting:join(60):list())
	end)

	it("frees what a client had that does not come back", function()
		local broker = lab:start()
		local client, plain = lab:connect(), ave.RemoteControl({ "", lab.port }, nil, 5)
		client:get({ type = "workspace" }, relay)
		plain:get(handsets[1])
		broker:kill()
		broker:join(10)
		client:close()
		plain:close()
		lab:start { grace = 1 }
		local admin = lab:admin()
		-- Without a token nobody can come back.
		assert.equal("1", admin:list_available()[1].serial)
		assert.equal(1, #admin:list_available())
		eventually(function() return #admin:list_available() == 2 and #lab:sessions() == 0 end, { timeout = 10 })
	end)

	it("waits for a client that only uses its session", function()
		local broker = lab:start()
		local client = lab:connect()
		local workspace = client:get { type = "workspace" }
		crash(broker, { grace = 0.3 })
		assert.equal(0, (workspace:run("sleep 1.5")))
		assert.equal(1, #client:list())
	end)

	it("frees what was in a session that has died meanwhile", function()
		local broker = lab:start()
		local client = lab:connect()
		local workspace = client:get({ type = "workspace" }, relay)
		broker:kill()
		broker:join(10)
		pcall(workspace.run, workspace, { "sh", "-c", "kill -9 $PPID" })
		lab:start()
		assert.same({}, client:list())
		assert.same({}, lab:sessions())
		assert.equal("r", client:get(relay).profile.uid)
	end)

	it("leaves sessions that end by themselves when it never comes back", function()
		local broker = lab:start { grace = 0.3 }
		local client = lab:connect()
		local workspace = client:get { type = "workspace" }
		local _, session = workspace:run { "sh", "-c", "echo $PPID" }
		broker:kill()
		broker:join(10)
		assert.equal(0, (workspace:run("sleep 1")))
		client:close()
		eventually(function()
			return #lab:sessions() == 0 and not ave.fs.exists("/proc/" .. session:match("%d+"))
		end, { timeout = 30 })
	end)

	it("tells a client that it has lost everything", function()
		local broker = lab:start()
		local client = lab:connect()
		client:get(relay)
		os.remove(lab.home .. "/.ave/broker-" .. lab.port .. ".db")
		crash(broker)
		local e = assert.raises("Restarting", client.list, client)
		assert.matches("no longer knows this client: its leases are lost", e.message, 1, true)
		broker = lab.brokers[#lab.brokers]
		broker:kill()
		broker:join(10)
		client.patience = 0.2
		e = assert.raises("Restarting", client.list, client)
		assert.matches("the broker cannot be reached for 0.2 s", e.message, 1, true)
	end)

	it("refuses a journal that is damaged, by its name", function()
		local path = lab.home .. "/.ave/broker-" .. lab.port .. ".json"
		for text, message in pairs {
			['{"version": 1, "clients": ['] = "not the state of a broker",
			["{}"] = "wanted version 1",
			['{"version": 1, "clients": [], "leases": [{}], "sessions": []}'] = "an entry in the list of leases has no id",
			['{"version": 1, "id": "x", "last": 1, "clients": [], "leases": [{"id": 1}], "sessions": []}'] = "Profile: ",
		} do
			local file = assert(io.open(path, "w"))
			file:write(text)
			file:close()
			local e = assert.raises("Exception", lab.start, lab)
			assert.matches(path, e.message, 1, true)
			assert.matches(message, e.message, 1, true)
		end
		os.remove(path)
	end)

	it("goes on with a configuration that has changed", function()
		local old = lab:start()
		local client = lab:connect()
		client:get(relay)
		lab:write("broker", { port = lab.port, equipment = { handsets[2] } })
		lab:start { takeover = true }
		assert.equal(0, old:join(10))
		assert.same({ relay }, client:list())
		assert.equal("2", client:get({ type = "handset" }).profile.serial)
		client:yield()
		assert.raises("NoSuch", client.get, client, relay)
	end)

	it("loses nothing and nobody among many clients, restarts and deaths", function()
		local handsets_of_lab, busy = {}, {}
		for i = 1, 4 do
			handsets_of_lab[i] = { type = "handset", serial = tostring(i) }
		end
		lab:write("broker", { port = lab.port, equipment = handsets_of_lab, session_directory = lab.home .. "/sessions" })
		local broker = lab:start()
		for i = 1, 6 do
			busy[i] = ave.Process {
				target = function(port)
					local client = ave.broker.connect { address = { "", port }, timeout = 30, optimist = true }
					for _ = 1, 4 do
						local leased = client:request { { type = "handset" }, { type = "workspace" }, wait = 60 }
						leased[2]:put_file("mine", leased[1].profile.serial)
						assert(leased[2]:get_file("mine") == leased[1].profile.serial)
						client:yield()
					end
					client:close()
				end,
				args = { lab.port },
			}
			busy[i]:start()
		end
		for i = 1, 6 do
			if i % 3 == 0 then
				broker = crash(broker)
			else
				local old = broker
				broker = lab:start { takeover = true }
				assert.equal(0, old:join(10))
			end
		end
		for _, process in ipairs(busy) do
			assert.equal(0, process:join(60))
		end
		local admin = lab:admin()
		eventually(function() return #admin:list_available() == 4 and #lab:sessions() == 0 end, { timeout = 10 })
		assert.same({}, admin:list_allocations_all())
	end)
end)

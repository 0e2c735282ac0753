-- Brokers that forward what they cannot lease to each other, or share what they
-- have.

local ave = require("ave")
local Lab = require("support.brokers")

local function relay(uid)
	return { type = "relay", uid = uid }
end

describe("brokers in a network", function()
	local labs

	before_each(function()
		labs = {}
	end)

	after_each(function()
		for _, lab in ipairs(labs) do
			lab:close()
		end
	end)

	-- Makes a laboratory with equipment.
	local function lab_with(...)
		local lab = Lab.new { equipment = { ... } }
		table.insert(labs, lab)
		return lab
	end

	-- Starts the laboratories; each forwards to those in the list at its place.
	local function start(ways, more)
		for i, lab in ipairs(labs) do
			local extra = { remotes = {} }
			for _, other in ipairs(ways[i] or {}) do
				table.insert(extra.remotes, { host = "", port = labs[other].port, authkey = labs[other].authkey })
			end
			for name, value in pairs(more or {}) do
				extra[name] = value
			end
			lab.broker = lab:start(extra)
		end
	end

	it("lease what another one has", function()
		lab_with(relay "a")
		lab_with(relay "b", { type = "command", name = "say", command = { "echo", "there" } })
		start { { 2 } }
		local client = labs[1]:connect()
		assert.equal("a", client:get({ type = "relay" }).profile.uid)
		local far, say = client:get(relay "b", { type = "command" })
		assert.equal("b", far.profile.uid)
		assert.same({ 0, "there you are\r\n" }, { say:run("you", "are") })
		local entry = labs[1]:admin():list_allocations_all()[2]
		assert.equal(":" .. labs[2].port, entry.remote)
		assert.equal(2, #labs[2]:admin():list_allocations_all())
		say:yield()
		assert.equal(1, #labs[2]:admin():list_allocations_all())
		assert.equal(2, #client:list())
	end)

	it("give back what they have for a client that goes", function()
		lab_with()
		lab_with(relay "b")
		start { { 2 } }
		local client, other = labs[1]:connect(), labs[1]:connect()
		client:get(relay "b")
		assert.raises("Busy", other.get, other, relay "b")
		client:close()
		eventually(function()
			return pcall(other.get, other, relay "b")
		end, { timeout = 30 })
	end)

	it("never ask in circles", function()
		lab_with(relay "a")
		lab_with(relay "b")
		lab_with(relay "c")
		start { { 2, 3 }, { 1, 3 }, { 1, 2, 3 } }
		local client = labs[1]:connect()
		local asked = os.time()
		assert.raises("NoSuch", client.get, client, { type = "tank" })
		assert.is_true(os.time() - asked < 5) -- a peer has as long to answer
		assert.equal("c", client:get(relay "c").profile.uid)
		local other = labs[2]:connect()
		local e = assert.raises("Busy", other.get, other, relay "c")
		assert.equal(3, #e.via)
		-- Three requests, and each broker is asked once by everybody who knows it.
		for _, lab in ipairs(labs) do
			assert.is_true(lab:admin():call("$statistics").methods.lease.calls <= 3 * 3)
		end
	end)

	it("ask each other at the same time", function()
		lab_with(relay "a")
		lab_with(relay "b")
		start { { 2 }, { 1 } }
		local clients, answers = {}, {}
		for i = 1, 6 do
			local lab = labs[i % 2 + 1]
			clients[i] = lab:connect()
			answers[i] = clients[i].remote.future:lease({ { type = "tank" } })
		end
		for _, answer in ipairs(answers) do
			assert.raises("NoSuch", answer.get, answer, 10)
		end
	end)

	it("go on without one that is away", function()
		lab_with()
		local gone = lab_with()
		lab_with(relay "c")
		start { { 2, 3 } }
		gone.broker:kill()
		gone.broker:join(5)
		assert.equal("c", labs[1]:connect():get(relay "c").profile.uid)
	end)

	it("wait for what another one has", function()
		lab_with()
		lab_with(relay "b")
		start { { 2 } }
		local holder, client = labs[2]:connect(), labs[1]:connect()
		local handle = holder:get(relay "b")
		local answer = client.remote.future:wait_for({ relay "b" }, 30)
		local admin = labs[1]:admin()
		eventually(function() return #admin:list_waiting() == 1 end, { timeout = 30 })
		handle:yield()
		assert.equal("b", answer:get(10)[1].profile.uid)
	end)

	it("keep what is leased elsewhere when they are restarted and killed", function()
		lab_with()
		lab_with({ type = "command", name = "say", command = { "echo", "still" } })
		start { { 2 } }
		local client = labs[1]:connect()
		local say = client:get { type = "command" }
		local remotes = { { host = "", port = labs[2].port } }
		local old = labs[1].broker
		labs[1].broker = labs[1]:start { takeover = true, remotes = remotes }
		assert.equal(0, old:join(10))
		assert.equal("still\r\n", select(2, say:run()))
		assert.equal(1, #labs[2]:admin():list_allocations_all())
		labs[1].broker:kill()
		labs[1].broker:join(5)
		labs[1]:start { remotes = remotes }
		assert.equal(1, #client:list())
		assert.equal(1, #labs[2]:admin():list_allocations_all())
		assert.equal("still\r\n", select(2, say:run()))
		client:yield()
		assert.equal(0, #labs[2]:admin():list_allocations_all())
	end)

	it("keep what is leased at one that was killed, and know when it is lost", function()
		lab_with()
		lab_with(relay "b")
		start({ { 2 } }, { grace = 1 })
		local client = labs[1]:connect()
		client:get(relay "b")
		local far = labs[2].broker
		far:kill()
		far:join(5)
		far = labs[2]:start { remotes = {}, grace = 1 }
		-- It would be free when the grace time is over, if nobody came.
		local admin, until_then = labs[2]:admin(), ave.time.monotonic() + 2
		eventually(function() return ave.time.monotonic() > until_then end, { timeout = 30 })
		assert.equal(1, #admin:list_allocations_all())
		far:kill()
		far:join(5)
		os.remove(("%s/.ave/broker-%d.db"):format(labs[2].home, labs[2].port))
		labs[2]:start { remotes = {}, grace = 1 }
		eventually(function() return #client:list() == 0 end, { timeout = 30 })
		assert.equal("b", client:get(relay "b").profile.uid)
	end)

	it("lease nothing for a call that was given up", function()
		lab_with()
		lab_with()
		lab_with(relay "c")
		start { { 2 }, { 3 } }
		-- The last one is asleep, and so the one between does not answer in time.
		ave.cmd.run("kill -STOP " .. labs[3].broker.pid)
		local client, admin = labs[2]:connect { call_timeout = 0.5 }, labs[2]:admin()
		assert.raises("ConnectionTimeout", client.get, client, relay "c")
		client.call_timeout = nil
		assert.same({}, client:list())
		ave.cmd.run("kill -CONT " .. labs[3].broker.pid)
		eventually(function() return admin:call("$statistics").methods.lease.calls == 1 end, { timeout = 10 })
		assert.same({}, client:list())
		assert.same({}, labs[3]:admin():list_allocations_all())
	end)

	it("share their equipment, until it is dropped", function()
		local master, sharer = lab_with(), lab_with(relay "b")
		start({}, { share_with = { host = "", port = master.port, authkey = "share key" } })
		local client, admin = master:connect(), master:admin()
		assert.raises("NoSuch", client.get, client, relay "b")
		sharer:admin():start_sharing()
		assert.equal(sharer.port, admin:list_shares()[1].port)
		local handle = client:get(relay "b")
		assert.equal("b", handle.profile.uid)
		admin:drop_share("127.0.0.1", sharer.port)
		assert.same({}, admin:list_shares())
		assert.raises("NoSuch", admin.drop_share, admin, "127.0.0.1", sharer.port)
		assert.equal(1, #client:list())
		handle:yield()
		assert.raises("NoSuch", client.get, client, relay "b")
		-- The one that shares finds out, and does not offer it again by itself.
		local its_admin = sharer:admin()
		eventually(function() return not its_admin:status().sharing end, { timeout = 30 })
		its_admin:start_sharing()
		assert.equal(1, #admin:list_shares())
		assert.equal(1, admin:drop_all_shares())
		its_admin:start_sharing()
		its_admin:stop_sharing()
		eventually(function() return #admin:list_shares() == 0 end, { timeout = 30 })
	end)

	it("offer their equipment again when the other one was killed", function()
		local master, sharer = lab_with(), lab_with(relay "b")
		start({}, { share_with = { host = "", port = master.port, authkey = "share key" } })
		sharer:admin():start_sharing()
		master.broker:kill()
		master.broker:join(5)
		master:start()
		local admin = master:admin()
		eventually(function() return #admin:list_shares() == 1 end, { timeout = 10 })
		-- Only the account for it may share.
		local plain = master:connect().remote
		assert.raises("Exception", plain.share, plain, 1)
	end)
end)

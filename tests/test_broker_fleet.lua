-- What a broker does for the host of a fleet: claims with tokens, contact, and the view
-- of all equipment.

local ave = require("ave")
local Lab = require("support.brokers")

local relays = { { type = "relay", uid = "r-1" }, { type = "relay", uid = "r-2" } }
local handset, antenna = { type = "handset", serial = "1" }, { type = "antenna", uid = "a" }
local machine = { type = "command", name = "machine", command = { "sh", "-c" } }

describe("a broker of a fleet", function()
	local lab, broker, host, other

	before_each(function()
		lab = Lab.new { equipment = { relays[1], relays[2], machine }, stacks = { { handset, antenna } } }
		broker = lab:start()
		host, other = lab:connect(), lab:connect()
	end)

	after_each(function()
		lab:close()
	end)

	local function claim(client, token, ...)
		return client:call("claim", { ... }, token, "run 7")
	end

	local function stale(client, token, ...)
		local e = assert.raises("Stale", claim, client, token, ...)
		return e
	end

	local function crash(grace)
		broker:kill()
		broker:join(10)
		broker = lab:start { grace = grace }
	end

	local function hand_over(grace)
		local old = broker
		broker = lab:start { takeover = true, grace = grace }
		assert.equal(0, old:join(10))
	end

	-- Returns what the inventory says about each piece, by its type and uid.
	local function inventory(client)
		local rows = {}
		for _, row in ipairs(client:call("inventory").equipment) do
			rows[row.profile.uid or row.profile.type] = row
		end
		return rows
	end

	describe("with a token", function()
		it("leases as without", function()
			local rows = claim(host, "12.0", relays[1], { type = "workspace" })
			assert.same(relays[1], rows[1].profile)
			assert.equal("workspace", rows[2].profile.type)
			assert.raises("Busy", other.get, other, relays[1])
			assert.raises("NoSuch", claim, host, "13.0", { type = "tank" })
			assert.same({}, host:list())
		end)

		it("refuses the same token and lower ones, even after restarts", function()
			claim(host, "12.3", relays[1])
			host:call("yield_resources")
			for _, restart in ipairs { function() end, hand_over, crash, crash } do
				restart()
				local e = stale(other, "12.3", relays[1])
				assert.equal('the token is stale: Profile{"type":"relay","uid":"r-1"}: known is 12.3, given was 12.3', e.message)
				assert.same({ "12.3", "12.3", relays[1] }, { e.known, e.given, e.profile })
				stale(other, "9.9", relays[1])
				stale(other, "12.2", relays[2], relays[1])
			end
			claim(other, "12.2", relays[2])
			claim(host, "12.10", relays[1])
			other:call("yield_resources")
			claim(other, "18446744073709551615.0", relays[2])
			assert.raises("Stale", claim, host, "9999999999999999999.4294967295", relays[2])
		end)

		it("leases the same again for the same client", function()
			local rows = claim(host, "12.0", relays[1], machine)
			for _, restart in ipairs { function() end, hand_over } do
				restart()
				assert.same(rows, claim(host, "12.0", relays[1], machine))
			end
			stale(host, "12.0", relays[1])
			assert.same({}, host:list())
		end)

		it("takes another piece if only some that match are stale", function()
			claim(host, "5.0", relays[1])
			host:call("yield_resources")
			assert.same(relays[2], claim(other, "4.0", { type = "relay" })[1].profile)
			stale(host, "4.1", { type = "relay" }, { type = "relay" })
		end)

		it("does not count what was refused", function()
			other:get(relays[1])
			assert.raises("Busy", claim, host, "20.0", relays[2], relays[1])
			other:call("yield_resources")
			claim(host, "19.0", relays[1], relays[2])
		end)

		it("ends the lease of a lower one, with its session, and all that its client has", function()
			local first = lab:connect()
			local rows = claim(first, "3.0", machine, relays[1])
			local served = first:call("serve", { rows[1].lease })[1]
			local session = ave.RemoteControl({ "", served.port }, served.authkey, 5)
			table.insert(lab.clients, session)
			assert.equal(0, session:invoke(served.resource, "run", { { "true" } })[1])
			assert.equal("machine", claim(host, "3.1", machine)[1].profile.name)
			assert.same({}, first:list())
			assert.same({}, lab:sessions())
			assert.error(function() session:invoke(served.resource, "run", { { "true" } }) end)
			assert.equal("r-1", other:get(relays[1]).profile.uid)
			stale(first, "3.0", machine)
		end)

		it("ends it even if its session is stopped", function()
			local first = lab:connect()
			local rows = claim(first, "3.0", machine)
			local served = first:call("serve", { rows[1].lease })[1]
			local session = ave.RemoteControl({ "", served.port }, served.authkey, 5)
			table.insert(lab.clients, session)
			pcall(session.call, session, "invoke", { served.resource, "run", { { "kill -STOP $PPID" } } }, {}, 0.5)
			claim(host, "4.0", machine)
			assert.same({}, lab:sessions())
		end)

		it("waits for the end of a session across a takeover", function()
			local first = lab:connect()
			local rows = claim(first, "3.0", machine)
			local served = first:call("serve", { rows[1].lease })[1]
			local session = ave.RemoteControl({ "", served.port }, served.authkey, 5)
			table.insert(lab.clients, session)
			pcall(session.call, session, "invoke", { served.resource, "run", { { "kill -STOP $PPID" } } }, {}, 0.5)
			local waiting = host.remote.future:claim({ machine }, "4.0")
			eventually(function() return inventory(other).command.state == "closing" end)
			hand_over()
			assert.equal("machine", waiting:get(20)[1].profile.name)
		end)

		it("does not end leases of others, nor takes what is kept for them", function()
			other:get(relays[1])
			local e = assert.raises("Busy", claim, host, "8.0", relays[1])
			assert.equal("leased", e.holders[1].state)
			local waiting = host.remote.future:wait_for({ relays[1] }, 60)
			eventually(function() return inventory(other)["r-1"] and #lab:admin():list_waiting() == 1 end)
			other:call("yield_resources")
			assert.same(relays[1], waiting:get(5)[1].profile)
			local third = lab:connect()
			claim(other, "8.0", relays[2])
			local later = host.remote.future:wait_for({ relays[2] }, 60)
			eventually(function() return #lab:admin():list_waiting() == 1 end)
			assert.raises("Busy", claim, third, "9.0", relays[2])
			other:call("yield_resources")
			assert.same(relays[2], later:get(5)[1].profile)
		end)

		it("leaves the rest of a stack to who has the other part", function()
			claim(other, "8.0", handset)
			local e = assert.raises("Busy", claim, host, "9.0", antenna)
			assert.same({ "collateral", "8.0" }, { e.holders[1].state, e.holders[1].token })
			claim(host, "9.1", handset, antenna)
			assert.same({}, other:list())
			claim(host, "9.2", antenna)
			assert.same({ antenna }, host:list())
		end)

		it("asks no other broker", function()
			local far = Lab.new { equipment = { { type = "printer" } } }
			finally(function() far:close() end)
			far:start()
			lab:write("broker", { port = lab.port, session_directory = lab.home .. "/sessions",
				remotes = { { host = "", port = far.port } } })
			hand_over()
			assert.raises("NoSuch", claim, host, "1.0", { type = "printer" })
			assert.equal("printer", host:get({ type = "printer" }).profile.type)
		end)

		it("takes only tokens", function()
			for _, token in ipairs { "", "12", "1.-2", "1.2.3", 12, { "1.0" }, "18446744073709551616.0", "1.4294967296" } do
				local e = assert.raises("TypeError", claim, host, token, relays[1])
				assert.matches("token: wanted a token such as '12.0', got ", e.message, 1, true)
			end
			assert.equal("5.0", inventory(claim(host, "05.00", relays[1]) and other)["r-1"].token)
		end)

		it("shows it with the lease", function()
			claim(host, "12.0", relays[1])
			local row = other:call("list_allocations_all")[1]
			assert.same({ "12.0", "run 7" }, { row.token, row.reason })
			local _, output = ave.cmd.run({ "/proc/self/exe", "ps", "--service", tostring(lab.port) },
				{ timeout = 30, size = { cols = 400 } })
			assert.matches("token 12.0: run 7", output, 1, true)
		end)
	end)

	describe("in contact", function()
		local fleet

		-- A client in a process of its own, which beats or not.
		local function enroll(contact, linger)
			fleet = ave.RemoteControl({ "", lab.port }, nil, 5)
			table.insert(lab.clients, fleet)
			return fleet:enroll(linger or 0, contact)
		end

		local function is_free(uid)
			return inventory(other)[uid].state == "free"
		end

		it("keeps what a client has as long as it calls", function()
			enroll(2)
			local lease = fleet:claim({ relays[1] }, "1.0")[1].lease
			for _ = 1, 12 do
				ave.time.sleep(0.25)
				assert.same({ lease }, fleet:beat())
				assert.is_false(is_free("r-1"))
			end
		end)

		it("takes everything when it is silent, though it is connected", function()
			enroll(2, 30)
			local rows = fleet:claim({ machine, relays[1] }, "1.0")
			local served = fleet:serve({ rows[1].lease })[1]
			local session = ave.RemoteControl({ "", served.port }, served.authkey, 5)
			table.insert(lab.clients, session)
			assert.equal(0, session:invoke(served.resource, "run", { { "true" } })[1]) -- its session is in use
			eventually(function() return is_free("r-1") and is_free("command") and #lab:sessions() == 0 end, { timeout = 30 })
			assert.raises("NoSuch", fleet.beat, fleet)
			enroll(10)
			assert.same({}, fleet:beat())
			fleet:claim({ relays[1] }, "2.0")
		end)

		it("takes everything when it is silent after the broker was killed", function()
			local token = enroll(2, 30)
			fleet:claim({ relays[1] }, "1.0")
			crash()
			eventually(function() return is_free("r-1") end, { timeout = 10 })
			enroll(1, 30)
			assert.raises("NoSuch", fleet.reclaim, fleet, token, {})
		end)

		it("knows a client again that comes back in time", function()
			local token = enroll(20)
			local lease = fleet:claim({ relays[1] }, "1.0")[1].lease
			for _, restart in ipairs { crash, hand_over } do
				restart()
				fleet = ave.RemoteControl({ "", lab.port }, nil, 5)
				table.insert(lab.clients, fleet)
				assert.same(lease, fleet:reclaim(token, { lease })[1].lease)
				assert.same({ lease }, fleet:beat())
			end
		end)

		it("still watches a client after a takeover", function()
			enroll(2)
			fleet:claim({ relays[1] }, "1.0")
			hand_over()
			eventually(function() return is_free("r-1") end, { timeout = 10 })
		end)

		it("counts a call that is served", function()
			other:get(relays[1])
			enroll(1)
			local waits = fleet.future:wait_for({ relays[1] }, 60)
			ave.time.sleep(2)
			other:call("yield_resources")
			assert.same(relays[1], waits:get(5)[1].profile)
		end)

		it("does not count the time in which it was stopped itself", function()
			enroll(1.5)
			fleet:claim({ relays[1] }, "1.0")
			for _, stopped in ipairs { 1.55, 3 } do
				for _ = 1, 4 do -- so that it watches the client already
					ave.time.sleep(0.25)
					fleet:beat()
				end
				ave.posix.kill(broker.pid, "SIGSTOP")
				ave.time.sleep(stopped)
				ave.posix.kill(broker.pid, "SIGCONT")
				ave.time.sleep(0.2) -- so that the broker looks before it hears anything
				assert.equal(1, #fleet:beat())
				assert.is_false(is_free("r-1"))
			end
		end)

		it("wants to know for how long", function()
			for _, contact in ipairs { 0, -1, "1", 0 / 0 } do
				pcall(fleet and fleet.close or function() end, fleet)
				local e = assert.raises("TypeError", enroll, contact)
				assert.matches("contact: wanted a positive number of seconds", e.message, 1, true)
			end
			assert.raises("NoSuch", fleet.beat, fleet)
		end)
	end)

	-- Each use holds a lock of the kernel and writes down its token.
	it("lets nobody use a piece twice, nor after a higher token, whatever dies", function()
		local directory, workers, grace = ave.fs.tempdir(), {}, 3
		crash(grace)
		for n = 1, 4 do
			workers[n] = ave.Process {
				target = function(port, number, path)
					local client = ave.broker.connect { address = { "", port }, timeout = 30, optimist = true }
					local began = ave.time.now()
					while ave.time.now() < began + 5 do
						local token = ("%d.%d"):format(ave.time.now() * 20, number)
						local ok = pcall(function()
							local lease = client:call("claim", { { type = "command" } }, token, token)[1].lease
							local served = client:call("serve", { lease })[1]
							local session = ave.RemoteControl({ "", served.port }, served.authkey, 5)
							pcall(session.call, session, "invoke", { served.resource, "run", { {
								('flock -n %s/lock sh -c "echo %s >> %s/used; sleep 0.03" || echo %s >> %s/twice'):format(path, token, path, token, path),
							} } }, {}, 10)
							session:close()
							if math.random(3) > 1 then
								client:call("yield_resources")
							end
						end)
						if not ok then
							ave.time.sleep(0.02)
						end
					end
					client:close()
				end,
				args = { lab.port, n, directory },
			}
			workers[n]:start()
		end
		for n = 1, 4 do
			ave.time.sleep(1)
			if n % 2 == 1 then
				crash(grace)
			else
				hand_over(grace)
			end
		end
		for _, worker in ipairs(workers) do
			assert.equal(0, worker:join(100))
		end
		assert.is_false(ave.fs.exists(directory .. "/twice"))
		local before, uses = 0, 0
		for round, number in ave.fs.read(directory .. "/used"):gmatch("(%d+)%.(%d+)") do
			local token = tonumber(round) * 10 + tonumber(number)
			assert.is_true(token > before, ("token %d was used after %d"):format(token, before))
			before, uses = token, uses + 1
		end
		assert.is_true(uses > 0)
		-- A session that was just being started when the broker was killed ends by itself.
		eventually(function()
			return inventory(lab:connect()).command.state == "free" and #lab:sessions() == 0
				and ave.cmd.run { "pgrep", "-x", "-P", tostring(ave.posix.getpid()), "ave-session" } == 1
		end, { timeout = 30 })
	end)

	it("lists all its equipment, with who has it", function()
		local found = host:call("inventory")
		assert.same({ "workspace" }, found.made)
		assert.is_true(found.leasing)
		local rows = inventory(host)
		assert.same({ state = "free", profile = relays[1], stacks = {} }, rows["r-1"])
		assert.same({ 1 }, rows.a.stacks)
		claim(host, "12.0", handset)
		other:request { relays[1], reason = "soak test" }
		rows = inventory(lab:connect())
		assert.same({ "12.0", "12.0", nil }, { rows.handset.known, rows.a.token, rows.a.known })
		assert.same({ "leased", "soak test", nil }, { rows["r-1"].state, rows["r-1"].reason, rows["r-1"].token })
		assert.equal(2, #rows["r-1"].client)
		assert.same({ "leased", "run 7", "12.0" }, { rows.handset.state, rows.handset.reason, rows.handset.token })
		assert.same({ "collateral", "run 7", "12.0" }, { rows.a.state, rows.a.reason, rows.a.token })
		host:call("yield_resources")
		assert.same({ state = "free", profile = handset, stacks = { 1 }, known = "12.0" }, inventory(host).handset)
		local admin = lab:admin()
		admin:begin_handover()
		assert.is_false(host:call("inventory").leasing)
		admin:end_handover()
		local waiting = lab:connect()
		waiting.remote.future:wait_for({ relays[1], relays[2] }, 60)
		eventually(function() return inventory(host)["r-2"].state == "waiting" end)
	end)
end)

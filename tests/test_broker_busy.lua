-- Busy says who holds what one cannot have.

local Lab = require("support.brokers")

local relay = { type = "relay", uid = "r" }
local handsets = { { type = "handset", serial = "1" }, { type = "handset", serial = "2" } }

describe("Busy", function()
	local lab, holder, client

	before_each(function()
		lab = Lab.new {
			equipment = { relay, handsets[1], handsets[2] },
			stacks = { { { type = "camera", uid = "c" }, { type = "lamp", uid = "l" } } },
		}
		lab:start { alt_keys = { night = "night key", admin = "admin key" } }
		holder, client = lab:connect { authkey = "night key" }, lab:connect()
	end)

	after_each(function()
		lab:close()
	end)

	local function busy(...)
		return assert.raises("Busy", client.request, client, ...)
	end

	it("says who has it, since when and why", function()
		local before = os.time()
		holder:request { relay, reason = "soak \27[2J test" }
		local e = busy { relay }
		local row = e.details.holders[1]
		assert.equal(1, #e.details.holders)
		assert.same(relay, row.profile)
		assert.equal("127.0.0.1", row.client[1])
		assert.same({ "night" }, row.accounts)
		assert.equal("soak \27[2J test", row.reason) -- as it was given; who shows it makes it safe
		assert.equal("leased", row.state)
		assert.is_true(row.since >= before and row.since <= os.time())
		assert.matches("equipment is busy: ", e.message, 1, true)
		assert.matches('"uid":"r"', e.message, 1, true)
		assert.matches(("leased by 127.0.0.1:%d (night) since %s"):format(row.client[2], os.date("%Y-%m-%d %H:%M:%S", row.since)),
			e.message, 1, true)
		assert.matches(": soak ", e.message, 1, true)
	end)

	it("names several, and those that something is kept for", function()
		holder:get({ type = "handset" }, { type = "handset" })
		local e = busy { { type = "handset" } }
		assert.equal(2, #e.details.holders)
		assert.matches("; and 1 more", e.message, 1, true)
		holder:yield()

		local one = holder:get(handsets[1])
		local waiting, admin = lab:connect(), lab:admin()
		local answer = waiting.remote.future:wait_for({ { type = "handset" }, { type = "handset" } }, 60, "both")
		eventually(function() return #admin:list_waiting() == 1 end, { timeout = 20 })
		e = busy { handsets[2] }
		assert.equal("waiting", e.details.holders[1].state)
		assert.matches("held back for 127.0.0.1:", e.message, 1, true)
		assert.matches(": both", e.message, 1, true)
		one:yield()
		assert.equal(2, #answer:get(30))
	end)

	it("names the holder of the stack", function()
		holder:get { type = "camera" }
		local e = busy { { type = "lamp" } }
		assert.equal("collateral", e.details.holders[1].state)
		assert.matches("collateral of 127.0.0.1:", e.message, 1, true)
	end)

	it("says so when the time of waiting is over, and through another broker", function()
		holder:request { relay, reason = "nightly" }
		local e = busy { relay, wait = 0.1 }
		assert.matches(": nightly", e.message, 1, true)

		local front = Lab.new { remotes = { { host = "", port = lab.port } } }
		finally(function() front:close() end)
		front:start()
		local far = front:connect()
		e = assert.raises("Busy", far.get, far, relay)
		assert.matches("leased by 127.0.0.1:.*: nightly", e.message)
		assert.equal("nightly", e.details.holders[1].reason)
	end)
end)

-- Which equipment serves a request: stacks and collateral, first as the rules
-- that know no clients, and then as clients see them.

local ave = require("ave")
local Lab = require("support.brokers")
local Profile = ave.Profile
local allocation = require("ave.broker.allocation")

local function list(...)
	local profiles = {}
	for i, values in ipairs { ... } do
		profiles[i] = Profile(values)
	end
	return profiles
end

local function handset(serial)
	return { type = "handset", serial = serial }
end

local function relay(uid)
	return { type = "relay", uid = uid }
end

describe("the allocation", function()
	-- The serials and uids that a request gets, of which some are taken.
	local function plan(inventory, wanted, statuses)
		local picks, missing = allocation.plan(inventory, wanted, function(i)
			local piece = inventory.equipment[i]
			return (statuses or {})[piece.serial or piece.uid] or "free"
		end)
		if not picks then
			return nil, missing
		end
		local names = {}
		for n, pick in ipairs(picks) do
			local piece = inventory.equipment[pick.index]
			names[n] = (piece.serial or piece.uid) .. (pick.stack and "@" .. pick.stack or "")
		end
		return table.concat(names, " ")
	end

	local two_stacks = allocation.inventory(
		list(handset "h1", handset "h2", handset "h3", relay "r1", relay "r2", { type = "printer", uid = "p" }),
		{ list(handset "h1", relay "r1"), list(handset "h2", relay "r2") }
	)

	it("takes several pieces from one stack", function()
		assert.equal("h1@1 r1@1", plan(two_stacks, list({ type = "handset" }, { type = "relay" })))
		assert.equal("h2@2 r2@2", plan(two_stacks, list({ type = "handset" }, { type = "relay" }), { r1 = "taken" }))
		assert.equal("r2@2 h2@2", plan(two_stacks, list({ type = "relay" }, handset "h2")))
	end)

	it("never mixes stacks, nor stacks and what is in none", function()
		assert.is_nil(plan(two_stacks, list(handset "h1", relay "r2")))
		assert.is_nil(plan(two_stacks, list(handset "h3", { type = "relay" })))
		assert.is_nil(plan(two_stacks, list({ type = "handset" }, { type = "relay" }), { h1 = "taken", r2 = "taken" }))
	end)

	it("prefers a single piece that is in no stack, and then a small stack", function()
		assert.equal("h3", plan(two_stacks, list { type = "handset" }))
		assert.equal("h1@1", plan(two_stacks, list { type = "handset" }, { h3 = "taken" }))
		local sizes = allocation.inventory(list(handset "a", handset "b"), {
			list(handset "a", relay "x", relay "y"), list(handset "b", relay "z"),
		})
		assert.equal("b@2", plan(sizes, list { type = "handset" }))
	end)

	it("prefers what the client holds by a stack already", function()
		assert.equal("r2@2", plan(two_stacks, list { type = "relay" }, { h2 = "leased", r2 = "mine" }))
	end)

	it("lets types that are in no stack come along", function()
		assert.equal("p h1@1 r1@1", plan(two_stacks, list({ type = "printer" }, { type = "handset" }, { type = "relay" })))
	end)

	it("takes what no stack has together from outside of all stacks", function()
		local inventory = allocation.inventory(list(handset "a", handset "b", handset "c"), { list(handset "c", relay "r") })
		assert.equal("a b", plan(inventory, list({ type = "handset" }, { type = "handset" })))
		assert.is_nil(plan(inventory, list({ type = "handset" }, { type = "handset" }), { a = "taken" }))
	end)

	it("has the equipment of stacks that is listed nowhere else", function()
		local inventory = allocation.inventory({}, { list(handset "a", relay "r") })
		assert.equal("r@1 a@1", plan(inventory, list({ type = "relay" }, { type = "handset" })))
	end)
end)

describe("a broker with stacks", function()
	local lab, first, second

	local function names(profiles)
		local all = {}
		for i, profile in ipairs(profiles) do
			all[i] = profile.serial or profile.uid
		end
		table.sort(all)
		return table.concat(all, " ")
	end

	before_each(function()
		lab = Lab.new {
			equipment = { handset "h3" },
			stacks = { { handset "h1", relay "r1" }, { handset "h2", relay "r2" } },
		}
		lab:start()
		first, second = lab:connect(), lab:connect()
	end)

	after_each(function()
		lab:close()
	end)

	it("keeps the rest of a stack for the client", function()
		first:get(handset "h1")
		assert.equal("r1", names(first:call("list_collateral")))
		assert.equal("", names(second:call("list_collateral")))
		assert.raises("Busy", second.get, second, relay "r1")
		local all = second:call("list_collateral_all")
		assert.equal("r1", all[1].profile.uid)
		assert.equal("h2 h3 r2", names(lab:admin():list_available()))
		assert.equal("r1", first:get { type = "relay" }.profile.uid)
	end)

	it("frees the collateral with the last piece of the stack", function()
		local one, two = first:get(handset "h1", relay "r1")
		one:yield()
		assert.raises("Busy", second.get, second, handset "h1")
		two:yield()
		assert.equal("h1", second:get(handset "h1").profile.serial)
	end)

	it("tells stacks that are leased from those that there are not", function()
		first:get(handset "h1")
		assert.raises("Busy", second.get, second, handset "h1", { type = "relay" })
		assert.raises("NoSuch", second.get, second, handset "h1", relay "r2")
	end)

	it("lists its stacks for administrators", function()
		local stacks = lab:admin():list_stacks()
		assert.equal(2, #stacks)
		assert.equal("h2 r2", names(stacks[2]))
		local raw = ave.RemoteControl({ "", lab.port })
		table.insert(lab.clients, raw)
		assert.raises("Exception", raw.list_stacks, raw)
	end)

	it("leases a workspace with anything", function()
		local workspace, phone, other = first:get({ type = "workspace" }, handset "h1", { type = "relay" })
		assert.equal("workspace", workspace.profile.type)
		assert.equal("h1 r1", phone.profile.serial .. " " .. other.profile.uid)
		local a, b = second:get({ type = "workspace" }, { type = "workspace" })
		assert.not_equal(a:get_path(), b:get_path())
		assert.raises("NoSuch", second.get, second, { type = "workspace", wings = 2 })
	end)

	it("refuses what is no equipment and no stack", function()
		for _, wrong in ipairs {
			{ { equipment = { { serial = "1" } } }, "equipment 1: a profile must have a 'type'" },
			{ { equipment = "all" }, "equipment: wanted a list, got 'all'" },
			{ { stacks = { { type = "relay" } } }, "stacks 1, profile: wanted a list" },
			{ { remotes = { { host = "lab" } } }, "remotes 1: wanted another broker" },
			{ { grace = "long" }, "grace: wanted a number of seconds, got 'long'" },
			{ { resources = { relay = 1 } }, "resources: relay: wanted a resource class" },
			{ { resources = { relay = "no.such" } }, "the resource class 'no.such'" },
		} do
			local ok, e = pcall(ave.broker.Broker, wrong[1])
			assert.is_false(ok)
			assert.matches(wrong[2], e.message, 1, true)
		end
	end)
end)

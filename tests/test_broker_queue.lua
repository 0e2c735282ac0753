-- The queue tries only those who may be able to have something. This compares it with
-- one that tries everybody each time.

local Ledger = require("ave.broker.ledger")
local Profile = require("ave.profile").Profile
local Queue = require("ave.broker.queue")
local allocation = require("ave.broker.allocation")

describe("the queue of a broker", function()
	local inventory, ledger, queue, clients

	local function profile(kind, uid)
		return Profile { type = kind, uid = uid }
	end

	-- A lab with stacks that have pieces in common, or none.
	local function setup_lab(stacks)
		local equipment = {}
		for i = 1, 4 do
			table.insert(equipment, profile("handset", i))
			table.insert(equipment, profile("relay", i))
		end
		inventory = allocation.inventory(equipment, stacks)
		ledger = Ledger.new(inventory, function() end)
		queue = Queue.new(inventory)
		clients = {}
		for i = 1, 12 do
			clients[i] = ledger:add_client { id = i, address = { "", i }, accounts = {} }
		end
	end

	-- What is kept for those before an entry, found by looking at all of them.
	local function kept_before(entry)
		local kept = {}
		for _, other in ipairs(queue.entries) do
			if other == entry then
				break
			end
			for _, pick in ipairs(not other.out and allocation.plan(inventory, other.equipment, allocation.everything) or {}) do
				kept[pick.index] = true
			end
		end
		return kept
	end

	local function try(entry)
		local client = ledger.clients[entry.client]
		local picks = allocation.plan(inventory, entry.equipment, ledger:status(client, queue:reserved(entry)))
		return picks and ledger:grant(client, picks)
	end

	local function serve()
		queue:serve(ledger.freed, function(i) return ledger.holder[i] ~= nil end, try)
	end

	local function check()
		for _, entry in ipairs(queue.entries) do
			local kept, reserved = kept_before(entry), queue:reserved(entry)
			for i in ipairs(inventory.equipment) do
				if reserved(i) ~= (kept[i] or false) then
					error("piece " .. i .. " is kept by mistake, or not kept", 0)
				end
			end
			if not entry.out then
				local status = ledger:status(ledger.clients[entry.client], function(i) return kept[i] end)
				if allocation.plan(inventory, entry.equipment, status) then
					error("the entry of connection " .. entry.connection .. " was forgotten", 0)
				end
			end
		end
	end

	local function wanted()
		local list = {}
		for n = 1, math.random(3) do
			local kind = math.random(2) == 1 and "handset" or "relay"
			list[n] = math.random(2) == 1 and Profile { type = kind } or profile(kind, math.random(4))
		end
		return list
	end

	local function step(i)
		local client, entry = clients[i], queue:find(i)
		if entry and not entry.out then
			if math.random(4) == 1 then
				queue:remove(i)
			end
		elseif entry then
			queue:remove(i) -- it has been told
		elseif ledger:has_leases(client) and math.random(2) == 1 then
			for _, lease in ipairs(ledger:leases_of(client)) do
				if math.random(2) == 1 then
					ledger:remove(lease)
				end
			end
		else
			local request = wanted()
			local new = queue:add { connection = i, client = client.id, wanted = request, equipment = request, deadline = 0, since = 0 }
			queue:offer(new, try)
		end
		serve()
		check()
	end

	local stacks = {
		{},
		{ { profile("handset", 1), profile("relay", 1) }, { profile("handset", 2), profile("relay", 2) } },
		{ { profile("handset", 1), profile("relay", 1), profile("relay", 2) }, { profile("handset", 2), profile("relay", 2) },
			{ profile("handset", 3), profile("relay", 2), profile("relay", 3) } },
	}
	for n, of_lab in ipairs(stacks) do
		it("forgets nobody, with the stacks " .. n, function()
			local seed = os.time() + n
			math.randomseed(seed)
			setup_lab(of_lab)
			local ok, e = pcall(function()
				for _ = 1, 200 do
					step(math.random(#clients))
				end
			end)
			assert.is_true(ok, ("seed %d: %s"):format(seed, tostring(ok or e.message or e)))
		end)
	end

	it("lines everybody up anew when what they were offered could not be written", function()
		setup_lab({})
		local all = {}
		for i = 1, 8 do
			all[i] = Profile { type = i % 2 == 1 and "handset" or "relay", uid = math.ceil(i / 2) }
		end
		queue:offer(queue:add { connection = 1, client = clients[1].id, wanted = all, equipment = all, deadline = 0, since = 0 }, try)
		queue:add { connection = 2, client = clients[2].id, wanted = { all[1] }, equipment = { all[1] }, deadline = 0, since = 0 }
		for _, lease in ipairs(ledger:all()) do
			ledger:remove(lease)
		end
		queue:rebuild(function() return false end)
		assert.same({}, queue:take_offers())
		serve()
		check()
		assert.equal(8, #ledger:leases_of(clients[1]))
	end)
end)

-- Chooses the equipment that serves a request. It knows nothing of clients and the
-- network: its caller tells it which pieces are free.
--
-- A stack is equipment that belongs together, such as a handset and the relay that
-- switches its power. All pieces of one request come from one stack, because pieces
-- from different stacks would be of no use. The rules:
--
-- * Stacks do not matter for types of equipment that are in no stack.
-- * For a single piece, equipment outside of stacks is preferred, so that stacks
--   stay complete; then the smallest stack that has one.
-- * Several pieces come from one stack. Equipment outside of stacks is only used if
--   no stack could ever serve the request.
-- * Stacks that the client holds already come first.

local host = require("ave.broker.host")

local allocation = {}

-- Makes an inventory from lists of profiles. Equipment in a stack need not be in
-- the list of equipment.
function allocation.inventory(equipment, stacks)
	local inventory = { equipment = {}, stacks = {}, of = {}, stacked = {}, index = host.index(), around = {},
		matching = {}, matched = 0 }
	for _, profile in ipairs(equipment) do
		allocation.append(inventory, profile)
	end
	for s, profiles in ipairs(stacks) do
		local members = {}
		for m, profile in ipairs(profiles) do
			members[m] = inventory.index:find(profile)[1] or allocation.append(inventory, profile)
			inventory.stacked[profile.type] = true
		end
		inventory.stacks[s] = members
		for _, i in ipairs(members) do
			inventory.of[i] = inventory.of[i] or {}
			table.insert(inventory.of[i], s)
		end
	end
	return inventory
end

function allocation.append(inventory, profile)
	local i = inventory.index:add(profile)
	inventory.equipment[i] = profile
	return i
end

-- The number of profiles for which the matches are cached. Many clients want the
-- same.
local KNOWN = 1000

-- Returns the equipment that matches a Profile.
function allocation.find(inventory, profile)
	local list = inventory.matching[profile]
	if not list then
		if inventory.matched == KNOWN then
			inventory.matching, inventory.matched = {}, 0
		end
		list = inventory.index:find(profile)
		inventory.matching[profile], inventory.matched = list, inventory.matched + 1
	end
	return list
end

-- Returns the equipment that a client may be able to get when piece i becomes free:
-- the piece itself, and everything that is connected with it by stacks.
function allocation.around(inventory, i)
	if not inventory.of[i] then
		return { i }
	elseif not inventory.around[i] then
		local list, seen = {}, {}
		local function add(piece, depth)
			if not seen[piece] then
				seen[piece] = true
				table.insert(list, piece)
			end
			for _, s in ipairs(depth > 0 and inventory.of[piece] or {}) do
				for _, mate in ipairs(inventory.stacks[s]) do
					add(mate, depth - 1)
				end
			end
		end
		add(i, 2)
		inventory.around[i] = list
	end
	return inventory.around[i]
end

-- Assigns a different piece to each wanted profile, out of those that find(profile)
-- lists. A profile that matches few pieces may need one that another profile has
-- taken, so that one is asked to move. If there is no solution, it returns nil and
-- the profile that got nothing.
function allocation.assign(wanted, find, usable)
	local holder = {} -- for each piece, the wanted profile that it is assigned to
	local candidates = {}
	local function place(w, tried)
		for _, i in ipairs(candidates[w]) do
			if not holder[i] and usable(i, wanted[w]) then
				holder[i] = w
				return true
			end
		end
		if next(holder) == nil then
			return false
		end
		for _, i in ipairs(candidates[w]) do
			if holder[i] and not tried[i] then
				tried[i] = true
				if place(holder[i], tried) then
					holder[i] = w
					return true
				end
			end
		end
		return false
	end
	for w, profile in ipairs(wanted) do
		candidates[w] = find(profile)
		if not place(w, {}) then
			return nil, profile
		end
	end
	local assigned = {}
	for i, w in pairs(holder) do
		assigned[w] = i
	end
	return assigned
end

function allocation.everything()
	return "free"
end

local function contains(list, value)
	for _, v in ipairs(list or {}) do
		if v == value then
			return true
		end
	end
	return false
end

-- Tells whether all of a stack can be used, and whether the client holds it
-- already.
local function condition(inventory, s, status)
	local mine = false
	for _, i in ipairs(inventory.stacks[s]) do
		local is = status(i)
		if is == "taken" then
			return "taken"
		end
		mine = mine or is ~= "free"
	end
	return mine and "mine" or "free"
end

-- Lists the stacks that can be used: those that the client holds first, then by
-- size.
local function candidates(inventory, status)
	local list, rank = {}, {}
	for s, members in ipairs(inventory.stacks) do
		local is = condition(inventory, s, status)
		if is ~= "taken" then
			table.insert(list, s)
			rank[s] = #members + (is == "mine" and 0 or 1e6)
		end
	end
	table.sort(list, function(a, b)
		if rank[a] ~= rank[b] then
			return rank[a] < rank[b]
		end
		return a < b
	end)
	return list, rank
end

-- Serves the request from stack s; without s, from equipment outside of stacks.
local function from(inventory, wanted, status, s)
	local function usable(i, profile)
		local is = status(i)
		if is ~= "free" and is ~= "mine" then
			return false
		end
		if #inventory.stacks == 0 or not inventory.stacked[profile.type] then
			return true
		elseif s then
			return contains(inventory.of[i], s)
		end
		return inventory.of[i] == nil
	end
	local assigned, missing = allocation.assign(wanted, function(profile)
		return allocation.find(inventory, profile)
	end, usable)
	if not assigned then
		return nil, missing
	end
	local picks = {}
	for w, i in ipairs(assigned) do
		picks[w] = { index = i, stack = s and contains(inventory.of[i], s) and s or nil }
	end
	return picks
end

local function stacked_in(inventory, wanted)
	local n = 0
	for _, profile in ipairs(#inventory.stacks > 0 and wanted or {}) do
		n = n + (inventory.stacked[profile.type] and 1 or 0)
	end
	return n
end

-- Finds equipment for a list of profiles. status(i) tells what piece i is for the
-- client: "free"; "mine" if it belongs to a stack that the client holds; "leased"
-- if the client has leased it; or "taken". Returns a list of picks {index =, stack
-- =} in the order of the profiles; or nil and a profile that cannot be served.
function allocation.plan(inventory, wanted, status)
	local stacked = stacked_in(inventory, wanted)
	if stacked == 0 then
		return from(inventory, wanted, status)
	end
	local stacks, rank = candidates(inventory, status)
	local missing = wanted[1]
	local outside = stacked == 1 or not allocation.stackable(inventory, wanted)
	local tried_outside = false
	local function try_outside()
		if outside and not tried_outside then
			tried_outside = true
			local picks, lacking = from(inventory, wanted, status)
			missing = lacking or missing
			return picks
		end
	end
	for _, s in ipairs(stacks) do
		local picks = rank[s] >= 1e6 and try_outside() or from(inventory, wanted, status, s)
		if picks then
			return picks
		end
	end
	return try_outside(), missing
end

-- Tells whether any stack could ever serve the whole request.
function allocation.stackable(inventory, wanted)
	for s in ipairs(inventory.stacks) do
		if from(inventory, wanted, allocation.everything, s) then
			return true
		end
	end
	return false
end

return allocation

-- Allocation finds out which equipment serves a request. It knows nothing of
-- clients and the network: whether a piece can be had is told by its caller.
--
-- A stack is equipment that belongs together, such as a handset and the relay
-- that cuts its power. What a client asks for at once comes from one stack: a
-- pair out of two would be of no use. The rules:
--
-- * Types of equipment that are in no stack have nothing to do with stacks.
-- * A single piece that nobody put into a stack is preferred, so that stacks
--   stay whole, and then the smallest stack that has one.
-- * Several pieces come from one stack. Only if no stack could ever serve them
--   may they come from outside of all stacks.
-- * What the client has of a stack already comes before everything else.

local allocation = {}

-- Makes an inventory of lists of profiles. What is only in a stack is equipment
-- nevertheless.
function allocation.inventory(equipment, stacks)
	local inventory = { equipment = {}, stacks = {}, of = {}, stacked = {} }
	for i, profile in ipairs(equipment) do
		inventory.equipment[i] = profile
	end
	for s, profiles in ipairs(stacks) do
		local members = {}
		for m, profile in ipairs(profiles) do
			members[m] = allocation.add(inventory, profile)
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

-- The index of the equipment that a stack means. It is added if there is none.
function allocation.add(inventory, profile)
	for i, piece in ipairs(inventory.equipment) do
		if piece:match(profile) then
			return i
		end
	end
	table.insert(inventory.equipment, profile)
	return #inventory.equipment
end

-- Pairs every wanted profile with a different piece of equipment, by its
-- index. Profiles that are picky and ones that are not may compete for the
-- same piece, so one that is taken is asked to move to another. Without a
-- solution it returns nil and the profile that there was nothing for.
function allocation.assign(wanted, equipment, usable)
	local holder = {} -- the wanted profile that has a piece
	local function suits(i, w)
		return usable(i, wanted[w]) and equipment[i]:match(wanted[w])
	end
	local function place(w, tried)
		for i in ipairs(equipment) do
			if not holder[i] and suits(i, w) then
				holder[i] = w
				return true
			end
		end
		for i in ipairs(equipment) do
			if not tried[i] and suits(i, w) then
				tried[i] = true
				if place(holder[i], tried) then
					holder[i] = w
					return true
				end
			end
		end
		return false
	end
	for w in ipairs(wanted) do
		if not place(w, {}) then
			return nil, wanted[w]
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

-- Whether all of a stack can be had, and whether the client holds it already.
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

-- The stacks that can be had, those that the client holds first, and then the
-- smallest first.
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

-- Serves the request from stack s, or from outside of all stacks without one.
local function from(inventory, wanted, status, s)
	local function usable(i, profile)
		local is = status(i)
		if is ~= "free" and is ~= "mine" then
			return false
		end
		if not inventory.stacked[profile.type] then
			return true
		elseif s then
			return contains(inventory.of[i], s)
		end
		return inventory.of[i] == nil
	end
	local assigned, missing = allocation.assign(wanted, inventory.equipment, usable)
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
	for _, profile in ipairs(wanted) do
		n = n + (inventory.stacked[profile.type] and 1 or 0)
	end
	return n
end

-- Finds equipment for a list of profiles. status(i) tells what piece i is to the
-- client: "free", "mine" if it belongs to a stack that the client holds, "leased"
-- if the client has it itself, and "taken". It returns a list of picks in the
-- order of the profiles, {index =, stack =}; or nil and a profile that there is
-- nothing for.
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

-- Whether some stack could ever serve all of a request.
function allocation.stackable(inventory, wanted)
	for s in ipairs(inventory.stacks) do
		if from(inventory, wanted, allocation.everything, s) then
			return true
		end
	end
	return false
end

return allocation

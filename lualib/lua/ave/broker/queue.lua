-- The queue of clients that wait instead of getting Busy. It is served in order.
-- Equipment for the first ones is held back, so that small requests that come later
-- do not starve a large one.
--
-- An entry: connection (its id), client (an id), wanted, equipment (the part of
-- wanted that is in the inventory), deadline (by host.clock), since, reason;
-- offered (ids of leases) once it is served, and granted, the same, when that is on
-- the disk. Its key is its connection, which can make one call at a time: so a call
-- that is repeated after a takeover finds its place again. In this process, an
-- entry also has seq, which gives the order; possible, if the inventory has all of
-- its equipment; and out, when it does not wait any more.
--
-- Thousands of clients may wait. So an entry is tried only when something has
-- become free that it wants and that is not held back for an entry before it. The
-- queue knows at any time who wants what, and what is held back for whom. All its
-- lists are lanes: sorted like the entries, but possibly with entries that are out;
-- these are dropped when they reach the front.

local allocation = require("ave.broker.allocation")
local checks = require("ave.broker.checks")
local host = require("ave.broker.host")
local json = require("ave.json")

local Queue = {}
Queue.__index = Queue

local function new(inventory)
	local self = setmetatable({ inventory = inventory, entries = {}, by_connection = {}, bells = {}, last = 0 }, Queue)
	self:clear()
	return self
end

-- How many entries of a lane may be out before the lane is cleaned.
local SLACK = 32

local function append(lane, entry)
	if lane.last - lane.first > 2 * lane.waiting + SLACK then
		local last = lane.first - 1
		for n = lane.first, lane.last do
			local other = lane[n]
			lane[n] = nil
			if not other.out then
				last = last + 1
				lane[last] = other
			end
		end
		lane.last = last
	end
	lane.last = lane.last + 1
	lane.waiting = lane.waiting + 1
	lane[lane.last] = entry
end

-- Returns the first entry of a lane that is still waiting.
local function front(lane)
	while lane and lane[lane.first] and lane[lane.first].out do
		lane[lane.first] = nil
		lane.first = lane.first + 1
	end
	return lane and lane[lane.first]
end

local function lane_of(lanes, key)
	lanes[key] = lanes[key] or { first = 1, last = 0, waiting = 0 }
	return lanes[key]
end

-- Removes duplicates from a list.
local function distinct(list)
	local seen, different = {}, {}
	for _, value in ipairs(list) do
		if not seen[value] then
			seen[value] = true
			table.insert(different, value)
		end
	end
	return different
end

function Queue:clear()
	self.keeping = {} -- for each piece, the lane of entries that it is held back for
	self.wanting = {} -- for each wanted profile, the lane of entries that want it
	self.wants = self.inventory.index:wants()
	self.freed = {} -- the set of pieces that were held back and may be free now
	self.offers = {} -- the entries that were offered something since take_offers
end

-- Adds an entry to its lanes.
function Queue:line_up(entry)
	entry.out, entry.kept = nil, {}
	local picks = allocation.plan(self.inventory, entry.equipment, allocation.everything)
	entry.possible = picks ~= nil
	for n, pick in ipairs(picks or {}) do
		entry.kept[n] = pick.index
		append(lane_of(self.keeping, pick.index), entry)
	end
	for _, profile in ipairs(distinct(entry.equipment)) do
		if not self.wanting[profile] then
			self.wants:add(profile, profile)
		end
		append(lane_of(self.wanting, profile), entry)
	end
end

-- Removes an entry from its lanes.
function Queue:step_out(entry)
	if entry.out then
		return
	end
	entry.out = true
	for _, i in ipairs(entry.kept) do
		local lane = self.keeping[i]
		lane.waiting = lane.waiting - 1
		for _, near in ipairs(allocation.around(self.inventory, i)) do
			self.freed[near] = true
		end
	end
	for _, profile in ipairs(distinct(entry.equipment)) do
		local lane = self.wanting[profile]
		lane.waiting = lane.waiting - 1
		if lane.waiting == 0 then
			self.wanting[profile] = nil
			self.wants:remove(profile)
		end
	end
end

-- Makes all lanes again, after offers were undone because they could not be
-- written. holds(entry) tells whether an entry still has its offer.
function Queue:rebuild(holds)
	self:clear()
	for _, entry in ipairs(self.entries) do
		if entry.offered and not entry.granted and not holds(entry) then
			entry.offered = nil
		end
		if not entry.offered then
			self:line_up(entry)
		end
	end
	self:free_all()
end

-- Makes the next round try all entries.
function Queue:free_all()
	self.all = true
end

function Queue:find(connection)
	return self.by_connection[connection]
end

function Queue:add(entry)
	self.last = self.last + 1
	entry.seq = self.last
	table.insert(self.entries, entry)
	self.by_connection[entry.connection] = entry
	if entry.granted then
		entry.out, entry.kept = true, {}
	else
		self:line_up(entry)
	end
	return entry
end

-- Returns the index of an entry: entries are sorted by seq.
local function place_of(entries, entry)
	local low, high = 1, #entries
	while low < high do
		local middle = math.floor((low + high) / 2)
		if entries[middle].seq < entry.seq then
			low = middle + 1
		else
			high = middle
		end
	end
	return low
end

-- Removes the entry of a connection, and wakes the call that waits for it.
function Queue:remove(connection)
	local entry = self.by_connection[connection]
	if entry then
		self:step_out(entry)
		self.by_connection[connection] = nil
		table.remove(self.entries, place_of(self.entries, entry))
	end
	self:ring(connection)
end

-- Returns a function that tells whether a piece is held back for an entry; with
-- `before`, for an entry that is earlier in the queue.
function Queue:reserved(before)
	return function(i)
		local first = front(self.keeping[i])
		return first ~= nil and (not before or first.seq < before.seq)
	end
end

-- Returns the entry that a piece is held back for, or nil.
function Queue:kept_for(i)
	return front(self.keeping[i])
end

-- A round serves the queue after some pieces have become free. It has the lanes of
-- the entries that want one of these pieces, each with the position that the round
-- has reached.
local Round = {}
Round.__index = Round

-- Adds the pieces of a set, for the entries after the current one, and empties the
-- set.
function Round:widen(freed)
	for i in pairs(freed) do
		freed[i] = nil
		for _, profile in ipairs(self.queue.wants:served_by(self.queue.inventory.equipment[i])) do
			local walk = self.walks[profile] or { lane = self.queue.wanting[profile], pieces = {}, at = 1 }
			self.walks[profile] = walk
			table.insert(walk.pieces, i)
		end
	end
end

-- Tells whether an entry can have one of the pieces of a walk. Pieces that it
-- cannot have, because they are held back for an entry before it, are dropped: no
-- later entry can have them either.
function Round:worthwhile(walk, entry)
	local reserved = self.queue:reserved(entry)
	for n = #walk.pieces, 1, -1 do
		if not self.taken(walk.pieces[n]) and not reserved(walk.pieces[n]) then
			return true
		end
		walk.pieces[n] = nil
	end
	return false
end

-- Returns the next entry that may be able to get something now.
function Round:next()
	local first
	for profile, walk in pairs(self.walks) do
		local lane = walk.lane
		front(lane) -- drops entries that are out
		walk.at = math.max(walk.at, lane.first)
		while lane[walk.at] and (lane[walk.at].out or lane[walk.at].seq <= self.seq) do
			walk.at = walk.at + 1
		end
		local entry = lane[walk.at]
		if not entry or not self:worthwhile(walk, entry) then
			self.walks[profile] = nil
		elseif not first or entry.seq < first.seq then
			first = entry
		end
	end
	return first
end

-- Lets waiting entries try again, in order, after the pieces in the set freed have
-- become free; it empties the set. try(entry) returns what was granted; taken(i)
-- tells whether a piece is leased.
function Queue:serve(freed, taken, try)
	if self.all then
		self:serve_all(freed, try)
	end
	local round = setmetatable({ queue = self, taken = taken, walks = {}, seq = 0 }, Round)
	round:widen(freed)
	round:widen(self.freed)
	local entry = round:next()
	while entry do
		round.seq = entry.seq
		self:offer(entry, try)
		round:widen(self.freed)
		entry = round:next()
	end
end

-- Lets all entries try.
function Queue:serve_all(freed, try)
	self.all = false
	for i in pairs(freed) do
		freed[i] = nil
	end
	for _, entry in ipairs(self.entries) do
		if not entry.out then
			self:offer(entry, try)
		end
	end
	self.freed = {}
end

-- Lets one entry try.
function Queue:offer(entry, try)
	entry.offered = try(entry)
	if entry.offered then
		self:step_out(entry)
		table.insert(self.offers, entry)
	end
end

-- Returns the entries that were offered something since the last call.
function Queue:take_offers()
	local offers = self.offers
	self.offers = {}
	return offers
end

-- Waits until the bell of a client's connection rings, the client disconnects, or
-- the time is over.
function Queue:wait(connection, seconds)
	local bell = host.bell()
	self.bells[connection.id] = bell
	bell:wait(connection, seconds)
	if self.bells[connection.id] == bell then
		self.bells[connection.id] = nil
	end
end

function Queue:ring(connection)
	if self.bells[connection] then
		self.bells[connection]:ring()
	end
end

-- Returns the queue as a value for JSON.
function Queue:dump()
	local list = json.list()
	for n, entry in ipairs(self.entries) do
		list[n] = {
			connection = entry.connection, client = entry.client, wanted = entry.wanted, equipment = entry.equipment,
			deadline = entry.deadline, since = entry.since, reason = entry.reason, granted = entry.granted,
		}
	end
	return list
end

function Queue:restore(entries)
	for _, entry in ipairs(entries) do
		for _, list in ipairs { "wanted", "equipment" } do
			entry[list] = checks.list(entry[list], "queue", checks.profile)
		end
		self:add(entry)
	end
	self:free_all()
end

return { new = new }

-- The queue of those who rather wait than get Busy. It is served in the order in
-- which they came. What the first ones will need is kept free for them, so that
-- a large request is not starved by small ones that come later.
--
-- An entry: connection (its id), client (an id), wanted, deadline (by
-- host.clock), since, reason, and granted (ids of leases) once it is served. It
-- is known by its connection, which can make one call at a time: so a call that
-- is made again, because the service was handed over, finds its place.

local allocation = require("ave.broker.allocation")
local checks = require("ave.broker.checks")
local json = require("ave.json")
local Pipe = require("ave.network.pipe").Pipe

local Queue = {}
Queue.__index = Queue

local function new()
	return setmetatable({ entries = {}, bells = {} }, Queue)
end

function Queue:find(connection)
	for i, entry in ipairs(self.entries) do
		if entry.connection == connection then
			return entry, i
		end
	end
end

function Queue:add(entry)
	table.insert(self.entries, entry)
	return entry
end

-- Removes the entry of a connection, and wakes up who waits there.
function Queue:remove(connection)
	local _, i = self:find(connection)
	if i then
		table.remove(self.entries, i)
	end
	self:ring(connection)
end

-- The equipment that is kept for those in the queue, up to a connection.
function Queue:reserved(inventory, connection)
	local reserved = {}
	for _, entry in ipairs(self.entries) do
		if entry.connection == connection then
			break
		end
		if not entry.granted then
			for _, pick in ipairs(allocation.plan(inventory, entry.equipment, allocation.everything) or {}) do
				reserved[pick.index] = true
			end
		end
	end
	return reserved
end

-- Offers everybody who waits, in their order, to try again; what try(entry)
-- returns is what was granted. Returns whether anything was. The bells ring at
-- the end, because others run while they do.
function Queue:serve(try)
	local served = {}
	for _, entry in ipairs(self.entries) do
		if not entry.granted then
			entry.granted = try(entry)
			served[#served + 1] = entry.granted and entry.connection
		end
	end
	for _, connection in ipairs(served) do
		self:ring(connection)
	end
	return #served > 0
end

-- Waits until the bell of a connection rings, or the time is over.
function Queue:wait(connection, seconds)
	local ours, theirs = Pipe.pair()
	self:hang_up(connection) -- a call that was interrupted has left its own
	self.bells[connection] = { ours, theirs }
	pcall(ours.get, ours, seconds)
	self:hang_up(connection)
end

function Queue:ring(connection)
	local bell = self.bells[connection]
	if bell then
		pcall(bell[2].put, bell[2], true)
	end
end

function Queue:hang_up(connection)
	local bell = self.bells[connection]
	self.bells[connection] = nil
	if bell then
		bell[1]:close()
		bell[2]:close()
	end
end

-- The queue as JSON takes it.
function Queue:dump()
	return json.list(self.entries)
end

function Queue:restore(entries)
	for _, entry in ipairs(entries) do
		for _, list in ipairs { "wanted", "equipment" } do
			entry[list] = checks.list(entry[list], "queue", checks.profile)
		end
		self:add(entry)
	end
end

return { new = new }

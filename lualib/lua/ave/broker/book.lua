-- The book writes to the disk what must survive the broker: the records on its
-- shelves. Records are changed in memory first. Code that changes a record calls
-- touch, then commit, without waiting for anything else in between; it tells nobody
-- of the change before commit has returned.
--
-- If writing fails, commit raises an error and restores all records to what the
-- disk has. Changes of other callers that were not written yet are undone too; they
-- get the same error.

local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
local journal = require("ave.broker.journal")
local json = require("ave.json")

local Book = {}
Book.__index = Book

-- The fields of a record in the store: its kind, its id, and its JSON text.
local KIND, ID, TEXT = 1, 2, 3

-- Options: path (nil if the state is not kept), and undone(), which is called when
-- records were restored.
local function new(options)
	return setmetatable({ path = options.path, undone = options.undone, touched = {}, shelves = {} }, Book)
end

-- Notes that a record was added, changed or removed.
function Book:touch(kind, id)
	if self.path and not self.quiet then
		self.touched[kind] = self.touched[kind] or {}
		self.touched[kind][id] = true
	end
end

local function record_of(shelf, kind, id)
	local record = shelf.get(id)
	return { kind, tostring(id), record and json.encode(record) }
end

-- Returns what was touched, in the form that the store takes.
function Book:changes()
	local changes = {}
	for kind, ids in pairs(self.touched) do
		for id in pairs(ids) do
			table.insert(changes, record_of(self.shelves[kind], kind, id))
		end
	end
	self.touched = {}
	return changes
end

-- Returns all records.
function Book:content()
	local content = {}
	for kind, shelf in pairs(self.shelves) do
		for id in pairs(shelf.all) do
			table.insert(content, record_of(shelf, kind, id))
		end
	end
	return content
end

-- Returns when all changes are on the disk.
function Book:commit()
	if not self.path then
		return
	end
	local changes = self:changes()
	local ok, e = pcall(self.prepare, self)
	if ok then
		ok, e = self:submit(changes)
	else
		self:put_back(self.store and self.store:stored(changes) or self:as_parked(changes))
	end
	if not ok then
		error(exceptions.Exception("nothing was changed: the broker cannot write its state: " .. e.message), 0)
	end
end

-- Calls read, which must not change records, and returns its results when
-- everything that it has seen is on the disk.
function Book:look(read)
	while true do
		local seen = read()
		if not self.store or self:submit({}) then
			return seen
		end
	end
end

-- Waits until these changes, and those submitted before, are on the disk. Returns
-- whether they are, and the error.
function Book:submit(changes)
	local store = self.store -- another call may discard it in the meantime
	local ok, e = pcall(store.commit, store, changes)
	if not ok then
		self:put_back(store:undo())
	end
	return ok, e
end

-- Prepares the store for the first change, and raises an error if that fails.
function Book:prepare()
	if self.old then
		host.rename(self.old, journal.aside(self.old))
		self.old = nil
	end
	if not self.store then -- a takeover was prepared and then given up
		self.store = host.open_store(self.path, self.parked)
		self.parked = nil
	end
end

-- Restores the records of the disk after a failure. The first caller that notices
-- the failure does it for all.
function Book:put_back(records)
	if #records == 0 then
		return
	end
	self:quietly(function()
		for _, record in ipairs(records) do -- first, because another lease may hold the same piece
			if not record[TEXT] then
				self:put(record)
			end
		end
		for _, record in ipairs(records) do
			if record[TEXT] then
				self:put(record, json.decode(record[TEXT]))
			end
		end
	end)
	self.undone()
end

function Book:put(record, values)
	local id = record[KIND] == "leases" and tonumber(record[ID]) or record[ID]
	self.shelves[record[KIND]].put(id, values)
end

-- Calls a function whose changes are on the disk already.
function Book:quietly(fn)
	self.quiet = true
	local ok, e = pcall(fn)
	self.quiet = false
	if not ok then
		error(e, 0)
	end
end

-- Returns the state that records of changes had when the store was closed.
function Book:as_parked(changes)
	local texts, records = {}, {}
	for _, record in ipairs(self.parked or self:content()) do
		texts[record[KIND] .. " " .. record[ID]] = record[TEXT]
	end
	for n, record in ipairs(changes) do
		records[n] = { record[KIND], record[ID], texts[record[KIND] .. " " .. record[ID]] }
	end
	return records
end

-- Reads the state of a broker that was killed; nil if there is none. It may be in a
-- file of an earlier version.
function Book:load()
	local state, old = journal.load(self.path)
	if state then
		self.old = old
		return state
	end
	self.store = host.open_store(self.path)
	state = { clients = {}, leases = {}, sessions = {}, tokens = {} }
	for _, record in ipairs(self.store:records()) do
		local ok, values = pcall(json.decode, record[TEXT])
		if not ok then
			journal.refuse(self.path, "%s", values.message)
		elseif record[KIND] == "broker" then
			for name, value in pairs(values) do
				state[name] = value
			end
		else
			table.insert(state[record[KIND]], values)
		end
	end
	return state.id and state
end

-- Starts to keep the records in the store. If nothing was loaded, because the
-- broker is new or has taken over, all of them are written.
function Book:begin()
	if self.store or not self.path then
		return
	end
	self.touched = {}
	self.old = journal.find(self.path)
	if self.old == self.path then
		self:take_the_place_of_the_old()
	end
	self.store = host.open_store(self.path, self:content())
end

-- Makes the store at the path of the file of an earlier version, which is kept
-- under another name. At any moment at least one of the two exists.
function Book:take_the_place_of_the_old()
	local made = self.path .. ".new"
	os.remove(made)
	host.open_store(made, self:content()):close()
	host.keep(self.old, journal.aside(self.old))
	host.rename(made, self.path)
	self.old = nil
end

-- Closes the store, so that the process that takes over can open it. If the
-- takeover fails, the next commit opens it again.
function Book:suspend()
	if self.store then
		self.parked = self:content()
		self.store:close()
		self.store = nil
	end
end

-- Removes the store, because nothing is left for another broker to continue.
function Book:discard()
	if self.store then
		self.store:close()
		self.store = nil
	end
	if self.path then
		os.remove(self.path)
	end
	self.path = nil
end

return { new = new }

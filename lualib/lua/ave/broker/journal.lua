-- The journal is the file in which earlier versions kept the state of the broker,
-- as one JSON text. It is read once, and renamed when all of it is in the store.

local host = require("ave.broker.host")
local exceptions = require("ave.exceptions")
local json = require("ave.json")

local journal = {}

-- The version of the file's format.
local VERSION = 1

-- Raises an error that says why a file cannot be used.
function journal.refuse(path, ...)
	local why = string.format(...)
	error(exceptions.Exception(path .. " is not the state of a broker: " .. why
		.. "; if you remove the file, the broker starts with nothing leased"), 0)
end

-- Returns the path to which a file is renamed after it was read.
function journal.aside(path)
	return path .. ".old"
end

local function read(path)
	local file, why, number = io.open(path)
	if file then
		local text = file:read("*a")
		file:close()
		return text
	end
	local ENOENT = 2
	if number ~= ENOENT then
		error(exceptions.Exception(why), 0)
	end
end

-- Returns the path and the text of the journal that belongs to a store: for
-- broker-4000.db it is broker-4000.json. If the configuration names the journal, it
-- is at the path of the store.
function journal.find(path)
	local name = path:match("^(.*)%.db$")
	local text = name and read(name .. ".json")
	if text then
		return name .. ".json", text
	end
	local file = io.open(path)
	local first = file and file:read(1)
	if file then
		file:close()
	end
	if first == "{" then
		return path, read(path)
	end
end

-- Returns the state, and the path that it came from; nil if there is no such file.
-- A file with any other content is refused: if the broker started without a state,
-- it would lease what clients already have.
function journal.load(store)
	local path, text = journal.find(store)
	if not path then
		return nil
	end
	local ok, state = pcall(json.decode, text)
	if not ok then
		journal.refuse(path, "%s", state.message)
	elseif type(state) ~= "table" or state.version ~= VERSION then
		journal.refuse(path, "wanted version %d", VERSION)
	end
	for _, name in ipairs { "clients", "leases", "sessions" } do
		if type(state[name]) ~= "table" then
			journal.refuse(path, "the list of %s is missing", name)
		end
		for _, record in ipairs(state[name]) do
			if type(record) ~= "table" or record.id == nil then
				journal.refuse(path, "an entry in the list of %s has no id", name)
			end
		end
	end
	if type(state.id) ~= "string" or type(state.last) ~= "number" then
		journal.refuse(path, "it does not name its broker")
	elseif state.owner and host.find(state.owner.pid, state.owner.start) then
		journal.refuse(path, "its broker is still running: process %d", state.owner.pid)
	end
	return state, path
end

return journal

-- The journal is a file with the broker's state. It is written anew with every
-- change, as a whole or not at all, so that a broker which was killed can be
-- started again with what it knew.

local host = require("ave.broker.host")
local exceptions = require("ave.exceptions")
local json = require("ave.json")

local journal = {}

-- VERSION is that of the file's content.
local VERSION = 1

-- Writes the state, which json.encode must take.
function journal.save(path, state)
	state.version = VERSION
	host.save(path, json.encode(state))
end

-- Raises an error that says why a file is not taken.
function journal.refuse(path, ...)
	local why = string.format(...)
	error(exceptions.Exception(path .. ": not the state of a broker: " .. why
		.. "; without the file, the broker begins with nothing leased"), 0)
end

-- Reads the state back; nil if there is no such file. A file with anything else
-- in it is refused: to begin with nothing would give away what clients have.
function journal.load(path)
	local file, why, number = io.open(path)
	if not file then
		local ENOENT = 2
		if number == ENOENT then
			return nil
		end
		error(exceptions.Exception(why), 0)
	end
	local text = file:read("*a")
	file:close()
	local ok, state = pcall(json.decode, text)
	if not ok then
		journal.refuse(path, "%s", state.message)
	elseif type(state) ~= "table" or state.version ~= VERSION then
		journal.refuse(path, "wanted version %d", VERSION)
	end
	for _, name in ipairs { "clients", "leases", "sessions" } do
		if type(state[name]) ~= "table" then
			journal.refuse(path, "it has no list of %s", name)
		end
		for _, record in ipairs(state[name]) do
			if type(record) ~= "table" or record.id == nil then
				journal.refuse(path, "one of the %s has no id", name)
			end
		end
	end
	if type(state.id) ~= "string" or type(state.last) ~= "number" then
		journal.refuse(path, "it does not say whose it is")
	end
	return state
end

return journal

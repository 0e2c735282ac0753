-- Copies values, so that a spy remembers its arguments even if they change later.

local host = require("ave.test.host")

local copies = {}

-- Metatables of tables that are not copied: spies and matchers.
local kept = setmetatable({}, { __mode = "k" })

function copies.keep(meta) kept[meta] = true end

function copies.shallow(t)
	if type(t) ~= "table" then
		return t
	end
	local copy = {}
	for k, v in next, t do
		copy[k] = v
	end
	return setmetatable(copy, getmetatable(t))
end

-- deep copies a table and the tables in it, with the same metatables; with meta,
-- the metatables are copied too. An object that is partly in Go is not copied.
function copies.deep(t, meta, seen)
	seen = seen or {}
	if type(t) ~= "table" or kept[debug.getmetatable(t)] or host.is_object(t) then
		return t
	elseif seen[t] then
		return seen[t]
	end
	local copy = {}
	seen[t] = copy
	for k, v in next, t do
		copy[k] = copies.deep(v, meta, seen)
	end
	local own = debug.getmetatable(t)
	debug.setmetatable(copy, meta and copies.deep(own, false, seen) or own)
	return copy
end

-- call stores the arguments or results of a call: vals are copies, refs are the
-- values themselves.
function copies.call(list)
	local vals = {}
	for k, v in pairs(list) do
		vals[k] = copies.deep(v)
	end
	return { vals = setmetatable(vals, getmetatable(list)), refs = copies.shallow(list) }
end

return copies

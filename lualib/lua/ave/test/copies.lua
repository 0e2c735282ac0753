-- Copies of values, so that a spy remembers what it was called with even if that
-- changes afterwards.

local host = require("ave.test.host")

local copies = {}

-- Tables of these metatables stand for themselves: spies and matchers.
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

-- deep copies a table and the tables in it, with the metatables that they have;
-- with meta, the metatables are copied, too. An object of which a part is Go's
-- has no copy.
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

-- call keeps the arguments or the results of a call: vals as they were, refs as
-- they are.
function copies.call(list)
    local vals = {}
    for k, v in pairs(list) do
        vals[k] = copies.deep(v)
    end
    return { vals = setmetatable(vals, getmetatable(list)), refs = copies.shallow(list) }
end

return copies

-- Deep comparison of tables by what pairs() says is in them, cycles included.
-- Metatables don't count, except that two tables below the top with the same
-- __eq are compared by it: so has luassert it. An object of which a part is Go's,
-- such as a connection, is the same as itself alone.

local host = require("ave.test.host")

local function shares_eq(a, b)
    local meta = debug.getmetatable(a)
    return meta and meta == debug.getmetatable(b) and type(meta) == "table" and rawget(meta, "__eq")
end

local function contents(t)
    local c = {}
    for k, v in pairs(t) do
        c[k] = v
    end
    return c
end

local same

local function same_tables(a, b, path, open)
    if rawequal(a, b) or open[a] == b then
        return true
    elseif host.is_opaque(a) or host.is_opaque(b) then
        return false
    end
    local outer = open[a]
    open[a] = b
    local in_a, in_b = contents(a), contents(b)
    for k, v in pairs(in_a) do
        path[#path + 1] = k
        if in_b[k] == nil or not same(v, in_b[k], path, open) then
            return false
        end
        path[#path] = nil
    end
    for k in pairs(in_b) do
        if in_a[k] == nil then
            path[#path + 1] = k
            return false
        end
    end
    open[a] = outer
    return true
end

function same(a, b, path, open)
    if type(a) ~= "table" or type(b) ~= "table" then
        return a == b
    elseif shares_eq(a, b) then
        return a == b
    end
    return same_tables(a, b, path, open)
end

-- Returns whether a and b are the same, and if not the keys that lead to the
-- first difference.
return function(a, b)
    local path = {}
    if type(a) ~= "table" or type(b) ~= "table" then
        return a == b, path
    end
    return same_tables(a, b, path, {}), path
end

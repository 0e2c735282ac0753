-- Compares tables by their contents, including cycles. Metatables do not matter,
-- except that inner tables with the same __eq are compared by it, as in luassert.
-- An object that is partly in Go, such as a connection, is only equal to itself.

local contents = require("ave.test.contents")
local host = require("ave.test.host")

local function shares_eq(a, b)
	local meta = debug.getmetatable(a)
	return meta and meta == debug.getmetatable(b) and type(meta) == "table" and rawget(meta, "__eq")
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
	local in_b = {}
	for k, v in contents(b) do
		in_b[k] = v
	end
	for k, v in contents(a) do
		path[#path + 1] = k
		if in_b[k] == nil or not same(v, in_b[k], path, open) then
			return false
		end
		path[#path], in_b[k] = nil, nil
	end
	local extra = next(in_b)
	if extra ~= nil then
		path[#path + 1] = extra
		return false
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

local compare = {}

-- same returns whether a and b have the same contents, and if not, the keys that
-- lead to the first difference.
function compare.same(a, b)
	local path = {}
	if type(a) ~= "table" or type(b) ~= "table" then
		return a == b, path
	end
	return same_tables(a, b, path, {}), path
end

-- deep is luassert's deepcompare. It works like same, but a common __eq decides,
-- unless ignore_eq is set.
function compare.deep(a, b, ignore_eq)
	if ignore_eq then
		return (compare.same(a, b))
	end
	return same(a, b, {}, {})
end

return compare

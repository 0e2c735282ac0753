-- Lists of arguments. They may contain nils, so their length is in n. Lists that
-- were made from the arguments of a call have a metatable, so that they are shown
-- as such.

local lazy = require("ave.test.lazy")

local show = lazy("ave.test.show")

local arguments = {}

local Arguments = {}

function Arguments:__tostring()
	local texts = {}
	for i = 1, self.n do
		texts[i] = show(self[i])
	end
	return "(" .. table.concat(texts, ", ") .. ")"
end

function arguments.of(...) return setmetatable({ n = select("#", ...), ... }, Arguments) end

function arguments.is(v) return type(v) == "table" and getmetatable(v) == Arguments end

function arguments.pack(...) return { n = select("#", ...), ... } end

function arguments.unpack(t, first, last) return unpack(t, first or 1, last or t.n or #t) end

-- insert(t, [at,] value) inserts a value, which may be nil, by default at the end.
function arguments.insert(t, ...)
	local at, value = ...
	local n = t.n or #t
	if select("#", ...) < 2 then
		at, value = n + 1, at
	end
	for i = n, at, -1 do
		t[i + 1] = t[i]
	end
	t[at] = value
	t.n = math.max(n + 1, at)
end

-- remove(t, [at]) removes a value, by default the last one.
function arguments.remove(t, at)
	local n = t.n or #t
	at = at or n
	local value = t[at]
	if at > n then
		t[at], t.n = nil, n
		return value
	end
	for i = at, n do
		t[i] = t[i + 1]
	end
	t.n = n - 1
	return value
end

function arguments.clear(t)
	for i = 1, t.n do
		t[i] = nil
	end
	t.n = nil
end

return arguments

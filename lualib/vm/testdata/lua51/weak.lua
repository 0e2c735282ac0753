-- Weak tables and finalizers, at collections that the script asks for.

local function count(t)
	local n = 0
	for _ in pairs(t) do
		n = n + 1
	end
	return n
end

local function fill(mode)
	local t = setmetatable({}, { __mode = mode })
	local kept = {}
	for i = 1, 20 do
		t[i] = {}
		t[{}] = i
		t["s" .. i] = {}
		t["value" .. i] = "string" .. i
		t[{}] = "string"
		t[100 + i] = i
		t[i + 0.5] = function() return i end
		t[coroutine.create(function() end)] = true
		local key = {}
		kept[i] = key
		t[key] = key
	end
	return t, kept
end

for _, mode in ipairs { "k", "v", "kv", "", "x" } do
	local t, kept = fill(mode)
	collectgarbage()
	print(mode, count(t), #kept, t[kept[1]] == kept[1], t.value1, t[101])
	kept = nil
	collectgarbage()
	print(mode, count(t), kept, t.value1, t[101])
end

-- A cache whose values are used.
local cache = setmetatable({}, { __mode = "v" })
local function get(key)
	cache[key] = cache[key] or { key }
	return cache[key]
end
local one = get("one")
get("two")
collectgarbage()
print(cache.one == one, cache.two)
one = nil
collectgarbage("collect")
print(next(cache))

-- A traversal goes on, whatever is collected and removed in the meantime.
local t = setmetatable({}, { __mode = "k" })
local held = {}
for i = 1, 30 do
	local key = {}
	t[key] = i
	if i % 2 == 0 then
		held[#held + 1] = key
	end
end
local n = 0
for key in pairs(t) do
	collectgarbage()
	t[key] = nil
	n = n + 1
end
print(n >= 15, count(t), #held)
for _, key in ipairs(held) do
	t[key] = true
end
print(count(t))

-- Keys that were removed do not stay.
local keys = setmetatable({}, { __mode = "k" })
local watched = setmetatable({}, { __mode = "v" })
do
	local key = {}
	watched[1] = key
	keys[key] = 1
	keys[key] = nil
end
collectgarbage()
print(watched[1])

-- A value that refers to its key keeps it.
local cycle = setmetatable({}, { __mode = "k" })
do
	local key = {}
	cycle[key] = { key }
end
collectgarbage()
print(count(cycle))

-- An array part.
local array = setmetatable({ {}, "x", {}, 4 }, { __mode = "v" })
collectgarbage()
print(array[1], array[2], array[3], array[4])

-- What a failed and a finished call have left behind.
local seen = setmetatable({}, { __mode = "v" })
pcall(function() local x = {} seen[1] = x error(x) end)
pcall(function() local x = {} seen[2] = x end);
(function(...) local a, b, c = {}, {}, {} seen[3] = c return a, b end)({}, {})
coroutine.wrap(function() local x = {} seen[4] = x end)()
collectgarbage()
print(count(seen))

-- Finalizers, the latest userdata first.
local order = {}
local first = newproxy(true)
getmetatable(first).__gc = function(u) order[#order + 1] = type(u) .. getmetatable(u).name end
getmetatable(first).name = "first"
local second = newproxy(true)
getmetatable(second).__gc = function(u) order[#order + 1] = type(u) .. getmetatable(u).name end
getmetatable(second).name = "second"
local third = newproxy(second)
print(getmetatable(third) == getmetatable(second), getmetatable(newproxy()), getmetatable(newproxy(false)))
collectgarbage()
print(#order)
first, second = nil
collectgarbage()
print(table.concat(order, " "))
third = nil
collectgarbage()
print(table.concat(order, " "))
collectgarbage()
print(#order)
do
	local u = newproxy(true)
	getmetatable(u).__gc = function() error("in a finalizer", 0) end
end
print(pcall(collectgarbage))
print(pcall(collectgarbage))
for _, bad in ipairs { 1, "x", {}, io.stdout } do
	print((tostring(select(2, pcall(function() newproxy(bad) end))):gsub("^.-:%d+: ", "")))
end

-- At the end, finalizers of what is left are called, and their errors are lost.
left = newproxy(true)
getmetatable(left).__gc = function(u) print("closing", type(u)) newproxy(u) end
failing = newproxy(true)
getmetatable(failing).__gc = function() error("lost") end

-- Weak tables lose entries without being asked, too.
local waits = setmetatable({ {} }, { __mode = "v" })
local garbage = 0
while waits[1] do
	garbage = garbage + 1
	local _ = ("x"):rep(1000) .. garbage
end
print(next(waits))

-- Steps of a collection.
local function steps(size)
	collectgarbage()
	local n = 0
	repeat n = n + 1 until collectgarbage("step", size)
	return n
end
print(steps(0) > 10, steps(6) < steps(2), collectgarbage("step", 1000000))
print(pcall(next, {}, "no"), pcall(next, { a = 1, b = 2 }, "c"), pcall(next, { 1, 2 }, 1.5), next({ 1 }, 1))

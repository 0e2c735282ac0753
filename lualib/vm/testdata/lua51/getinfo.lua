-- What debug.getinfo and its relatives tell.

local function show(info)
	if not info then
		print(info)
		return
	end
	local keys = {}
	for key in pairs(info) do
		keys[#keys + 1] = key
	end
	table.sort(keys)
	for i, key in ipairs(keys) do
		local value = info[key]
		if type(value) == "function" or type(value) == "table" then
			value = type(value)
		end
		keys[i] = key .. "=" .. tostring(value)
	end
	print(table.concat(keys, " "))
end

local function f(a, b)
	local c = a
	show(debug.getinfo(1))
	return b and c
end
f(1)
show(debug.getinfo(f))
show(debug.getinfo(print))
show(debug.getinfo(1))
show(debug.getinfo(0))
show(debug.getinfo(40))
show(debug.getinfo(-1))
show(debug.getinfo("1", "l"))
for _, what in ipairs { "n", "S", "l", "u", "f", "L", "", "nSlufL" } do
	show(debug.getinfo(f, what))
	show(debug.getinfo(print, what))
end

-- The names of functions.
local object = { field = function() show(debug.getinfo(1, "n")) end }
function object:method() show(debug.getinfo(1, "n")) end
function global() show(debug.getinfo(1, "n")) end
local upvalue = object.field
local key = "field"
object.field()
object[key]()
object:method()
global()
upvalue();
(function() upvalue() end)();
(function() show(debug.getinfo(1, "n")) end)()
pcall(global)
for _ in object.field do end
show(debug.getinfo(object.field, "n"))
setmetatable(object, { __index = function() show(debug.getinfo(1, "n")) end, __call = function() show(debug.getinfo(1, "n")) end })
local _ = object.missing
object()

-- Calls that tail calls have replaced.
local function inner()
	for level = 1, 4 do
		show(debug.getinfo(level, "nSlu"))
	end
	print((debug.traceback("trace"):gsub("\n\t%[C%]: %?$", "")))
	return 1
end
local function middle() return inner() end
local function outer() return middle() end
print(outer() + 1)

-- Names of chunks.
for _, name in ipairs {
	"=name", "@file.lua", "return 1", "two\nlines", "", "=", "@", "\n", "@" .. ("d/"):rep(40) .. "file.lua",
	"=" .. ("n"):rep(80), ("s"):rep(44), ("s"):rep(43), ("s"):rep(42), ("s"):rep(60) .. "\nx",
} do
	local info = debug.getinfo(loadstring("", name), "S")
	print(("%q %q"):format(info.source, info.short_src))
end
print(debug.getinfo(load(function() end, "name"), "S").source, debug.getinfo(load(function() end, "name"), "S").short_src)
print(debug.getinfo(load(function() end), "S").source, debug.getinfo(loadstring("local x"), "S").source)
print(pcall(loadstring("error('here')", "a long name of a chunk that is given as a string")))
print(pcall(loadstring("\nerror('here')")))

-- Local variables.
local function locals(a, b, ...)
	local c = 3
	do
		local d = 4
		local _ = d
	end
	for i = 1, 1 do
		local e = i
		for n = 1, 9 do
			local name, value = debug.getlocal(1, n)
			print(n, name, name and name ~= "arg" and name:sub(1, 1) ~= "(" and value)
		end
		print(debug.setlocal(1, 1, "set"), debug.setlocal(1, 50, 1), e)
	end
	return a, b, c
end
print(locals(1, 2, 3))
print(debug.getlocal(1, -3), debug.getlocal(1, 0), debug.getlocal(1, 1000))
print(debug.getlocal(0, 1), debug.getlocal(0, 2), debug.getlocal(0, 3))

-- Upvalues.
local one, two = 1, 2
local function uses() return one, two end
print(debug.getupvalue(uses, 1), debug.getupvalue(uses, 2), select("#", debug.getupvalue(uses, 3)), select("#", debug.getupvalue(uses, -1)))
print(debug.setupvalue(uses, 1, 10), select("#", debug.setupvalue(uses, 0, 10)), one)
print(select("#", debug.getupvalue(print, 1)), select("#", debug.setupvalue(print, 1, 1)))

-- Metatables, environments and the registry.
local protected = setmetatable({}, { __metatable = "no" })
print(getmetatable(protected), type(debug.getmetatable(protected)), debug.getmetatable(1), type(debug.getmetatable("")))
print(debug.setmetatable(10, { __index = { twice = function(n) return 2 * n end } }), (5):twice())
print(debug.setmetatable(10, nil), debug.getmetatable(10))
print(debug.setmetatable(true, { __call = function(_, x) return x end }), (true)(5), debug.setmetatable(true, nil))
print(type(debug.getregistry()), type(debug.getregistry()._LOADED))
local userdata, env = newproxy(), {}
print(debug.setfenv(userdata, env) == userdata, debug.getfenv(userdata) == env)
print(debug.getfenv(f) == _G, debug.getfenv(print) == _G, debug.getfenv({}), debug.getfenv(1))
print(debug.setfenv(f, env) == f, debug.getfenv(f) == env)

-- Errors, without their position.
for _, call in ipairs {
	function() debug.getinfo() end, function() debug.getinfo({}) end, function() debug.getinfo(1, "X") end, function() debug.getinfo("x") end,
	function() debug.getlocal() end, function() debug.getlocal(1) end, function() debug.getlocal(99, 1) end, function() debug.getlocal(1, "x") end,
	function() debug.setlocal(1, 1) end, function() debug.setlocal(99, 1, 1) end,
	function() debug.getupvalue() end, function() debug.getupvalue({}, 1) end, function() debug.getupvalue(f) end, function() debug.setupvalue(f, 1) end,
	function() debug.setupvalue(1, 1, 1) end, function() debug.getmetatable() end, function() debug.setmetatable({}, 1) end,
	function() debug.setmetatable({}) end, function() debug.setfenv({}, {}) end, function() debug.setfenv(f, 1) end, function() debug.setfenv(1, {}) end,
	function() debug.sethook(1, "c") end, function() debug.sethook(print) end, function() debug.sethook(print, "c", "x") end,
} do
	print((tostring(select(2, pcall(call))):gsub("^%S+:%d+: ", "")))
end

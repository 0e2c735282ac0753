-- A failing pcall detached the captured locals of every enclosing function
-- (gopher-lua #448).
do
	local n = 0
	local function add() n = n + 1 return n end
	local function outer()
		local m = 10
		local function inner() m = m + 1 return m end
		pcall(function() add() inner() error("x") end)
		m = m + 1
		add()
		return inner()
	end
	assert(outer() == 13)
	n = n + 1
	assert(add() == 4, n)
end

-- xpcall left escaped closures reading garbage registers.
do
	local get, set
	local ok, where = xpcall(function()
		local a, b = 1, 2
		get = function() return a, b end
		set = function(x) a = x end
		local c = {} .. "x"
	end, function(e) return debug.traceback(e, 1) end)
	assert(not ok and where:find("protect.lua", 1, true) == nil)
	for i = 1, 100 do local a, b, c, d = i, i, i, i pcall(error, a) end
	assert(select(2, get()) == 2 and get() == 1)
	set(7)
	assert(get() == 7)
end

-- The handler sees the stack of the error, across protected calls below it.
local function deep() error("deep") end
local _, trace = pcall(xpcall, function()
	pcall(error)
	local ok, e = pcall(deep)
	error(e, 0)
end, debug.traceback)
local ok, trace = xpcall(function() deep() end, function(e) return debug.traceback(e) end)
assert(trace:find("in function 'deep'", 1, true) and trace:find("in function 'xpcall'", 1, true)
	and trace:find("in main chunk", 1, true), trace)

-- debug.traceback shows the whole stack inside nested protected calls.
local inside
local function level3() inside = debug.traceback("msg") end
local function level2() pcall(level3) end
local function level1() pcall(level2) end
level1()
for _, name in ipairs { "msg\nstack traceback:", "'level1'", "main chunk" } do
	assert(inside:find(name, 1, true), name .. " is missing in " .. inside)
end

-- Levels count across them as well.
local function who() return debug.getinfo(3, "n").name end
local function asks() local _, name = pcall(who) return name end
assert(asks() == "asks", asks())
local _, e = pcall(function() local x = 1 error("at", 1) end)
assert(e == "test.lua:60: at", e)
local function blame() error("blamed", 2) end
local _, e = pcall(function()
	blame()
end)
assert(e == "test.lua:64: blamed", e)
assert(select(2, pcall(error, "x", 1)) == "x")
assert(select(2, pcall(error, "x", 2)):find(":68: x$"))

-- Values of every kind can be raised.
for _, v in ipairs { 1, "text", {}, print, true, coroutine.create(print) } do
	local ok, e = pcall(error, v, 0)
	assert(not ok and e == v or tostring(v) == e)
end
assert(select("#", pcall(error)) == 2)
assert(select(2, pcall(error, " blank", 0)) == " blank")
local t = setmetatable({}, { __tostring = function() return "T" end })
assert(select(2, pcall(assert, false, t)) == t)
assert(select(2, pcall(assert, nil)) == "assertion failed!")
assert(select("#", assert(1, 2, 3)) == 3)

-- Results and arguments of any number.
assert(select("#", pcall(function(...) return ... end, nil, nil, nil)) == 4)
assert(select(3, xpcall(function(...) return ... end, print, 1, 2)) == 2)
assert(not pcall(nil) and not pcall({}))
assert(pcall(setmetatable({}, { __call = function(_, x) assert(x == 5) end }), 5))

-- Errors in error handlers.
local ok, e = xpcall(error, function() error("again") end, "x")
assert(not ok and e == "error in error handling", e)

-- Running out of call stack or registers is an ordinary error, each time.
local function forever() return 1 + forever() end
for i = 1, 3 do
	local ok, e = pcall(forever)
	assert(not ok and e:find("stack overflow", 1, true), e)
end
local function nested() local ok, e = pcall(nested) if not ok then error(e, 0) end end
local ok, e = pcall(nested)
assert(not ok and e:find("stack overflow", 1, true), e)
local meta = setmetatable({}, { __index = function(t, k) return t[k + 1] end })
local ok, e = pcall(function() return meta[1] end)
assert(not ok and e:find("stack overflow", 1, true), e)
local function many(...) return 1, many(1, 2, 3, 4, 5, 6, 7, 8, 9, ...) end
local ok, e = pcall(many)
assert(not ok and e:find("overflow", 1, true), e)
local ok, e = xpcall(forever, function(e) return "handled " .. e end)
assert(e:find("^handled .*stack overflow"), e)

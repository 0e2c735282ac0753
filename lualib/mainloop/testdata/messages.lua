-- What errors say about the values that they are about.
local function says(f, ...)
	print(select(2, pcall(f, ...)))
end

local t, s, n, up = {}, "text", 5, nil
nothing = nil
globals = { inner = {} }

-- Indexing.
says(function() local a; return a.x end)
says(function() local a; return a[1] end)
says(function() local a; a.x = 1 end)
says(function() local a; a[{}] = 1 end)
says(function() return up.x end)
says(function() up.x = 1 end)
says(function() return nothing.x end)
says(function() nothing.x = 1 end)
says(function() return globals.missing.x end)
says(function() return globals.inner.missing.x end)
says(function() globals.inner.missing.x = 1 end)
says(function() return globals[1].x end)
says(function() local key = "k"; return globals[key].x end)
says(function() return (globals.missing or nothing).x end)
says(function() return (1)[2] end)
says(function() return (true).x end)
says(function() return t.x.y.z end)
says(function(a) return a.x end)
says(function(a, b) return b.x end, 1, true)
says(function(...) local a, b = ...; return b.x end, 1)
says(function() local a = {}; local b = a.c.d; return b end)
says(function() for i = 1, 2 do local x; x.y = i end end)
says(function() return ("x").y.z end)
says(function() return t:missing().x end)
says(function() return setmetatable({}, { __index = 5 }).x end)
says(function() setmetatable({}, { __newindex = 5 }).x = 1 end)
says(function() return print.x end)

-- Calling.
says(function() local a; a() end)
says(function() local a = 1; a(2, 3) end)
says(function() up() end)
says(function() nothing() end)
says(function() return nothing() end)
says(function() globals.missing() end)
says(function() globals.inner.missing(1, 2) end)
says(function() t:missing() end)
says(function() s:missing() end)
says(function() return t:missing(1) end)
says(function() t[1]() end)
says(function() ("x")() end)
says(function() (t)() end)
says(function() t.a = 5; t.a() end)
says(function() for a in nil do print(a) end end)
says(function() for a in 5 do print(a) end end)
says(function() local f = {}; for a in f do print(a) end end)
says(nil)
says(5)
says({})

-- Arithmetic.
says(function() local a; return a + 1 end)
says(function() local a; return 1 + a end)
says(function() local a = {}; return a * 2 end)
says(function() return up - 1 end)
says(function() return nothing / 1 end)
says(function() return 1 % nothing end)
says(function() return globals.x ^ 2 end)
says(function() return -globals.x end)
says(function() return -t end)
says(function() return "abc" + 1 end)
says(function() return s + 1 end)
says(function() return 1 + s end)
says(function() return {} + {} end)
says(function() return n + t.x * 2 end)
says(function() return "0x" + 1 end)
says(function() return "1_000" + 1 end)
says(function() return "" + 1 end)

-- Concatenation and length.
says(function() local a; return a .. "x" end)
says(function() local a; return "x" .. a end)
says(function() return "x" .. nothing .. "y" end)
says(function() return "x" .. up end)
says(function() return t.x .. "y" end)
says(function() return 1 .. {} end)
says(function() return "a" .. "b" .. true .. "c" end)
says(function() return #nothing end)
says(function() return #up end)
says(function() return #n end)
says(function() return #t.x end)
says(function() return #print end)

-- Comparison.
says(function() return 1 < "2" end)
says(function() return {} < {} end)
says(function() return nil < 1 end)
says(function() return {} <= 1 end)
says(function() return "a" < 1 end)
says(function() return print < print end)
says(function() return true <= false end)
says(function() return nil > nil end)
says(function() return coroutine.create(function() end) < "x" end)

-- Loops and keys.
says(function() for i = "x", 2 do print(i) end end)
says(function() for i = 1, {} do print(i) end end)
says(function() for i = 1, 2, false do print(i) end end)
says(function() t[nil] = 1 end)
says(function() t[0 / 0] = 1 end)
says(function() local function f() return 1 + f() end return f() end)

-- Places: the line of the instruction, in the function that it is in.
says(function()
	local a = 1

	return a
		.x.y
end)
local function inner()
	local v = nil
	v.x = 1
end
says(function() inner() end)
says(function() return inner() end)

-- Errors pass through metamethods and iterators.
local raising = setmetatable({}, {
	__index = function(_, k) error("no " .. tostring(k)) end,
	__add = function() error("no sum", 0) end,
	__call = function(_, ...) error({ ... }) end,
})
says(function() return raising.field end)
says(function() return raising + 1 end)
print(type(select(2, pcall(raising, 1))))
says(function() for _ in function() error("stop") end do end end)

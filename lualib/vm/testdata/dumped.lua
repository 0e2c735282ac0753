-- string.dump and what loads its results. gopher-lua has neither.

local function same(want, got)
	assert(want == got, ("wanted %s, got %s"):format(tostring(want), tostring(got)))
end

-- a function comes back with what it computes and where it is, with new upvalues
local captured = 5
local function plain(a, b)
	local function inner(c) return a * b + c end
	return inner(1)
end
local function closure() return captured end
local again = assert(loadstring(string.dump(plain)))
same(7, again(2, 3))
same(debug.getinfo(plain).linedefined, debug.getinfo(again).linedefined)
same(debug.getinfo(plain).short_src, debug.getinfo(again).short_src)
same(nil, assert(loadstring(string.dump(closure)))())
same(5, closure())

-- a whole chunk, varargs, an environment, dumped twice, from a load function in pieces
local chunk = assert(loadstring("local n = select('#', ...) x = n return n, ..."))
local env = setmetatable({}, { __index = _G })
local copy = setfenv(assert(loadstring(string.dump(chunk))), env)
same(3, (copy(1, 2, 3)))
same(3, env.x)
same(nil, rawget(_G, "x"))
same("b", (select(3, assert(loadstring(string.dump(assert(loadstring(string.dump(chunk))))))("a", "b"))))
local data, at = string.dump(plain), 0
local piecewise = assert(load(function()
	at = at + 1
	return at <= #data and data:sub(at, at) or nil
end))
same(13, piecewise(3, 4))
same("\27Lua", data:sub(1, 4))

-- a method that uses itself through an upvalue that it sets
local counter = assert(loadstring("local n = 0 return function() n = (n or 0) + 1 return n end"))()
local fresh = assert(loadstring(string.dump(counter)))
same(1, fresh())
same(2, fresh())
same(1, counter())

-- what is no such thing
assert(not pcall(string.dump, print))
assert(not pcall(string.dump, string.rep))
for _, bad in ipairs({ "\27Lua", "\27LuaQ\0\1\4\4\4\8\0", data:sub(1, 20), data:sub(1, 16), "\27Lua" .. ("x"):rep(100) }) do
	local fn, why = loadstring(bad, "=bad")
	assert(fn == nil and why:find("^bad: .*precompiled chunk"), tostring(why))
end
for cut = 1, #data - 1, 7 do
	pcall(loadstring, data:sub(1, cut))
end

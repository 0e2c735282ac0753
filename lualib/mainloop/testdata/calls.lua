-- Calls: arguments, results, tail calls, varargs, closures, iterators.
local function count(...) return select("#", ...) end
local function three() return 1, 2, 3 end
local function none() end
local function pass(...) return ... end

print(count(), count(nil), count(nil, nil), count(three()), count(three(), three()), count((three())))
print(three(), (three()), three())
print(count(none()), count((none())), count(pass(none(), none())), count(pass(nil, none())))
print(pass(1, nil, 3, nil))
local a, b, c, d = three()
print(a, b, c, d)
a, b = pass(1)
print(a, b)
print(({ three() })[3], #{ three(), three() }, #{ (three()) }, #{ n = three(), three() })

-- Missing and surplus arguments; parameters before "...".
local function params(x, y, ...) return x, y, count(...), ... end
print(params())
print(params(1))
print(params(1, 2, 3, nil))
local function old(x, ...) return x, arg and arg.n, arg and arg[1] end
print(old(1, 2, 3))
local function shadow(...) local x = ...; local y, z = ...; return x, y, z, ... end
print(shadow(1, 2, 3), shadow())

-- Many values.
local many = {}
for i = 1, 5000 do many[i] = i end
print(count(unpack(many)), (select(5000, unpack(many))), #{ unpack(many) }, math.max(unpack(many)))
print(select("#", pass(unpack(many))), select("#", (pass(unpack(many)))))
local function sum(...)
	local s = 0
	for i = 1, select("#", ...) do s = s + (select(i, ...)) end
	return s
end
print(sum(unpack(many, 1, 300)))
print(#string.char(unpack(many, 1, 255)))

-- Tail calls do not use the stack.
local function loop(n, ...) if n == 0 then return "done", ... end return loop(n - 1, ...) end
print(loop(100000, 1, 2))
local function even(n) if n == 0 then return true end return _G.odd(n - 1) end
function odd(n) if n == 0 then return false end return even(n - 1) end
print(even(50001), odd(50001))
local function toGo(...) return select(2, ...) end
print(toGo(1, 2, 3))
local function toGoOne(x) return tostring(x) end
print(toGoOne(5), (toGoOne(6)))
local function adjusted() return (three()) end
print(adjusted())
print((adjusted()))
local function growing(n, ...) if n == 0 then return count(...) end return growing(n - 1, n, ...) end
print(growing(200))
local function shrinking(first, ...) if first == nil then return "end" end return shrinking(...) end
print(shrinking(unpack(many, 1, 300)))

-- Recursion.
local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end
print(depth(5000))
local function wide(n, x) local p, q, r = n, x, n + x; if n == 0 then return q end return wide(n - 1, p + q + r) - p end
print(wide(100, 1))

-- Closures share variables, and keep them.
local function counter()
	local n = 0
	return function() n = n + 1; return n end, function(x) n = x end, function() return n end
end
local inc, set, get = counter()
inc(); inc()
print(get(), inc())
set(10)
print(inc(), get())
local fs = {}
for i = 1, 3 do
	local j = i * 10
	fs[i] = function() i = i + 1; j = j + 1; return i, j end
end
print(fs[1](), fs[1](), fs[2](), fs[3]())
local function nested(x)
	return function(y)
		return function(z) x, y = x + 1, y + 1; return x + y + z end
	end
end
local f = nested(1)(2)
print(f(3), f(3))
do
	local shared = 0
	local function outer() shared = shared + 1; return function() shared = shared * 2; return shared end end
	local g, h = outer(), outer()
	print(g(), h(), shared)
end
local i = 1
while i <= 2 do local k = i; fs[i] = function() return k end; i = i + 1 end
print(fs[1](), fs[2]())
repeat local r = 5; fs[1] = function() r = r + 1; return r end until fs[1]() == 6
print(fs[1]())
local function varargClosure(...) local x = ...; return function() x = x + 1; return x end end
local vc = varargClosure(5, 6)
print(vc(), vc())
local function rebound(p) local function q() return p end; p = p + 1; return q end
print(rebound(1)())

-- A closure of a function whose registers have moved.
local function captured(n)
	local x = n
	local function bump() x = x + 1 end
	if n > 0 then captured(n - 1) end
	bump()
	return x
end
print(captured(3000))
local function afterGrowth()
	local x = 1
	local function bump() x = x + 1; return x end
	bump()
	local n = count(unpack(many))
	bump()
	return x, n
end
print(afterGrowth())

-- Iterators.
local function range(n) return function(limit, at) if at < limit then return at + 1, -at end end, n, 0 end
for x, y, z in range(3) do io.write(x, " ", y, " ", tostring(z), " ") end
print()
local iterator = setmetatable({ n = 0 }, { __call = function(self, s, v) self.n = self.n + 1; if self.n < 4 then return self.n, s, v end end })
for x, y, z in iterator, "s", "v" do io.write(x, y, tostring(z), " ") end
print()
for k, v in next, { 10 } do print(k, v) end
for _, v in ipairs { 1, 2, nil, 4 } do io.write(v, " ") end
print()
local t = {}
for w in ("a b c"):gmatch("%a") do t[#t + 1] = function() return w end end
print(t[1](), t[2](), t[3]())
for x in (function() local done; return function() if not done then done = true; return 1 end end end)() do print(x) end

-- Protected calls and coroutines within calls.
print(pcall(pass, 1, 2), pcall(none), count(pcall(pass)))
print(select(2, xpcall(function() error("e", 0) end, function(m) return m .. "!" end)))
local co = coroutine.wrap(function(...) local x = coroutine.yield(count(...)); return x, coroutine.yield(x) end)
print(co(1, 2), co("x"), co("y"))
print(table.concat((function() local r = {}; table.sort({ 3, 1, 2 }, function(x, y) r[#r + 1] = x < y and "l" or "g"; return x < y end); return { #r > 0 and "sorted" or "" } end)()))
print((("x"):gsub("x", function() return count(unpack(many)) end)))

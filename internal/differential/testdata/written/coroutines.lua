--- values go in and out
local co = coroutine.create(function(a, b) print(a, b) local c, d = coroutine.yield(1, 2) print(c, d) return "end", nil end)
print(coroutine.resume(co, "x", "y")) print(coroutine.resume(co, nil, "z")) print(coroutine.resume(co)) print(coroutine.status(co))
--- status in all states
local co1, co2 co1 = coroutine.create(function() print(coroutine.status(co1), coroutine.status(co2)) coroutine.resume(co2) coroutine.yield() end)
co2 = coroutine.create(function() print(coroutine.status(co1), coroutine.status(co2)) end) print(coroutine.status(co1)) coroutine.resume(co1) print(coroutine.status(co1), coroutine.status(co2))
--- a generator
local function range(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end local s = 0 for i in range(100) do s = s + i end print(s)
--- permutations
local function perm(a, n) n = n or #a if n <= 1 then coroutine.yield(table.concat(a)) else for i = 1, n do a[n], a[i] = a[i], a[n] perm(a, n - 1) a[n], a[i] = a[i], a[n] end end end
for p in coroutine.wrap(function() perm { "a", "b", "c" } end) do io.write(p, " ") end print()
--- an error in a coroutine
local co = coroutine.create(function() local x = nil error("bad") end) print(coroutine.resume(co)) print(coroutine.status(co)) print(coroutine.resume(co))
--- an error value in a coroutine
local e = {} local co = coroutine.create(function() error(e) end) local ok, v = coroutine.resume(co) print(ok, v == e)
--- an error in wrap has the position of its caller
local f = coroutine.wrap(function() error("inside") end) print(pcall(f)) local g = coroutine.wrap(function() error("x", 0) end) print(pcall(g)) print(pcall(g))
--- resume of itself
local co co = coroutine.create(function() return coroutine.resume(co) end) print(coroutine.resume(co))
--- resume of a dead coroutine
local co = coroutine.create(function() end) print(coroutine.resume(co)) print(coroutine.resume(co)) print(pcall(coroutine.wrap(function() end)))
--- yield outside a coroutine
print(pcall(coroutine.yield, 1))
--- running
print(coroutine.running()) coroutine.wrap(function() print(type(coroutine.running())) end)()
--- create with what is no function
print(pcall(coroutine.create, 5)) print(pcall(coroutine.create)) print(pcall(coroutine.wrap, "x"))
--- a coroutine of a library function
print(pcall(coroutine.create, print))
--- yields from nested calls, with locals in all of them
local function inner(x) local a = x * 2 local b = coroutine.yield(a) return a + b end local function outer(x) local r = inner(x) local s = inner(r) return r, s end
local co = coroutine.create(outer) print(coroutine.resume(co, 1)) print(coroutine.resume(co, 10)) print(coroutine.resume(co, 100))
--- a yield as an argument, in a table and in an expression
local co = coroutine.wrap(function() print(coroutine.yield(1) + coroutine.yield(2)) local t = { coroutine.yield(3), coroutine.yield(4) } print(#t, t[1], t[2], t[3]) print(("x"):rep(coroutine.yield(5))) return 6 end)
for i = 1, 5 do io.write(co(i), " ") end print(co(3, 4))
--- return of a yield
local co = coroutine.wrap(function(...) return coroutine.yield(...) end) print(co(1, 2)) print(co(3, 4))
--- a coroutine per element, all alive
local cs = {} for i = 1, 50 do cs[i] = coroutine.wrap(function() local n = i while true do n = n + coroutine.yield(n) end end) cs[i]() end
local s = 0 for r = 1, 3 do for i = 1, 50 do s = s + cs[i](r) end end print(s)
--- coroutines in coroutines
local function nest(n) if n == 0 then coroutine.yield("deep") return 0 end local co = coroutine.wrap(nest) local v = co(n - 1) coroutine.yield(v) return n end
local co = coroutine.wrap(nest) print(co(20))
--- producer, filter and consumer
local function prod() return coroutine.create(function() for i = 1, 4 do coroutine.yield("line " .. i) end end) end local function get(p) local _, v = coroutine.resume(p) return v end
local function filter(p) return coroutine.create(function() local n = 1 while true do local x = get(p) if not x then return end coroutine.yield(n .. ": " .. x) n = n + 1 end end) end
local f = filter(prod()) while true do local v = get(f) if not v then break end print(v) end
--- pcall inside a coroutine
local co = coroutine.wrap(function() local ok, e = pcall(error, "p") coroutine.yield(ok, e) return pcall(function() return 1, 2 end) end) print(co()) print(co())
--- bad arguments
print(pcall(coroutine.resume)) print(pcall(coroutine.resume, {})) print(pcall(coroutine.status)) print(pcall(coroutine.status, 1))

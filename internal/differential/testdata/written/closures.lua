--- each turn of a numeric for has its own variable
local fs = {}
for i = 1, 3 do fs[i] = function() i = i + 10 return i end end
print(fs[1](), fs[1](), fs[2](), fs[3]())
--- each turn of a generic for has its own variables
local fs = {}
for k, v in ipairs { "a", "b" } do fs[k] = function(x) if x then v = x end return k, v end end
fs[1]("z") print(fs[1]()) print(fs[2]())
--- locals of a while loop are new in each turn
local fs, n = {}, 0
while n < 3 do n = n + 1 local m = n fs[n] = function() m = m * 2 return m, n end end
print(fs[1](), fs[2](), fs[3]()) print(fs[1]())
--- the condition of repeat sees the locals of the body
local fs, n = {}, 0
repeat n = n + 1 local done = n == 3 fs[n] = function() return done end until done
print(#fs, fs[1](), fs[3]())
--- closures share an upvalue
local function pair() local v = 0 return function() v = v + 1 return v end, function(x) v = x end end
local get, set = pair() print(get(), get()) set(10) print(get())
local get2 = pair() print(get2())
--- an upvalue outlives break and return
local function f() for i = 1, 5 do local x = i * i if i == 3 then return function() x = x + 1 return x end end end end
local g = f() print(g(), g())
local h for i = 1, 5 do local y = i h = function() y = y + 1 return y end if i == 2 then break end end
print(h(), h())
--- an upvalue of an upvalue
local function a() local x = 1 return function() return function() x = x + 1 return x end end end
local b = a() local c, d = b(), b() print(c(), d(), c())
--- parameters and varargs as upvalues
local function f(p, ...) local first = ... return function() p = p + first return p end end
local g = f(1, 5, 6) print(g(), g())
--- a local function sees itself, and local f = function does not
local function fact(n) return n <= 1 and 1 or n * fact(n - 1) end print(fact(10))
f = nil local f = function() return f end print(f())
--- mutual recursion
local even, odd
function even(n) if n == 0 then return true end return odd(n - 1) end
function odd(n) if n == 0 then return false end return even(n - 1) end
print(even(100), odd(7), even(7))
--- a failed call closes its upvalues
local get
local ok = pcall(function() local x = 5 get = function() x = x + 1 return x end error("stop") end)
print(ok, get(), get())
--- 60 upvalues in a function
local parts = {}
for i = 1, 60 do parts[i] = "v" .. i end
local names = table.concat(parts, ", ")
local f = assert(loadstring("local " .. names .. " = " .. names:gsub("v", "") .. " return function() return " .. table.concat(parts, " + ") .. " end"))()
print(f())
--- more than 60 upvalues in a function
local parts = {}
for i = 1, 61 do parts[i] = "v" .. i end
print(loadstring("local " .. table.concat(parts, ", ") .. "\nreturn function() return " .. table.concat(parts, " + ") .. " end", "=x"))
--- shadowing
local x = 1 local x = x + 1 do local x = x + 1 print(x) end print(x)
local function f(x) local x = x or 5 return x end print(f(), f(3))

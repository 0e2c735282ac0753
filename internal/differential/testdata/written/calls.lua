--- varargs are counted with nil
local function f(...) return select("#", ...), ... end
print(f()) print(f(nil)) print(f(nil, nil)) print((f(1, 2)))
--- varargs are cut in the middle of a list
local function f(...) return ... end
print(f(1, 2), f(3, 4)) print((f(1, 2))) print({ f(1, 2), f(3, 4) }[3] == nil and "x" or #{ f(1, 2), f(3, 4) })
--- a list in a table constructor
local function f() return 1, 2, 3 end
print(#{ f() }, #{ f(), f() }, #{ (f()) }, #{ f(), nil }, #{ f(), x = 1 })
--- the old arg table
local function f(...) return arg end
print(type(f(1)))
--- missing and surplus arguments
local function f(a, b) return a, b end
print(f()) print(f(1)) print(f(1, 2, 3))
--- method calls and string methods
local t = { n = 1 } function t:add(x) self.n = self.n + x return self end
print(t:add(1):add(2).n, ("x"):rep(3), #("abc"):upper(), ("%d"):format(5))
--- calls with one string or table
local function f(x) return type(x) end
print(f "s", f 's', f [[s]], f {}, f { 1 }, (f "x"):upper())
--- deep tail calls
local function loop(n) if n == 0 then return "end" end return loop(n - 1) end
print(loop(100000))
--- tail calls of methods and library functions
local t = { down = function(self, n) if n == 0 then return self.name end return self:down(n - 1) end, name = "t" }
print(t:down(50000)) print((function(...) return select("#", ...) end)(1, 2, 3)) print((function() return tostring(5) end)())
--- arguments are evaluated from left to right
local log = {} local function v(x) log[#log + 1] = x return x end
local function f(...) end f(v(1), v(2), v(3)) local t = { v(4), [v(5)] = v(6), x = v(7) } local a = v(8) + v(9) * v(10)
print(table.concat(log, " "))
--- the function is evaluated before its arguments
local f = function(x) return "old" .. x end
local function change() f = function(x) return "new" .. x end return 1 end
print(f(change())) print(f(2))
--- select
print(select(2, "a", "b", "c")) print(select(-1, "a", "b")) print(select("#")) print(select(3, 1, 2)) print(pcall(select, 0)) print(pcall(select, -3, 1))
--- unpack
print(unpack({ 1, 2, 3 })) print(unpack({ 1, 2 }, 2)) print(unpack({ 1, nil, 3 }, 1, 3)) print(unpack({}, 1, 2)) print(unpack({ 1 }, 2)) print((unpack { 5 }))
--- 200 arguments and results
local t = {} for i = 1, 200 do t[i] = i end
local function f(...) return ... end
print(select("#", f(unpack(t))), (select(200, f(unpack(t)))))
--- 5000 arguments
local t = {} for i = 1, 5000 do t[i] = i end
print(select("#", unpack(t)), math.max(unpack(t)))
--- callable tables, with several levels
local inner = setmetatable({}, { __call = function(self, ...) return "inner", ... end })
print(inner(1, 2)) print(pcall(inner, 3)) print(pcall(setmetatable({}, { __call = inner }), 1))
--- pcall returns all results
print(pcall(function() return end)) print(pcall(function() return nil, nil end)) print(pcall(pcall)) print(pcall(pcall, error, "e")) print(select("#", pcall(unpack, {}, 1, 50)))
--- recursion to a depth of 7000
local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end
print(depth(7000))
--- a stack overflow can be caught
local function f() return 1 + f() end
local ok, e = pcall(f) print(ok, (tostring(e):match("stack overflow")))

--- __index chains of tables and functions
local a = { x = 1 } local b = setmetatable({ y = 2 }, { __index = a }) local c = setmetatable({}, { __index = b })
local d = setmetatable({}, { __index = function(t, k) return k .. "!" end }) local e = setmetatable({}, { __index = d })
print(c.x, c.y, c.z, d.q, e.r, rawget(c, "x"))
--- __newindex with tables and functions
local log = {} local t = setmetatable({}, { __newindex = log }) t.x = 1 print(rawget(t, "x"), log.x)
t = setmetatable({}, { __newindex = function(t, k, v) rawset(t, k, v * 2) end }) t.x = 1 t.x = 5 print(t.x)
--- arithmetic events with the operands in order
local mt = {} local function name(v) return type(v) == "table" and v.name or tostring(v) end
for _, e in ipairs { "add", "sub", "mul", "div", "mod", "pow", "concat" } do mt["__" .. e] = function(a, b) return e .. " " .. name(a) .. " " .. name(b) end end
local a, b = setmetatable({ name = "a" }, mt), setmetatable({ name = "b" }, {}) print(a + 1, 1 - a, a * b, b / a, a % "x", "5" ^ a, a .. "s", 1 .. a, b .. a)
--- the metatable of the left operand comes first
local l = setmetatable({}, { __add = function() return "left" end }) local r = setmetatable({}, { __add = function() return "right" end })
print(l + r, r + l, 1 + r, l + 1)
--- __unm gets its operand twice
print(-setmetatable({}, { __unm = function(a, b) return rawequal(a, b) and "twice" or "once" end }))
--- __eq is called for different tables with the same metamethod only
local f = function() return true end local a, b, c = setmetatable({}, { __eq = f }), setmetatable({}, { __eq = f }), setmetatable({}, { __eq = function() return true end })
print(a == b, a == c, a ~= b, a == 1, a == a, rawequal(a, b))
--- __lt for <= and >
local mt = { __lt = function(a, b) return a.v < b.v end } local a, b = setmetatable({ v = 1 }, mt), setmetatable({ v = 2 }, mt)
print(a < b, b < a, a > b, a <= b, b <= a, a >= b)
--- __le comes before __lt
local mt = { __lt = function() error("lt") end, __le = function() return "yes" end } local a = setmetatable({}, mt) print(a <= a, a >= a)
--- comparison of different metatables
local a, b = setmetatable({}, { __lt = function() return true end }), setmetatable({}, { __lt = function() return true end }) print(pcall(function() return a < b end)) print(pcall(function() return a < 1 end))
--- __len of a table is not called
print(#setmetatable({ 1, 2 }, { __len = function() return 10 end }))
--- __call with self and arguments
local t = setmetatable({}, { __call = function(self, ...) return type(self), select("#", ...), ... end }) print(t()) print(t(1, nil)) print(t "x")
--- metamethods that are callable tables
local c = setmetatable({}, { __call = function(self, a, b) return "called" end })
local t = setmetatable({}, { __add = c, __unm = c, __concat = c, __lt = c, __le = c, __index = c }) print(t + 1) print(-t) print(t .. "") print(t < t) print(t <= t) print(t.x)
--- __index is a string
print(setmetatable({}, { __index = "text" }).len, pcall(function() return setmetatable({}, { __index = 5 }).x end))
--- __tostring in print and tostring
local t = setmetatable({}, { __tostring = function() return "T" end }) print(t, tostring(t)) print(pcall(tostring, setmetatable({}, { __tostring = function() return 5 end }))) print(pcall(print, setmetatable({}, { __tostring = function() return {} end })))
--- __metatable hides the metatable
local t = setmetatable({}, { __metatable = "locked" }) print(getmetatable(t)) print(pcall(setmetatable, t, {})) print(getmetatable("").__index == string)
--- __concat of numbers and tables in a chain
local t = setmetatable({}, { __concat = function(a, b) return (type(a) == "table" and "T" or a) .. "," .. (type(b) == "table" and "T" or b) end }) print(1 .. t .. 2) print("a" .. "b" .. t) print(t .. "a" .. "b") print(t .. t)
--- a result of a metamethod is cut to one value
local t = setmetatable({}, { __add = function() return 1, 2 end, __index = function() return 3, 4 end, __lt = function() return 5, 6 end }) print(t + t, (t.x)) print(t < t) print(t.x)
--- a metamethod that raises an error
local t = setmetatable({}, { __index = function(_, k) error("no " .. k, 2) end }) print(pcall(function() return t.field end))
--- a loop of __index
local a = {} setmetatable(a, { __index = a }) local b, c = {}, {} setmetatable(b, { __index = c }) setmetatable(c, { __index = b }) print(pcall(function() return b.x end)) print(pcall(function() b.x = 1 return b.x end))
--- inheritance with methods and super calls
local Base = {} Base.__index = Base function Base.new(n) return setmetatable({ n = n }, Base) end function Base:get() return self.n end
local Sub = setmetatable({}, { __index = Base }) Sub.__index = Sub function Sub.new(n) return setmetatable(Base.new(n), Sub) end function Sub:get() return "sub " .. Base.get(self) end
print(Base.new(1):get(), Sub.new(2):get())
--- a proxy that counts
local n = 0 local p = setmetatable({}, { __index = function(_, k) n = n + 1 return k end }) local s = 0 for i = 1, 10 do s = s + p[i] end print(n, s)
--- setmetatable with nil and with bad arguments
local t = setmetatable({}, {}) print(getmetatable(setmetatable(t, nil))) print(pcall(setmetatable, t)) print(pcall(setmetatable, 1, {})) print(pcall(setmetatable, t, 5))
--- rawset, rawget and rawequal pass metamethods by
local t = setmetatable({}, { __index = error, __newindex = error, __eq = error }) rawset(t, "x", 1) print(rawget(t, "x"), rawget(t, "y"), rawequal(t, {}))
--- strings have methods, and numbers have not
print(("x").len, ("x").none, pcall(function() return (5).x end)) print(#"abc", ("abc"):len())
--- values without metatable
print(getmetatable({}), getmetatable(1), getmetatable(nil), getmetatable(true), type(getmetatable("")))
--- __eq that is a callable table
local eq = setmetatable({}, { __call = function() print("called __eq") return true end })
local mt = { __eq = eq } local a, b = setmetatable({}, mt), setmetatable({}, mt) print(pcall(function() return a == b end))
--- the metatable of functions
print(pcall(function() return getmetatable(print) end))

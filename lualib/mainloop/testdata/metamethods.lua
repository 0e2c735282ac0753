-- Metamethods of all operators, functions and callable tables.
local function named(name)
	return function(a, b)
		local function of(v) return type(v) == "table" and v.name or tostring(v) end
		return name .. "(" .. of(a) .. "," .. of(b) .. ")"
	end
end
local meta = {}
for _, event in ipairs { "add", "sub", "mul", "div", "mod", "pow", "unm", "concat" } do meta["__" .. event] = named(event) end
local a, b = setmetatable({ name = "a" }, meta), setmetatable({ name = "b" }, meta)
print(a + 1, 1 + a, a - b, a * 2, 2 / a, a % b, a ^ 2, -a)
print(a .. "x", "x" .. a, a .. b, 1 .. a, a .. 1)
print("x" .. "y" .. a, a .. "x" .. "y", "p" .. a .. "q")
print("5" + a, a + "5")

-- The operand of a unary minus is passed twice.
setmetatable(a, { __unm = function(x, y) return rawequal(x, y) end })
print(-a)

-- Callable tables are metamethods, too.
local callable = setmetatable({}, { __call = function(_, ...) return select("#", ...), ... end })
local c = setmetatable({}, { __add = callable, __unm = callable, __concat = callable, __lt = callable, __eq = callable, __le = callable })
local d = setmetatable({}, getmetatable(c))
print(c + 1, -c, c .. "x", c < d, c == d, c <= d, c ~= d, c > d)
print(pcall(function() return setmetatable({}, { __add = 5 }) + 1 end))
print(pcall(function() return setmetatable({}, { __add = {} }) + 1 end))

-- Comparison: both operands must have the same metamethod.
local order = {
	__lt = function(x, y) return x.v < y.v end,
	__eq = function(x, y) return x.v == y.v end,
}
local function box(v, m) return setmetatable({ v = v }, m or order) end
print(box(1) < box(2), box(2) < box(1), box(1) > box(2), box(1) <= box(1), box(2) <= box(1), box(2) >= box(1))
print(box(1) == box(1), box(1) == box(2), box(1) ~= box(1), box(1) == 1, box(1) ~= nil)
print(box(1) == box(1, { __eq = function() return true end }))
print(pcall(function() return box(1) < box(1, { __lt = function() return true end }) end))
order.__le = function() return nil end
print(box(1) <= box(2), box(1) >= box(2))
print(rawequal(box(1), box(1)))

-- Index and newindex: functions, tables, chains.
local log = {}
local base = { inherited = "yes", 11, 12 }
local derived = setmetatable({}, { __index = base })
local last = setmetatable({ own = 1 }, { __index = derived, __newindex = function(t, k, v) log[#log + 1] = k; rawset(t, k, v) end })
print(last.own, last.inherited, last[1], last[2], last[3], last.none)
last.own, last.new, last[1] = 2, 3, 4
last.new, last[1] = 5, nil
last[1] = 6
print(last.own, last.new, last[1], table.concat(log, ","))
local through = setmetatable({}, { __newindex = base })
through.x, through[3] = 1, 13
print(rawget(through, "x"), base.x, base[3])
local computed = setmetatable({}, { __index = function(t, k) return k .. "!" end })
print(computed.a, computed[1], computed["b c"], rawget(computed, "a"))
print(#setmetatable({ 1, 2 }, { __len = function() return 42 end }))

-- Calls.
local object = setmetatable({}, { __call = function(self, ...) return self, select("#", ...), ... end })
print(select(2, object()), select(2, object(1, nil)), (select(3, object("x"))))
local function tail(...) return object(...) end
print(select(2, tail(1, 2, 3)))
local method = { m = object }
print((select(2, method:m(1))), select("#", method:m(1)), (select(3, method:m(1))) == method)
print(pcall(object, 1) == true, select("#", pcall(object, 1, 2)))

-- Strings have methods.
print(("x"):rep(3), ("abc").len == string.len, #("abc"):upper(), ("%d"):format(5))

-- The environment can have metamethods.
local env = setmetatable({}, { __index = _G, __newindex = function(t, k, v) rawset(t, k, v .. "?") end })
local f = setfenv(function() made = "made"; return made, tostring(1), unknown end, env)
print(f())
print(rawget(env, "made"), rawget(_G, "made"))

-- Metamethods that yield.
local lazy = setmetatable({}, { __index = function(_, k) return coroutine.yield(k) end })
print(pcall(coroutine.wrap(function() return 1 end)))

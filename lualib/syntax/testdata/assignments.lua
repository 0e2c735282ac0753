-- gopher-lua #440: every right side is evaluated before any target changes.
local a, b = 1, 2
a, b = a + 1, a + b
print(a, b)
a, b = b, a
print(a, b)
local function swap(p, q) p, q = q, p return p, q end
print(swap("x", "y"))
local i, t = 1, {}
i, t[i] = i + 1, 20
print(i, t[1], t[2])
t[i], i = 30, 5
print(i, t[2])
t, t.x = { "new" }, "to the old one"
print(t[1], t.x)

-- gopher-lua #315: a field beside another target.
local s, value = {}, 42
global, s.x = 5, value
print(global, s.x)

-- gopher-lua #310: a constant cannot be indexed into a neighbour.
local near = {}
print((pcall(function() (5).field = 1 end)))
print((pcall(function() ("x").y = 1 end)), (pcall(function() (1 + 2).y, near.z = 1, 2 end)))
print(next(near))

-- Too many and too few values; the last target is assigned to first.
local function three() return 1, 2, 3 end
local x, y, z = 0, 0, 0
x, y, z = three()
print(x, y, z)
x, y, z = three(), 9
print(x, y, z)
x, y = (three()), three()
print(x, y)
x, x = 1, 2
print(x)
x, y = 1, 2, print("evaluated")
print(x, y)

-- "and" and "or" assigned to a variable that they read, or that isn't set.
local l, r, absent = 5, 7, {}
l = (absent.f or r) and l
print(l)
l = absent.f and 5
print(l)
l = 3
l = not r and print
print(l)
local function last(p) p = (tostring(p)) return p end
print(last(5))

-- A local variable isn't in scope in its own function.
local f = 1
local f = function() return f end
print(f())
local function g() return g end
print(g() == g)

-- goto is a name.
local goto = { goto = "name" }
print(goto.goto, ({ goto = 1 }).goto)

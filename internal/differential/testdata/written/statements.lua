--- multiple assignment evaluates before it assigns
local i, t = 1, {} i, t[i] = i + 1, 20 print(i, t[1], t[2])
local a, b, c = 1, 2 a, b = b, a print(a, b, c) local x, y = (function() return 1, 2, 3 end)() print(x, y)
--- assignment to the same place twice
local t = {} t.x, t.x = 1, 2 print(t.x) local a a, a = 1, 2 print(a)
--- numeric for
for i = 1, 3 do io.write(i, " ") end for i = 3, 1, -1 do io.write(i, " ") end for i = 1, 0 do io.write("never") end for i = 1, 2, 0.5 do io.write(i, " ") end print()
for i = 1, 3 do local j = i i = 10 io.write(j, i, " ") end print()
--- a numeric for with strings
for i = "1", "3", "1" do io.write(i, " ") end print()
print(pcall(function() for i = "x", 3 do end end))
--- a numeric for with infinities
local n = 0 for i = 1, math.huge do n = n + 1 if n > 5 then break end end print(n)
for i = math.huge, 1 do print("never") end for i = 1, -math.huge do print("never") end
n = 0 for i = 1, 3, math.huge do n = n + 1 end print(n)
--- a numeric for with a sum that is not exact
local n = 0 for i = 0, 1, 0.1 do n = n + 1 end print(n) n = 0 for i = 1, 0, -0.25 do n = n + 1 end print(n)
--- a generic for with a function, a state and a control variable
local function iter(s, c) if c < s then return c + 1, c * 2 end end
for a, b, c in iter, 3, 0 do print(a, b, c) end
--- a generic for with a callable table
for a in setmetatable({ n = 0 }, { __call = function(self) self.n = self.n + 1 if self.n < 3 then return self.n end end }) do print(a) end
--- a generic for over what cannot be called
print(pcall(function() for a in 5 do end end)) print(pcall(function() for a in nil do end end)) print(pcall(function() local t = {} for a in t.x do end end))
--- break in nested loops
for i = 1, 3 do for j = 1, 3 do if j == 2 then break end io.write(i, j, " ") end if i == 2 then break end end print()
while true do repeat break until false break end print("out")
--- and, or, not
print(nil and 1, false or nil, nil or false, 0 and "zero", "" and "empty", not nil, not 0, 1 and nil or 2, false == nil)
--- comparisons chained by and
local function between(a, b, c) return a <= b and b <= c end print(between(1, 2, 3), between(1, 5, 3), between("a", "b", "c"))
--- semicolons and comments
local a = 1; local b = 2; --[[ comment ]] print(a, b) --[==[ ]] ]==] print("after") -- end
--- strings in all forms
print('a\tb\\n\065\10c', "it's", 'say "x"', [[long
line]], [==[with ]] in it]==], "a\
b", '\z')
--- numbers in all forms
print(0x10, 0xff, 1e2, 1E+2, .5, 5., 3e-2, 0x0, 1e308 * 10, 007)
--- priorities of operators
print(2 ^ 3 ^ 2, -2 ^ 2, not 1 == 2, 1 .. 2 .. 3, 2 + 3 * 4 ^ 2 / 2, 1 + 1 .. "", "a" .. 1 + 2, 5 - 3 - 1, 2 * 3 % 4, -3 % 5, -(3 % 5), 7 % -3)
--- comparison of strings and numbers
print("a" < "b", "a" < "A", "" < "a", "a\0b" < "a\0c", "10" < "9", 10 < 9, "a" == "a", 1 == "1", "Z" < "a")
--- local functions in blocks
do local function f() return 1 end print(f()) end print(f)
--- return without values
local function f() return end print(f(), (f())) print(select("#", f()))
--- constants in conditions
if nil then print(1) elseif false then print(2) else print(3) end while false do end repeat until true if 0 then print("0 is true") end

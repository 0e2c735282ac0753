--- division and remainder
print(7 / 2, -7 / 2, 7 % 3, -7 % 3, 7 % -3, -7 % -3, 5.5 % 2, -5.5 % 2, 1e15 % 7, 0 / 5) print(1 / 0, -1 / 0, 0 / 0 ~= 0 / 0)
--- the remainder as a - floor(a / b) * b
print(5 % math.huge ~= 5 % math.huge, 1 % 0.1, 1e100 % 100, 2 ^ 53 % 3.14, 5.3 % 0.7)
--- constants are folded as they are computed
local a, b = 1, 0.1 print(1 % 0.1 == a % b, 2 ^ 0.5 == (a + a) ^ 0.5, 7 / 3 == (a * 7) / 3)
--- powers
print(2 ^ 10, 2 ^ -1, 2 ^ 0.5, (-8) ^ 3, 0 ^ 0, (-1) ^ 0.5 ~= (-1) ^ 0.5, 10 ^ 2, 2 ^ 1023 * 2)
--- negative zero
local zero = 0 print(1 / -zero, -zero == zero, zero * -1 == 0) print(-zero)
--- comparison with nan and infinities
local nan = 0 / 0 print(nan == nan, nan < 1, nan > 1, nan ~= nan, 1 / 0 > 1e308, -1 / 0 < -1e308) local t = {} print(pcall(function() t[nan] = 1 end), t[nan])
--- large integers
print(2 ^ 53, 2 ^ 53 + 1 == 2 ^ 53, 9007199254740993 == 2 ^ 53, 1e15 + 0.5, 123456789 * 987654321)
--- floor, ceil, abs, modf, fmod
print(math.floor(1.5), math.floor(-1.5), math.ceil(1.5), math.ceil(-1.5), math.abs(-3), math.modf(3.7), math.modf(-3.7)) print(math.modf(1 / 0)) print(math.fmod(7, 3), math.fmod(-7, 3), math.fmod(7, -3), math.fmod(5.5, 2)) print(math.floor("3.7"), math.floor(2 ^ 60))
--- min, max, sqrt, exp, log
print(math.min(3, 1, 2), math.max(3, 1, 2), math.max(5), math.sqrt(16), math.exp(0), math.log(1), math.log10(1000), math.pow(2, 8)) print(pcall(math.min)) print(pcall(math.max, "x"))
--- trigonometry
for _, f in ipairs { "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh" } do io.write(("%.10g "):format(math[f](0.5))) end print(("%.10g %.10g %.10g"):format(math.atan2(1, 2), math.deg(1), math.rad(90)), math.pi)
--- frexp and ldexp
print(math.frexp(8), math.frexp(0.3), math.frexp(0)) print(math.ldexp(0.5, 4), math.ldexp(1, -1)) print(math.frexp(-5))
--- random
math.randomseed(1) for i = 1, 100 do local x, y, z = math.random(), math.random(10), math.random(-5, 5) assert(x >= 0 and x < 1 and y >= 1 and y <= 10 and z >= -5 and z <= 5 and y % 1 == 0) end print(pcall(math.random, 0)) print(pcall(math.random, 2, 1)) print(pcall(math.random, 1, 2, 3))
--- sums that are not exact
local s = 0 for i = 1, 10 do s = s + 0.1 end print(s, s == 1, ("%.17g"):format(s))
--- a linear congruential generator
local x = 1 for i = 1, 1000 do x = (x * 1103515245 + 12345) % 2147483648 end print(x)
--- a calculation of pi
local s = 0 for k = 0, 999 do s = s + (-1) ^ k / (2 * k + 1) end print(("%.12g"):format(4 * s))
--- numbers in a counter stay separate
local a = 1 local b = a a = a + 1 local t = { a, b } a = a * 10 t[1] = t[1] + 0.5 print(a, b, t[1], t[2]) local function f(x) local y = x x = x + 1 return x, y end print(f(a)) print(a)
--- a loop variable is a copy
for i = 1, 2 do local j = i i = i + 10 print(i, j) end
--- bounds of a loop are computed once
local n = 3 for i = 1, n do n = 1 io.write(i, " ") end print(n)

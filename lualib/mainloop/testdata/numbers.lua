-- Arithmetic, and numbers as text.
local inf, nan = math.huge, 0 / 0

print(0.1 + 0.2 .. "", 1234567.5 .. "", 1e14 .. "", 1e15 .. "", 123456789012 .. "", 2 ^ 53 .. "")
print(inf .. "", -inf .. "", 1e100 .. "", 1e-7 .. "", 5 .. 6)
print(1 .. 2 .. 3 .. "x" .. 0.5)
print((nan ~= nan), nan == nan, nan < 1, nan > 1, nan <= nan)

-- Modulo.
local function show(...)
	local out = {}
	for i = 1, select("#", ...) do out[i] = string.format("%.17g", (select(i, ...))) end
	print(table.concat(out, " "))
end
local one, tenth = 1, 0.1
show(one % tenth, 5 % 3, -5 % 3, 5 % -3, -5 % -3, 5.5 % 2, -5.5 % 2)
local big, hundred = 1e100, 100
show(big % hundred, (2 ^ 53) % 3, 1e15 % 7)
print(tostring(5 % inf):gsub("-", ""), tostring(one % 0):gsub("-", ""))
show(3 % 1, 0 % 5)

-- Powers and division.
show(2 ^ 10, 2 ^ 0.5, 2 ^ -1, (-2) ^ 3, 10 ^ 2, 1.5 ^ 2, 0 ^ 0)
local zero = 0
print(1 / zero, -1 / zero, zero / 1)

-- Minus zero is kept.
local minus = -zero
print(1 / minus, minus == 0, 1 / (minus * 1), 1 / (zero * -1))
local list = { minus }
print(1 / list[1], minus)

-- Strings as numbers.
print("10" + 1, "0x10" + 1, " 5 " * "2", "1e2" - 1, -"3", -"0x2", "7" % "4", "2" ^ "3", "1" / "4")
print((10 .. "") + 1)
print(pcall(function() return "1 2" + 1 end))
print("10" == 10, "abc" < "abd", "a" < "B", "" < "a", "a\0b" < "a\0c", "Z" <= "a")

-- Bounds of loops.
for i = "1", "3" do io.write(i, " ") end
for i = "10", 1, "-4" do io.write(i, " ") end
for i = 1, 0 do io.write(i, "never ") end
for i = 1, 2, 0.25 do io.write(i, " ") end
for i = 3, 1, -1 do io.write(i, " ") end
for i = 1, 3 do local j = i; i = 10; io.write(j, i, " ") end
for i = 1, inf do if i > 3 then break end io.write(i, " ") end
for i = nan, 3 do io.write(i, "never") end
for i = 0.1, 0.35, 0.1 do io.write(i, " ") end
print()

-- Small and large whole numbers, and others, in one variable.
local v = 0
for i = 1, 3000 do v = v + i % 7 - 3; if i % 500 == 0 then io.write(v, " ", v / 3, " ") end end
print(v)
local kept = {}
for i = -200, 1200, 100 do kept[#kept + 1] = i + 0.5; kept[#kept + 1] = i end
for i = 1, 100 do local _ = i * 1.5 end
print(table.concat(kept, " "))
print(not nil, not 0, not "", not false, #"abc", #"", #"a\0b")

-- Results that only the next instruction uses, and others.
local function chains(a, b, c, d)
	print(a - b * c, a * b - c, (a - b) / (c - d), a - (b - (c - d)), ((a - b) - c) - d, a / (b / c), a % (b + c), (a + b) % c)
	print(a * b % c, a % (b * c), (a - b) * (a - b), -(a - b) - c, a - -b, (a / b) / c, a * (b / c) - d / a, 1 - a * 2, a * 2 - 1)
	local x = a * b
	local y = x - c
	local z = x - y * x
	x = x * x - y
	y = y - x * y - x
	print(x, y, z, x - y - z)
	local p, q = a - b, c - d
	p, q = q - p * 2, p * 2 - q
	print(p, q, "10" - a * b, a * b - "10", (a * b) .. (c - d), a - b < c - d, a * b == b * a)
	local t = { a * b - c, k = c - a * b, [a * b - c] = d - a * b }
	t[a + b * 2] = t[1] - a * b
	print(t[1], t.k, t[a * b - c], t[a + b * 2], math.max(a * b - c, a - b * c), select("#", a * b - c, d))
	local up = 5
	local function f() up = up - a * b - up return up * 2 - a end
	print(f(), f() - f(), up)
	for i = a * 2 - 1, b * 3 + 1, c - b do io.write(i - a * i, " ") end
	print((a and b * 2 or c) - 1, (nil and b or c * 2) - a, not (a - b == c))
	local m = setmetatable({}, { __sub = function(l, r) return type(l) .. type(r) end })
	print(m - a * b, a * b - m, a * b - c * d - m)
	print(pcall(function() return a * b - up.x end))
	print(pcall(function() return nothing - a * b end))
	print(pcall(function() return a * b - nothing end))
	print(pcall(function() return a * b - c - nothing * 2 end))
	local undefined
	print(pcall(function() local v = a * b return v - undefined end))
end
chains(3, 4, 5, 7)
chains(0.5, 4, 7.25, 2)

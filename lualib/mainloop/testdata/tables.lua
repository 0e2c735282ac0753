-- Tables: both parts, nil, constructors, length.
local t = {}
for i = 1, 10 do t[i] = i end
t[5] = nil
print(t[4], t[5], t[6], #t >= 4)
t[5] = 5
print(#t, t[0], t[11], t[-1], t[1.5], t["1"], t[10 + 0.0])
t[10] = nil
print(#t)
t[#t + 1] = "end"
print(#t, t[10])
t[0], t[-1], t[1.5], t["1"] = "zero", "minus", "half", "string"
print(t[0], t[-1], t[1.5], t["1"], t[1], #t)
t[true], t[print], t[t] = 1, 2, 3
print(t[true], t[print], t[t], t[false])
t.x = 1; t.x = nil; t.x = 2
print(t.x, t["x"], rawget(t, "x"))
local n = 0
for _ in pairs(t) do n = n + 1 end
print(n)
for k in pairs(t) do t[k] = nil end
print(next(t), #t)
t.a = 1
for k, v in pairs(t) do print(k, v) end

-- Order of keys does not matter, but each comes once.
local function keys(of)
	local out = {}
	for k, v in pairs(of) do out[#out + 1] = tostring(k) .. "=" .. tostring(v) end
	table.sort(out)
	return table.concat(out, " ")
end
local mixed = { 1, 2, nil, 4, x = "x", ["y z"] = "y", [10] = "ten", [2 ^ 40] = "big", [-1] = "minus" }
print(keys(mixed))
mixed.x = nil
mixed.z = "new"
mixed.x = "again"
print(keys(mixed))
for k in pairs(mixed) do if type(k) == "string" then mixed[k] = mixed[k] .. "!" end end
print(keys(mixed))
for k in pairs(mixed) do mixed[k] = nil end
print(keys(mixed), next(mixed))
mixed.back = 1
print(keys(mixed))

-- Constructors.
local function three() return 1, 2, 3 end
print(#{ three() }, #{ three(), 4 }, #{ 0, three() }, #{ three(), nil }, #{ nil, nil, 3 })
local long = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
	31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, x = "x", 54, 55, three() }
print(#long, long[50], long[51], long[55], long[58], long.x)
print(#{ [1] = "a", "b" }, ({ [1] = "a", "b" })[1])
local v = {}
v.self, v[v] = v, "self"
print(v.self == v, v[v], v.self.self[v])
local nested = { { { a = { 1, { 2 } } } } }
print(nested[1][1].a[2][1])

-- A key is evaluated before its value; assignment after all values.
local log = {}
local function note(x) log[#log + 1] = x; return x end
local target = { [note("k")] = note("v"), note("i") }
local i = 1
i, target[i] = i + 1, 20
print(table.concat(log, ","), i, target[1], target[2])

-- Large and sparse.
local sparse = {}
sparse[100], sparse[1] = "hundred", "one"
print(sparse[100], sparse[1], sparse[50])
local grown = {}
for j = 1, 1000 do grown[j] = j * 0.5 end
for j = 1, 1000, 2 do grown[j] = nil end
local sum = 0
for _, x in pairs(grown) do sum = sum + x end
print(sum)
local strings = {}
for j = 1, 100 do strings["k" .. j] = j end
for j = 1, 100, 3 do strings["k" .. j] = nil end
local total, number = 0, 0
for _, x in pairs(strings) do total, number = total + x, number + 1 end
print(total, number, strings.k1, strings.k2)

table.insert(long, 1, "first"); table.remove(long)
print(#long, long[1], long[2], table.remove(long, 1), #long)
print(unpack({ 1, nil, 3 }, 1, 3))

--- insert and remove
local t = { 1, 2, 3 } table.insert(t, 4) table.insert(t, 1, 0) table.insert(t, 3, "x") print(table.concat(t, " ")) print(table.remove(t), table.remove(t, 1), table.remove(t, 2), table.concat(t, " ")) print(table.remove({})) print(table.remove({}, 1)) print(#t)
--- insert and remove with bad arguments
print(pcall(table.insert, {}, 1, 2, 3)) print(pcall(table.insert, {})) print(pcall(table.insert, nil, 1)) print(pcall(table.insert, {}, "x", 1)) print(pcall(table.remove)) print(pcall(table.remove, {}, "x"))
--- concat
print(table.concat({}), table.concat({ 1 }), table.concat({ 1, 2, 3 }, ", "), table.concat({ 1, 2, 3 }, "-", 2), table.concat({ 1, 2, 3 }, "-", 2, 2), table.concat({ 1, 2, 3 }, "-", 3, 2), table.concat({ "a", 1.5, 1e15 }, " ")) print(pcall(table.concat, { 1, {}, 3 })) print(pcall(table.concat, { 1 }, "", 1, 3)) print(pcall(table.concat, { 1, true }))
--- concat checks the separator first
print(pcall(table.concat, 1, {})) print(pcall(table.concat, nil))
--- sort
local t = { 5, 2, 8, 1, 9, 3 } table.sort(t) print(table.concat(t, " ")) table.sort(t, function(a, b) return a > b end) print(table.concat(t, " ")) t = { "pear", "apple", "fig" } table.sort(t) print(table.concat(t, " ")) table.sort(t, function(a, b) return #a < #b end) print(t[1])
--- sort of what cannot be compared
print(pcall(table.sort, { 1, "x" })) print(pcall(table.sort, { {}, {} })) print(pcall(table.sort, { 3, 2, 1 }, 5)) print(pcall(table.sort, nil))
--- sort of many
local t, x = {}, 42 for i = 1, 1000 do x = (x * 16807) % 2147483647 t[i] = x end table.sort(t) local ok = true for i = 2, #t do ok = ok and t[i - 1] <= t[i] end print(ok, t[1], t[1000])
--- sort with metatables
local mt = { __lt = function(a, b) return a.v < b.v end } local t = {} for i, v in ipairs { 3, 1, 2 } do t[i] = setmetatable({ v = v }, mt) end table.sort(t) print(t[1].v, t[2].v, t[3].v)
--- foreach, foreachi, getn, maxn
table.foreachi({ "a", "b" }, print) print(table.foreachi({ "a", "b", "c" }, function(i, v) if v == "b" then return i end end)) table.foreach({ x = 1 }, print) print(table.getn { 1, 2 }, table.maxn { 1, 2, [10] = 1, [5.5] = 2 }, table.maxn {})
--- setn is obsolete
print(pcall(table.setn, {}, 1))
--- length of sequences
print(#{}, #{ 1 }, #{ 1, 2, 3 }, #{ n = 1 }, #"", #{ {}, {} }) local t = {} for i = 1, 100 do t[i] = i end for i = 100, 51, -1 do t[i] = nil end print(#t)
--- next and pairs visit each key once
local t = { 1, 2, 3, a = 4, b = 5, [10.5] = 6, [true] = 7 } local n, s = 0, 0 for k, v in pairs(t) do n, s = n + 1, s + v end print(n, s) print(next({})) print(next({ 5 })) print(pcall(next)) print(pcall(next, 5))
--- removing keys while pairs runs
local t = {} for i = 1, 100 do t[i] = i t["k" .. i] = i end local n = 0 for k in pairs(t) do t[k] = nil n = n + 1 end print(n, next(t))
--- ipairs stops at the first nil
for i, v in ipairs { 1, 2, nil, 4 } do io.write(i, " ") end print() for i, v in ipairs {} do print("never") end print(select("#", ipairs {})) print(pcall(ipairs)) local t = { 1, 2 } for i in ipairs(t) do if i < 5 then t[i + 1] = i end end print(#t)
--- keys of all types
local f, k = print, {} local t = { [1] = "int", ["1"] = "string", [1.5] = "float", [true] = "bool", [f] = "function", [k] = "table" } print(t[1], t["1"], t[1.5], t[true], t[print], t[k], t[{}], t[false], t[1.0], t[2 - 1])
--- -0 and 0 are the same key
local zero = 0 local t = { [zero] = "zero" } print(t[-zero], t[0])
--- large and negative keys
local t = {} t[-1], t[2 ^ 53], t[1e100], t[0] = 1, 2, 3, 4 print(t[-1], t[2 ^ 53], t[1e100], t[0], #t)
--- constructors
local t = { 1, 2, x = 3, [-10] = 4, 5; 6 } print(#t, t[3], t[4], t.x, t[-10]) print(#{ nil }, #{ (nil) }) local t = { [1] = "a", "b" } print(t[1]) local t = { "a", [1] = "b" } print(t[1])
--- nested tables
local t = { a = { b = { c = 1 } } } t.a.b.d = 2 print(t.a.b.c + t.a.b.d, t["a"]["b"].c) t.a.b = nil print(t.a.b)
--- a queue and a stack
local q, first, last = {}, 1, 0 for i = 1, 10 do last = last + 1 q[last] = i * i if i % 3 == 0 then io.write(q[first], " ") q[first] = nil first = first + 1 end end print(last - first)
--- tables as sets and counters
local count = {} for w in ("a b a c b a"):gmatch("%a") do count[w] = (count[w] or 0) + 1 end print(count.a, count.b, count.c, count.d)
--- weak values (alone)
local t = setmetatable({}, { __mode = "v" }) t[1] = {} t[2] = "string" local kept = {} t[3] = kept collectgarbage() collectgarbage() print(t[1], t[2], t[3] == kept)
--- weak keys (alone)
local t = setmetatable({}, { __mode = "k" }) t[{}] = 1 local kept = {} t[kept] = 2 collectgarbage() collectgarbage() local n = 0 for _ in pairs(t) do n = n + 1 end print(n)

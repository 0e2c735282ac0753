table.concat({}), table.concat({1, 2, 3}), table.concat({"a", "b"}, ", "), table.concat({1, 2, 3}, "-", 2), table.concat({1, 2, 3}, "-", 2, 3), table.concat({1, 2, 3}, "-", 3, 2)
table.concat({1.5, "x", 1e20}, " "), table.concat({"a"}, 1), table.concat({"a", "b"}, 1)
table.concat({1, 2, 3}, ",", 1, 4)
table.concat({1, {}, 3})
table.concat({1, true})
table.concat({[0] = "z", "a"}, ",", 0)
table.concat({[-1] = "y", [0] = "z", "a"}, ",", -1, 1)
table.concat({}, "x", 1, 1)
table.concat()
table.concat(1)
table.concat({}, {})
table.concat({}, "", {})
table.concat({}, "", 1, "x")
table.concat({1, 2}, nil, nil, nil)
local t = {1, 2} table.insert(t, 3) table.insert(t, 1, 0) return unpack(t)
local t = {1, 2, 3} table.insert(t, 2, "x") return unpack(t)
local t = {1, 2} table.insert(t, 3, "x") return #t, t[3]
local t = {1, 2} table.insert(t, 5, "x") return t[3], t[4], t[5]
local t = {1, 2, 3} table.insert(t, 0, "x") return t[0], t[1], t[2], t[3], t[4]
local t = {1, 2, 3} table.insert(t, -1, "x") return t[-1], t[0], t[1], t[2], t[3], t[4]
local t = {} table.insert(t, nil) return #t
local t = {} table.insert(t, "a") table.insert(t, 1, "b") return t[1], t[2], #t
local t = {1, 2} table.insert(t, 1, nil) return t[1], t[2], t[3]
table.insert({}, "1", 2)
table.insert({})
table.insert()
table.insert(nil, 1)
table.insert({}, 1, 2, 3)
table.insert({}, "x", 2)
table.insert({}, {}, 2)
local t = {1, 2, 3} return table.remove(t), #t, table.remove(t, 1), #t, t[1]
local t = {1, 2, 3, 4} return table.remove(t, 2), t[1], t[2], t[3], t[4]
local t = {1, 2, 3} return table.remove(t, 3), #t
select("#", table.remove({})), select("#", table.remove({}, 1)), select("#", table.remove({1}, 5)), select("#", table.remove({1}, 0)), select("#", table.remove({1}, -1))
local t = {1, 2, 3} t[3] = nil return table.remove(t), #t, table.remove(t), #t
local t = {n = 5} return table.remove(t), t.n
table.remove()
table.remove({}, "x")
table.remove({}, {})
local t = {5, 2, 8, 1} table.sort(t) return unpack(t)
local t = {"b", "a", "C", "ab", ""} table.sort(t) return unpack(t)
local t = {5, 2, 8, 1} table.sort(t, function(a, b) return a > b end) return unpack(t)
local t = {3, 1, 2} table.sort(t, nil) return unpack(t)
local t = {} for i = 1, 500 do t[i] = (i * 7919) % 503 end table.sort(t) for i = 2, 500 do assert(t[i - 1] <= t[i]) end return t[1], t[500]
local t = {} for i = 1, 500 do t[i] = i end table.sort(t, function(a, b) return a > b end) return t[1], t[250], t[500]
local t = {} for i = 1, 500 do t[i] = 7 end table.sort(t) return t[1], t[500]
local t = {} for i = 1, 300 do t[i] = i % 3 end table.sort(t) return t[1], t[100], t[101], t[200], t[201], t[300]
local mt = {__lt = function(a, b) return a.v < b.v end} local t = {} for i, v in ipairs{3, 1, 2} do t[i] = setmetatable({v = v}, mt) end table.sort(t) return t[1].v, t[2].v, t[3].v
table.sort({})
table.sort({1})
table.sort({3, 1, "x"})
table.sort({{}, {}})
table.sort({true, false})
table.sort({1, 2, 3, 4, 5, 6, 7}, function() return true end)
table.sort({1, 2, 3}, function() return false end)
table.sort({1, 2, 3}, function() error("inside", 0) end)
table.sort({1, 2}, 1)
table.sort({1, 2}, "x")
table.sort()
table.sort(1)
table.maxn({}), table.maxn({1, 2, 3}), table.maxn({[10] = 1}), table.maxn({[1.5] = 1}), table.maxn({[-1] = 1, x = 2}), table.maxn({1, nil, 3}), table.maxn({[1e10] = 1})
table.maxn()
table.getn({}), table.getn({1, 2, 3}), table.getn({n = 9})
table.getn()
table.setn({}, 1)
local s = 0 table.foreach({1, 2, x = 3}, function(k, v) s = s + v end) return s
table.foreach({1, 2, 3}, function(i, v) if v == 2 then return "found", 2 end end)
table.foreachi({1, 2, 3, x = 4}, function(i, v) if i == 3 then return v * 10 end end)
select("#", table.foreach({}, print)), select("#", table.foreachi({}, print))
table.foreach({})
table.foreach(1, print)
table.foreachi({}, 1)
unpack({1, 2, 3}), unpack({1, 2, 3}, 2), unpack({1, 2, 3}, 2, 3)
unpack({1, 2, 3}, -1, 1)
select("#", unpack({}, 1, 3)), select("#", unpack({1, 2}, 2, 1)), select("#", unpack({1, nil, 3}, 1, 3))
select("#", unpack({}, 1, 7000))
unpack({}, 1, 1e8)
unpack()
unpack(1)
unpack({}, {})
unpack({}, 1, "x")
local names = {} for k in pairs(table) do names[#names + 1] = k end table.sort(names) return table.concat(names, " ")

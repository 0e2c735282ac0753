--- what a traversal removes from a table
local function count(t) local n = 0 for k in pairs(t) do n = n + 1 t[k] = nil end return n, next(t) end
print(count({ 1, 2, 3, a = 1, b = 2, c = 3 })) print(count({ a = 1, b = 2, c = 3 })) print(count({ 1, 2, 3 }))
local t = {} for i = 1, 100 do t[i] = i t[i + 0.5] = i t["k" .. i] = i end
local n = 0 for k in pairs(t) do n = n + 1 if type(k) == "number" then t[k] = nil end end print(n)
n = 0 for k, v in pairs(t) do n = n + 1 t[k] = v + 1 end print(n)
--- a traversal goes on when the end of the array has gone
local t, s = { 1, 2, 3, a = 1, b = 2 }, {}
for k in pairs(t) do s[#s + 1] = tostring(k) if k == 1 then t[3] = nil t[2] = nil t[1] = nil end end
table.sort(s) print(table.concat(s, " "))
t, s = { 1, 2, 3, a = 1, b = 2 }, {}
for k in pairs(t) do s[#s + 1] = tostring(k) table.remove(t) end
table.sort(s) print(table.concat(s, " "))
t = {} for i = 1, 100 do t[i] = i end
local n = 0 for k in pairs(t) do n = n + 1 for j = 100, k, -1 do t[j] = nil end end print(n, next(t))
--- elements that are removed and come back
local t = {} for i = 1, 10 do t[#t + 1] = i end for i = 1, 10 do t[#t] = nil end print(#t, next(t))
t[1] = 1 t[3] = 3 t[2] = 2 print(#t) t[3] = nil print(#t) t[2] = nil print(#t, t[1])
t = { 1, 2, 3 } t[1] = nil t[2] = nil t[3] = nil print(#t) table.insert(t, "x") print(t[1], #t)
table.insert(t, 1, "y") print(t[1], t[2], table.remove(t), table.remove(t), table.remove(t), #t)
--- fields that are removed while others are added
local t = {}
for i = 1, 1000 do
	t["k" .. i] = i t["k" .. i - 3] = nil
	local n = 0 for k, v in pairs(t) do n = n + 1 assert(t[k] == v) end
	assert(n == math.min(i, 3))
end
for size = 1, 40 do
	local t = {} for i = 1, size do t["z" .. i] = i end for i = 1, size - 2 do t["z" .. i] = nil end
	local n = 0 for k in pairs(t) do n = n + 1 t[k] = nil for other in pairs(t) do t[other] = 7 end end
	assert(n == math.min(size, 2))
end
--- how long a chain of __index may be
local function chain(n, event) local first = {} local t = first for i = 1, n do local to = {} setmetatable(t, { [event] = to }) t = to end return first, t end
for _, n in ipairs({ 98, 99, 100, 101 }) do
	local first, last = chain(n, "__index") last.x = 5
	show(pcall(function() return first.x end)) show(pcall(function() return first[1] end))
	first, last = chain(n, "__newindex")
	show(pcall(function() first.x = 1 return last.x, rawget(first, "x") end))
end

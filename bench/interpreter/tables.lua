-- Small tables that are made and thrown away, with both kinds of keys.
local function point(x, y) return { x = x, y = y } end

local function add(a, b) return point(a.x + b.x, a.y + b.y) end

local words = {}
for w in ("the quick brown fox jumps over the lazy dog again"):gmatch("%a+") do words[#words + 1] = w end

local sum, seen = point(0, 0), 0
for i = 1, 150000 do
	sum = add(sum, point(i, -i))
	local record = { id = i, name = words[i % #words + 1], tags = { i, i + 1, i + 2 } }
	record.done = record.id % 2 == 0
	for _, tag in ipairs(record.tags) do seen = seen + tag % 2 end
	for key in pairs(record) do seen = seen + #key end
end
print(sum.x, sum.y, seen)

-- All ways to put queens on a board: small integers in arrays, recursion.
local size, found = 9, 0
local columns, up, down = {}, {}, {}

local function place(row)
	if row > size then
		found = found + 1
		return
	end
	for column = 1, size do
		local u, d = row + column, row - column + size
		if not columns[column] and not up[u] and not down[d] then
			columns[column], up[u], down[d] = true, true, true
			place(row + 1)
			columns[column], up[u], down[d] = false, false, false
		end
	end
end

for _ = 1, 60 do place(1) end
print(found)

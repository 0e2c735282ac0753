-- Arithmetic in nested loops.
local sum = 0
for i = 1, 3000 do
	for j = 1, 3000 do
		sum = sum + i * 0.5 - j
	end
end
print(sum)

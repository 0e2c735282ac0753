-- Loops with the operator %.
local counts = { 0, 0, 0 }
local seed = 42
for i = 1, 4000000 do
	seed = (seed * 16807 + i) % 2147483647
	if seed % 3 == 0 then
		counts[1] = counts[1] + 1
	elseif seed % 7 < 3 then
		counts[2] = counts[2] + 1
	else
		counts[3] = counts[3] + 1
	end
end
print(counts[1], counts[2], counts[3])

-- Global variables and functions of the library.
count, limit, text = 0, 2000000, ""

function step(n)
	count = count + n
	if count % 1000 == 0 then text = tostring(count) end
end

for i = 1, limit do
	step(i % 3)
	if math.floor(i / 2) == math.max(i, 10) then count = 0 end
end
print(count, text)

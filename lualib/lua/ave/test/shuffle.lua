-- Shuffles a list by a seed. math.random is not used: it belongs to the tests.

local modulus, multiplier = 2147483647, 48271 -- the generator of Park and Miller; products are exact in a double

return function(list, seed)
	local n = seed % (modulus - 1) + 1
	for i = #list, 2, -1 do
		n = n * multiplier % modulus
		local j = n % i + 1
		list[i], list[j] = list[j], list[i]
	end
end

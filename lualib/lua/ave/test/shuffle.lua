-- Putting a list into an order that only depends on a number. math.random is
-- left alone: it belongs to the tests.

local modulus, multiplier = 2147483647, 48271 -- Park and Miller's; products are exact in a double

return function(list, seed)
    local n = seed % (modulus - 1) + 1
    for i = #list, 2, -1 do
        n = n * multiplier % modulus
        local j = n % i + 1
        list[i], list[j] = list[j], list[i]
    end
end

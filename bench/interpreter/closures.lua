-- Functions that are made, passed and called, with variables that they share.
local function counter(step)
	local n = 0
	return function() n = n + step; return n end, function() return n end
end

local function compose(f, g)
	return function(x) return f(g(x)) end
end

local function map(list, f)
	local out = {}
	for i = 1, #list do out[i] = f(list[i]) end
	return out
end

local numbers = {}
for i = 1, 50 do numbers[i] = i end
local total = 0
for round = 1, 40000 do
	local add, get = counter(round)
	local f = compose(function(x) return x + round end, function(x) return x * 2 end)
	local mapped = map(numbers, f)
	for _ = 1, 20 do add() end
	total = total + get() + mapped[#mapped]
end
print(total)

-- The spectral norm of a matrix that is calculated, not stored.
local function entry(i, j)
	local diagonal = i + j - 1
	return 1 / (diagonal * (diagonal - 1) * 0.5 + i)
end

local function times(v, n)
	local out = {}
	for i = 1, n do
		local sum = 0
		for j = 1, n do sum = sum + entry(i, j) * v[j] end
		out[i] = sum
	end
	return out
end

local function timesTransposed(v, n)
	local out = {}
	for i = 1, n do
		local sum = 0
		for j = 1, n do sum = sum + entry(j, i) * v[j] end
		out[i] = sum
	end
	return out
end

local n = 220
local u, v = {}, nil
for i = 1, n do u[i] = 1 end
for _ = 1, 10 do
	v = timesTransposed(times(u, n), n)
	u = timesTransposed(times(v, n), n)
end
local uv, vv = 0, 0
for i = 1, n do
	uv = uv + u[i] * v[i]
	vv = vv + v[i] * v[i]
end
print(string.format("%.9f", math.sqrt(uv / vv)))

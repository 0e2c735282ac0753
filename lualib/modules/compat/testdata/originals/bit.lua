local out = require("shown")
local bit = require("bit")

local numbers = { 0, 1, -1, 2.5, 3.5, -2.5, 255, 2 ^ 31, 2 ^ 32, 2 ^ 32 + 5, -2 ^ 31, 1e10, -1e10, 2 ^ 51, 2 ^ 53 + 4, 0 / 0, math.huge, "0x10", " 7 " }
for _, x in ipairs(numbers) do
	for _, name in ipairs({ "tobit", "bnot", "bswap", "tohex", "band", "bor", "bxor" }) do
		out.show(name, bit[name](x))
	end
	for _, y in ipairs({ 0, 1, 4, 31, 32, 33, -1, 5.5 }) do
		for _, name in ipairs({ "lshift", "rshift", "arshift", "rol", "ror", "band", "bor", "bxor" }) do
			out.show(name .. " " .. y, x, bit[name](x, y))
		end
	end
end
for _, n in ipairs({ 0, 1, 4, 8, 9, 20, -1, -4, -8, -20, "4", 2.6 }) do
	out.show("tohex", n, bit.tohex(0xdeadbeef, n))
end
out.show("global", rawget(_G, "bit") == bit)
out.show("several", bit.band(255, 60, 20), bit.bor(1, 2, 4), bit.bxor(1, 3, 7, 15))
for _, name in ipairs({ "tobit", "bnot", "bswap", "tohex", "band", "bor", "bxor", "lshift", "rol" }) do
	out.try(name, bit[name])
	out.try(name, bit[name], "x")
	out.try(name, bit[name], 1, "x")
	out.try(name, bit[name], 1, {})
	out.try(name, bit[name], nil)
end

--- powers of ten are what numbers say
for n = -300, 300, 7 do if 10 ^ n ~= tonumber("1e" .. n) then print(n) end end
--- powers with many digits
for i = 1, 40 do print(("%.17g %.17g %.17g"):format(1.1 ^ i, (i + 0.3) ^ 2.7, math.pow(i / 7, -i / 3))) end
--- a power that the compiler calculates is the same
local x, y = 1.3, 3.7 print(x ^ y == 1.3 ^ 3.7, x ^ 5 == 1.3 ^ 5, 10 ^ -5 == 1e-5)

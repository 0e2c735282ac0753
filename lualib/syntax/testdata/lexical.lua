#!/usr/bin/env lua
--[=== a comment of one line
--[==[ a comment ]] of
several lines ]==] print("after it")
print(0010, 0xff, 0XA, 3., .5, 1e2, 1E-2, 0xffffffffffffffff > 1e19, 1e999 == 1 / 0)
print("a\65\065\0651\q\"\'\
end", '\n' == [[

]], #"\0\000x")
print([==[
]]]=]]==], [[]], #[[
]])
print(5 % 3, -5 % 3, 5 % -3, -5 % -3, 2 ^ 3 ^ 2, -2 ^ 2, 2 ^ -1, 7 - 2 - 1, 1 .. 2 == "12")
print(not nil == true, not (1 == 2), 1 < 2 == true, "a" < "b", 2 ^ 53 == 2 ^ 53 + 1)
local nan = 0 / 0
print(nan == nan, nan ~= nan, nan < nan, not (nan <= nan), not (nan > 1))

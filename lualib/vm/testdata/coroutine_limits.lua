-- Deep nesting is an error, not a crash.
local function nest() return coroutine.wrap(nest)() end
local ok, e = pcall(nest)
assert(not ok and tostring(e):find("stack overflow", 1, true), e)

-- A generator left in the middle, many times over.
for i = 1, 2000 do for v in coroutine.wrap(function() while true do coroutine.yield(1) end end) do break end end

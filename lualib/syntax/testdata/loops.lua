-- gopher-lua #540: a loop that begins with a jump.
local function constant()
  for k in pairs({ 1 }) do
    if false then local x end
    return 1, 2, 3
  end
end
print(constant())
local n = 0
while true do
  while true do break end
  n = n + 1
  if n > 3 then break end
end
print(n)
repeat
  local z = true or n
  n = n + 1
until n > 9
print(n)
n = 0
while false or n < 3 do n = n + 1 end
while nil and n do n = "never" end
print(n)
repeat
  n = n + 1
  for k in pairs({ 1 }) do break end
until (true and n > 5)
print(n)

-- gopher-lua #514: the hidden variables of a generic for.
do local a, b, c, d = 1, 2, 3, 4 end
for k in next, { 10, 20 } do print("k", k) end
local function two() return { 10, 20 }, nil end
for k in next, two() do print("k", k) end
for k in next, { 10 }, two() and nil do print("k", k) end
for a, b, c, d in next, { 10 } do print(a, b, c, d) end

-- A break out of a block whose variable a function has captured.
local f
while true do
  if true then
    local x = 1
    f = function() return x end
    break
  end
end
local y = 99
print(f())
local fs = {}
for i = 1, 3 do
  local outer = i * 10
  do
    local inner = i
    fs[i] = function() inner = inner + 1 return inner, outer, i end
    if i == 2 then break end
  end
end
local u, v, w = "u", "v", "w"
print(fs[1]()) print(fs[1]()) print(fs[2]())
print(u, v, w)

-- until sees the body's variables.
n = 0
repeat
  local done = n >= 2
  fs[n] = function() return done end
  n = n + 1
until done
print(fs[0](), fs[2](), n)
for i = 3, 1, -1 do io.write("") print(i) end
for i = 0, 1, 0.25 do print(i) end

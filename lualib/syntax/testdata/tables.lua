local function f() return "A", "B" end
local function list(n, tail)
  local items = {}
  for i = 1, n do items[i] = i % 100 end
  return assert(loadstring("local f = ... return {" .. table.concat(items, ",") .. tail .. "}"))(f)
end
-- A list is stored in portions of 50.
for _, n in ipairs { 49, 50, 51, 99, 100, 101, 511 * 50, 512 * 50 } do
  local t = list(n, "")
  print(n, #t, t[1], t[n], t[n + 1])
  if n ~= 511 * 50 then
    t = list(n, ",f()")
    print(n, #t, t[1], t[n], t[n + 1], t[n + 2])
  end
  t = list(n, ",x = f(), [f()] = f(), -1")
  print(n, #t, t[1], t[n], t[n + 1], t.x, t.A)
end
-- A call as a named field's value is no list.
print(#{ 1, 2, x = f() }, #{ 1, 2, [{}] = f() })
print(#{ f(), f() }, #{ f(), (f()) }, #{ (f()) })
local function many(...) return #{ ... }, #{ ..., 1 }, #{ 1, x = ..., 2 } end
print(many(1, 2, 3))

--- levels of error
local function f(level) error("m", level) end
local function g(level) f(level) end
for level = 0, 4 do print(pcall(g, level)) end
--- values that are no strings
print(pcall(error)) print(pcall(error, nil)) print(pcall(error, true)) print(pcall(error, 5)) print(type(select(2, pcall(error, {}))), select(2, pcall(error, print)) == print)
--- a number as the message gets no position, and text does
print(pcall(function() error(5) end)) print(pcall(function() error("5") end)) print(pcall(function() error(5, 1) end))
--- the level is no number
print(pcall(function() error("x", "y") end)) print(pcall(error, "x", {}))
--- messages of indexing
local t, u = {} print(pcall(function() return u.x end)) print(pcall(function() return t.x.y end)) print(pcall(function() return undefined.x end)) print(pcall(function() t.a.b.c = 1 end)) print(pcall(function() return t[1][2] end)) print(pcall(function(p) return p.x end)) print(pcall(function() return (nil).x end)) print(pcall(function() return ("x").y.z end)) print(pcall(function() return t:m().x end))
--- messages of calls
local t, u = {} print(pcall(function() u() end)) print(pcall(function() t.x() end)) print(pcall(function() t:x() end)) print(pcall(function() undefined() end)) print(pcall(function() t.x.y() end)) print(pcall(function() ("x")() end)) print(pcall(function() t[1]() end)) print(pcall(function() (function() end)()() end)) print(pcall(nil)) print(pcall(5, 1))
--- messages of arithmetic
local t, s, u = {}, "s" print(pcall(function() return t + 1 end)) print(pcall(function() return 1 + t end)) print(pcall(function() return s * 2 end)) print(pcall(function() return u - 1 end)) print(pcall(function() return t.x / 2 end)) print(pcall(function() return undefined % 2 end)) print(pcall(function() return -t end)) print(pcall(function() return 2 ^ {} end)) print(pcall(function() return "a" + 1 end)) print(pcall(function() return 1 + nil end)) print(pcall(function(p) return p + 1 end, print)) print(pcall(function() local l = true return l + 1 end))
--- messages of concatenation
local t, u = {} print(pcall(function() return t .. "x" end)) print(pcall(function() return "x" .. u end)) print(pcall(function() return 1 .. undefined end)) print(pcall(function() return t.x .. "y" end)) print(pcall(function() return "a" .. "b" .. true end)) print(pcall(function() return "a" .. {} .. "b" end)) print(pcall(function() local l return l .. 1 end))
--- messages of comparison
print(pcall(function() return {} < {} end)) print(pcall(function() return 1 < "x" end)) print(pcall(function() return nil < 1 end)) print(pcall(function() return "x" <= 1 end)) print(pcall(function() return print < print end)) print(pcall(function() return true > false end)) print(pcall(function() return {} >= 1 end))
--- messages of length
local t, u = { n = 5 } print(pcall(function() return #u end)) print(pcall(function() return #5 end)) print(pcall(function() return #t.n end)) print(pcall(function() return #undefined end)) print(pcall(function() return #print end))
--- bad keys
print(pcall(function() local t = {} t[nil] = 1 end)) print(pcall(function() local t = {} t[0 / 0] = 1 end)) print(({})[nil]) print(pcall(rawset, {}, nil, 1)) print(pcall(function() return { [nil] = 1 } end))
--- a bad key for next
print(pcall(next, {}, "nokey")) print(pcall(next, { a = 1 }, "b"))
--- the bounds of for
print(pcall(function() for i = {}, 2 do end end)) print(pcall(function() for i = 1, {} do end end)) print(pcall(function() for i = 1, 2, {} do end end)) print(pcall(function() for i = nil, nil, nil do end end))
--- xpcall with a handler
print(xpcall(function() error("e", 0) end, function(m) return m .. "!", "lost" end)) print(xpcall(function() return 1, 2 end, error)) print(xpcall(function() local x = nil + 1 end, function(m) return (m:gsub("^.-:%d+: ", "")) end))
--- the handler of xpcall raises an error
print(xpcall(error, function() error("again") end)) print(xpcall(function() error("x") end, nil)) print(xpcall(error, error))
--- the handler runs before the stack is unwound
local function f() local secret = 42 error("x") end print(xpcall(f, function() return select(2, debug.getlocal(3, 1)) end))
--- an error is passed on through pcalls
local e = {} local ok, v = pcall(function() local ok, v = pcall(error, e) error(v) end) print(v == e) print(pcall(function() local ok, v = pcall(function() error("in") end) error(v, 0) end)) print(pcall(function() local ok, v = pcall(function() error("in") end) error(v) end))
--- assert
print(assert(1, 2, 3)) print(pcall(assert)) print(pcall(assert, false)) print(pcall(assert, nil, "why")) print(pcall(assert, false, 5)) print(pcall(assert, 1 == 1, "no"))
--- assert with a message that is no string
print(pcall(assert, false, {}))
--- errors of the library have the position of the caller
print(pcall(function() string.rep() end)) print(pcall(function() ("x"):rep({}) end)) print(pcall(function() local s = string s.rep("x", "y") end)) print(pcall(function() setmetatable(1) end)) print(pcall(function() table.insert(nil, 1) end)) print(pcall(function() math.floor("x") end)) print(pcall(function() tostring() end))
--- a bad self
print(pcall(function() local t = { rep = string.rep } return t:rep(2) end)) print(pcall(function() io.stdout.write({}, "x") end)) print(pcall(function() return io.stdout.none.x end))
--- calls of the library by pcall have no name
print(pcall(string.rep)) print(pcall(ipairs)) print(pcall(setmetatable, 1)) print(pcall(math.floor, "x")) print(pcall(io.lines, "/no/such"))
--- an error in a callback of the library
print(pcall(table.sort, { 2, 1 }, function() error("cmp") end)) print(pcall(string.gsub, "x", "x", function() error("rep") end)) print(pcall(table.foreach, { 1 }, function() error("each") end))
--- errors across several lines
print(pcall(function()
  local t = {}
  local x = 1 +
    t
end))
print(pcall(function()
  undefined(
    1,
    2
  )
end))
print(pcall(function()
  local s = "a" ..
    "b" ..
    {}
end))
--- error with a position of a chunk
print(pcall(loadstring("error('x')", "@file.lua"))) print(pcall(loadstring("error('x')", "=name"))) print(pcall(loadstring("error('x')"))) print(pcall(loadstring("\n\nerror('x') -- " .. ("y"):rep(100)))) print(pcall(loadstring("error('x')", "two\nlines")))
--- messages with new lines and zero bytes
print(pcall(error, "a\nb", 0)) print(#select(2, pcall(error, "a\0b", 0)))
--- xpcall with more arguments
show(xpcall(function(...) return ... end, print, 1)) show(xpcall(function(...) return select("#", ...) == 0 end, print, 1))
--- a traceback of an assert with a table
print((select(2, xpcall(function() assert(false, {}) end, debug.traceback)) == nil))

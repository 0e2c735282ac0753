--- getinfo of a function
local function f(a, ...)
  local b
  return b
end
local i = debug.getinfo(f) print(i.what, i.short_src, i.source, i.linedefined, i.lastlinedefined, i.nups, i.func == f, i.currentline, i.namewhat, i.name)
--- getinfo of a function of the library
local i = debug.getinfo(print) print(i.what, i.short_src, i.source, i.linedefined, i.currentline)
--- getinfo of a level
local function f() local i = debug.getinfo(1) print(i.currentline, i.name, i.what) local j = debug.getinfo(2, "l") print(j.currentline) end
f()
--- namewhat
local function f() return debug.getinfo(2, "n").namewhat, debug.getinfo(2, "n").name end local function g() local a, b = f() return a, b end G = g local t = { m = g } print(g()) print(G()) print(t.m()) print(t:m()) print((function() local a, b = f() return a, b end)()) G = nil
--- getinfo with options
local function f() end local i = debug.getinfo(f, "S") print(i.what, i.nups, i.func) i = debug.getinfo(f, "fu") print(i.func == f, i.nups, i.what) print(pcall(debug.getinfo, f, "X")) print(pcall(debug.getinfo)) print(debug.getinfo(100)) print(pcall(debug.getinfo, "x"))
--- the active lines of a function
local function f()
  local a = 1

  return a
end
local lines = {} for l in pairs(debug.getinfo(f, "L").activelines) do lines[#lines + 1] = l end table.sort(lines) print(unpack(lines))
--- getinfo of the main chunk
print(debug.getinfo(1, "S").what, debug.getinfo(1, "S").linedefined)
--- locals of a level
local function f(a, b) local c = 3 do local d = 4 end local n, v = debug.getlocal(1, 1) print(n, v, debug.getlocal(1, 3)) print(debug.getlocal(1, 2)) print(debug.getlocal(1, 10)) end f(1, 2) print(pcall(debug.getlocal, 100, 1))
--- setlocal
local function f() local a = 1 print(debug.setlocal(1, 1, 5), a) print(debug.setlocal(1, 99, 5)) end f()
--- upvalues
local x, y = 1, 2 local function f() return x, y end print(debug.getupvalue(f, 1)) print(debug.getupvalue(f, 2)) print(debug.getupvalue(f, 3)) print(debug.setupvalue(f, 1, 10), x) print(debug.getupvalue(print, 1))
--- the arguments of getupvalue
print(pcall(debug.getupvalue)) print(pcall(debug.getupvalue, 1, 1)) print(pcall(debug.getupvalue, print))
--- traceback
local function f() print((debug.traceback("message"))) end
local function g() f() end
coroutine.wrap(function() g() end)()
--- traceback of a level
local function f() print((debug.traceback("m", 2))) end
coroutine.wrap(function() f() end)()
--- traceback of a coroutine
local co = coroutine.create(function() local function inner() coroutine.yield() end inner() end) coroutine.resume(co) print(debug.traceback(co)) print(debug.traceback(co, "m")) print(debug.traceback(co, "m", 1))
--- traceback of a tail call
local function f() print((debug.traceback())) end local function g() return f() end coroutine.wrap(function() g() end)()
--- traceback through functions of the library
coroutine.wrap(function() table.sort({ 2, 1 }, function() print((debug.traceback("sort"))) return false end) end)()
--- traceback in the main program (alone)
local function f() print(debug.traceback("m")) end
f()
--- traceback of values that are no strings
print(debug.traceback({}) ~= nil, debug.traceback(true), (debug.traceback(5):match("^5"))) print(debug.traceback(nil))
--- a long traceback
local function f(n) if n == 0 then error("deep") end local x = f(n - 1) return x end
local _, text = coroutine.wrap(function() return xpcall(function() f(30) end, debug.traceback) end)() print(select(2, text:gsub("\n", "\n")), text:match("%.%.%.") ~= nil)
--- getmetatable passes __metatable by
local mt = { __metatable = 5 } print(debug.getmetatable(setmetatable({}, mt)) == mt) print(debug.getmetatable(1), debug.getmetatable(print))
--- setmetatable of numbers and nil (alone)
debug.setmetatable(1, { __index = function(n, k) return k .. n end, __call = function(n, x) return n * x end }) print((5).x, (3)(4)) debug.setmetatable(nil, { __index = function() return "nothing" end }) print((nil).x, undefined.y) debug.setmetatable(nil, nil) print(pcall(function() return (nil).x end))
--- sethook for lines (alone)
local lines = {} debug.sethook(function(e, l) lines[#lines + 1] = l end, "l")
local a = 1
local b = 2
debug.sethook() print(#lines, debug.gethook())
--- sethook for calls (alone)
local n = 0 debug.sethook(function(e) n = n + 1 end, "c") local function f() end f() f() debug.sethook() print(n >= 2)
--- sethook for counts (alone)
local n = 0 debug.sethook(function(e) n = n + 1 end, "", 100) for i = 1, 10000 do end debug.sethook() print(n > 50)
--- getregistry
print(type(debug.getregistry()))
--- getfenv and setfenv of functions
local function f() return v end print(debug.getfenv(f) == getfenv(f)) print(debug.setfenv(f, { v = 1 }) == f, f()) print(pcall(debug.setfenv, {}, {}))
--- getlocal with bad arguments
print(pcall(debug.getlocal, 100, 1)) print(pcall(debug.getlocal, -1, 1)) print(pcall(debug.getlocal, 1, "x")) print(pcall(debug.getlocal)) show(debug.getlocal(1, 0)) show(pcall(debug.getlocal, 1, -1))
--- traceback in the driver
print((debug.traceback("m")))
--- traceback of several tail calls
local function f() print((debug.traceback())) end local function g(n) if n == 0 then return f() end return g(n - 1) end coroutine.wrap(function() g(3) end)()
--- traceback in an error handler
coroutine.wrap(function()
  print((select(2, xpcall(function() local x = nil + 1 end, debug.traceback))))
  local function f() error("x") end
  local function g() return f() end
  print((select(2, xpcall(function() g() end, debug.traceback))))
  print((select(2, xpcall(g, debug.traceback))))
end)()
--- lines of calls over several lines in a traceback
coroutine.wrap(function()
  local function f(...) print((debug.traceback("m"))) end
  f(
    1,
    2
  )
  local t = { m = f }
  t
    .m(1)
end)()

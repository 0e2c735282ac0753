--- os.time of a date
print(os.time { year = 2000, month = 1, day = 1, hour = 0 }, os.time { year = 2000, month = 1, day = 1 }, os.time { year = 1999, month = 14, day = -5, hour = 30, min = 70, sec = 80 }) print(pcall(os.time, {})) print(pcall(os.time, { year = 2000 })) print(pcall(os.time, 5))
--- os.date
print(os.date("!%Y-%m-%d %H:%M:%S", 0), os.date("!%c", 86400), os.date("!%x %X %p %A %B %j %U %w %y %Z %%", 1e9)) local t = os.date("!*t", 1e9) print(t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday, t.isdst)
--- difftime, clock and getenv
print(os.difftime(10, 5), type(os.clock()), type(os.time()), os.getenv("NO_SUCH_VARIABLE")) print(pcall(os.getenv))
--- rename and remove
local n = os.tmpname() print(os.rename(n, n .. "x"), os.remove(n .. "x")) print(os.remove("/no/such/file")) print(os.rename("/no/such", "/tmp/x"))
--- write and read a file
local n = os.tmpname() local f = assert(io.open(n, "w")) print(f:write("one\n", 2, "\n", 3.5, "\nlast") == f or f:write("") == true, io.type(f)) f:close() print(io.type(f)) for l in io.lines(n) do io.write("[", l, "]") end print() f = io.open(n) print(f:read("*l", "*n", "*l", "*a")) print(f:read("*a"), f:read("*l"), f:read(0)) f:close() os.remove(n)
--- read numbers
local n = os.tmpname() local f = io.open(n, "w") f:write("1 2.5 -3 0x10 1e2 x 5") f:close() f = io.open(n) print(f:read("*n", "*n", "*n", "*n", "*n", "*n")) f:close() os.remove(n)
--- seek
local n = os.tmpname() local f = io.open(n, "w+") f:write("hello world") print(f:seek(), f:seek("set", 6), f:read(5), f:seek("cur", -5), f:read(1), f:seek("end")) print(pcall(f.seek, f, "bad")) print(f:seek("set", -1)) f:close() os.remove(n)
--- append and overwrite
local n = os.tmpname() for _, m in ipairs { "w", "a", "r+", "a+" } do local f = io.open(n, m) f:write(m) f:close() end local f = io.open(n) print(f:read("*a")) f:close() os.remove(n)
--- a closed file
local f = io.tmpfile() f:close() print(tostring(f), io.type(f)) print(pcall(f.read, f)) print(pcall(f.write, f, "x")) print(pcall(f.close, f)) print(pcall(f.lines, f)) print(pcall(io.lines, nil, 5) ~= nil)
--- open errors
print(io.open("/no/such/file")) print(io.open("/no/such/file", "w")) print(pcall(io.open)) print(pcall(io.lines, "/no/such/file")) print(pcall(io.input, "/no/such/file")) print(io.type(5), io.type(io.stdout))
--- a bad format for read
local f = io.tmpfile() print(pcall(f.read, f, "*x")) print(pcall(f.read, f, {})) f:close()
--- file:close without a file
print(pcall(io.stdout.close))
--- io.write returns true, and takes numbers
print(io.write("a", 1, 2.5, "\n")) print(pcall(io.write, {})) print(pcall(io.write, nil))
--- lines of a file, with a last line that does not end
local n = os.tmpname() local f = io.open(n, "w") f:write("a\n\nb") f:close() local c = 0 for l in io.lines(n) do c = c + 1 io.write(#l, " ") end print(c) os.remove(n)
--- popen
local p = io.popen("echo out; exit 3") print(p:read("*a"), p:close())
--- execute
print(os.execute("exit 3"), os.execute("true"), os.execute() ~= 0)
--- setvbuf and flush
local f = io.tmpfile() print(f:setvbuf("no"), f:setvbuf("full", 1024), f:setvbuf("line"), f:flush(), io.flush()) print(pcall(f.setvbuf, f, "bad")) f:close()
--- collectgarbage
print(type(collectgarbage("count")), collectgarbage("collect"), collectgarbage(), type(collectgarbage("step")), collectgarbage("stop"), collectgarbage("restart"), type(gcinfo())) print(pcall(collectgarbage, "bad"))
--- newproxy
print(type(newproxy()), type(newproxy(true)), type(getmetatable(newproxy(true))), getmetatable(newproxy())) local p = newproxy(true) getmetatable(p).__len = function() return 5 end getmetatable(p).__index = function(_, k) return k end print(#p, p.x, newproxy(p) ~= p, getmetatable(newproxy(p)) == getmetatable(p)) print(pcall(newproxy, 5))
--- names of the standard library
local list = {} for _, lib in ipairs { "string", "table", "math", "os", "io", "coroutine" } do for k in pairs(_G[lib]) do list[#list + 1] = lib .. "." .. k end end table.sort(list) print(table.concat(list, " ")) print(_VERSION)
--- names of the debug library
local list = {} for k in pairs(debug) do list[#list + 1] = k end table.sort(list) print(table.concat(list, " "))
--- package
print(type(package.path), type(package.cpath), type(package.loaded), type(package.preload), #package.loaders, package.config) print(package.loaded.string == string, package.loaded._G == _G)
--- package.loadlib
print(pcall(package.loadlib)) print(package.loadlib("/no/such.so", "f"))
--- writing to a file that is read
local n = os.tmpname() local f = io.open(n) print(f:write("x")) show(f:write("")) f:close() os.remove(n)
--- io.open with an empty name
try(io.open, "")

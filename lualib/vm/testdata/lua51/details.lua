-- Messages and results in cases that few programs depend on.

local function try(f, ...)
	print(select(2, pcall(f, ...)))
end

try(function() coroutine.create(1) end)
try(function() coroutine.yield(1) end)
try(function() next({}, "x") end)
try(function() io.stdout.close() end)
try(function() getmetatable(io.stdin).__gc() end)
try(function() error("x", "y") end)
try(function() error("x", "1") end)
try(function() error("x", {}) end)
try(function() error("x", nil) end)
try(function() package.seeall("x") end)
try(function() table.concat(1, {}) end)
try(function() ("x"):gsub("x", nil, {}) end)
try(dofile, "/no/such")
print(loadfile("/no/such"))
print(loadfile("."))
print(io.open(""))
print(os.remove(""))
print(package.config)

local module = setmetatable({}, { __metatable = 5 })
package.seeall(module)
print(module.print == print)

print(tostring(tonumber("-NaN(a_1)")):match("nan"), tonumber("nan("), tonumber("nan(-)"), tonumber("nanx"), tonumber("--nan"))
print(tostring("-nan" + 1):match("nan"))

local name = os.tmpname()
local file = io.open(name)
print(file:write("", ""))
print(file:write("x"))
file:close()
os.remove(name)

-- Tracebacks: where they begin and end, and what they leave out.
print(debug.traceback(nil))
print(coroutine.wrap(function() return debug.traceback("x") end)())
print(xpcall(function() error(nil) end, debug.traceback))
local function deep(n, level)
	if n == 0 then
		return (debug.traceback("m", level))
	end
	return (deep(n - 1, level))
end
coroutine.wrap(function()
	for n = 17, 25 do
		for _, level in ipairs { 0, 1, 2, 11, 12, 13, 15 } do
			local text = deep(n, level)
			print(n, level, select(2, text:gsub("\n", "")), (text:find("...", 1, true)))
		end
	end
end)()

local function lines()
	return 1
end
local info = debug.getinfo(lines, "SL")
print(info.activelines[info.linedefined], info.activelines[info.linedefined + 1], info.activelines[info.lastlinedefined])
print((debug.traceback("end"):match("\n\t%[C%]: %?$")))

-- A call that a tail call has replaced has no variables.
local function last()
	print(debug.getlocal(2, 1), debug.setlocal(2, 1, 1), debug.getlocal(-1, 1))
	print(pcall(function() debug.getlocal(-1, {}) end))
	print(pcall(function() debug.getlocal(100, 1) end))
end
local function tail()
	return last()
end
tail()

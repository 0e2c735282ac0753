-- The events of debug.sethook.

local events = {}

local function note(event, line)
	local info, name = debug.getinfo(2, "Sn"), "?"
	if event ~= "tail return" and (debug.getinfo(3, "S") or info).what ~= "tail" and info.name ~= "leaf" then
		name = info.name or "?"
	end
	events[#events + 1] = table.concat({ event, line or "-", info.what, name }, " ")
end

local function shown()
	for i, event in ipairs(events) do
		print(i, event)
	end
	events = {}
end

local function leaf(x) return x end
local function tail(x) return leaf(x) end
local function branch()
	local a = leaf(1)
	local b = tail(2)
	return a, b
end

debug.sethook(note, "c")
branch()
debug.sethook()
shown()

debug.sethook(note, "r")
branch()
debug.sethook()
shown()

debug.sethook(note, "cr")
math.abs(-1)
string.rep("x", 3)
debug.sethook()
shown()

-- Functions that Go code calls, and errors.
debug.sethook(note, "c")
pcall(branch)
pcall(error)
pcall(function() error("x") end)
table.sort({ 2, 1 }, function(a, b) return a < b end)
debug.sethook()
for i = #events, 1, -1 do -- functions in C that C calls are not seen, and sort decides how often it compares
	if events[i]:find(" C ") or events[i]:find("%?") and events[i - 1] == events[i] then
		table.remove(events, i)
	end
end
shown()

-- Lines.
local function lines()
	local a = 1

	local b = a + 1
	leaf(b)
	return b
end
debug.sethook(note, "l")
lines()
debug.sethook()
shown()

-- A hook that is called once, and one that replaces itself.
debug.sethook(function(event)
	events[#events + 1] = event
	debug.sethook(function(event, line)
		events[#events + 1] = event .. line
		local name, value = debug.getlocal(2, 1)
		events[#events + 1] = tostring(name) .. tostring(value)
		debug.sethook()
	end, "l")
end, "c")
leaf(5)
shown()

-- Instructions.
local n = 0
debug.sethook(function(event) n = n + 1; assert(event == "count") end, "", 1)
for i = 1, 1000 do end
debug.sethook()
print(n > 1000 and n < 1020)
n = 0
debug.sethook(function() n = n + 1 end, "", 100)
for i = 1, 1000 do end
debug.sethook()
print(n)
n = 0
debug.sethook(function() n = n + 1 end, "", 4000)
for i = 1, 1000 do end
debug.sethook()
print(n)

-- What gethook returns.
print(debug.gethook())
debug.sethook(note, "lrcx", 5)
print(debug.gethook() == note, select(2, debug.gethook()))
debug.sethook(note, "")
print(debug.gethook() == note, select(2, debug.gethook()))
debug.sethook(nil)
print(debug.gethook())
debug.sethook(note, "", 0)
print(select(2, debug.gethook()))
debug.sethook(print, "", 2 ^ 24 - 1)
print(select(2, debug.gethook()))
debug.sethook()

-- Errors in a hook are errors of the code.
print(pcall(function()
	debug.sethook(function() debug.sethook() error("in the hook", 0) end, "l")
	local a = 1
	return a
end))
print(pcall(function()
	debug.sethook(function() error("in the loop", 0) end, "", 10)
	while true do end
end))
debug.sethook()

-- A hook belongs to a coroutine.
events = {}
local co = coroutine.create(function(x)
	local a = x
	coroutine.yield(a)
	a = a + 1
	return a
end)
debug.sethook(co, function(event, line) events[#events + 1] = event .. " " .. line end, "l")
print(coroutine.resume(co, 1))
print(debug.gethook(), type(debug.gethook(co)), select(2, debug.gethook(co)))
print(coroutine.resume(co))
print(coroutine.status(co), type(debug.gethook(co)))
shown()
local inside = coroutine.wrap(function()
	debug.sethook(function(event, line) events[#events + 1] = event .. " " .. line end, "l")
	local a = 1
	coroutine.yield(a)
	debug.sethook()
end)
inside()
local outside = 1
inside()
shown()

-- The hook's own code and what it calls has no events.
debug.sethook(function(event) events[#events + 1] = event; leaf(1) end, "crl")
leaf(2)
debug.sethook()
print(#events, outside)

-- A long function in C while a hook is set.
debug.sethook(function() end, "crl", 1000)
print(("a"):rep(24):find(("a*"):rep(6) .. "b"))
debug.sethook()

-- load, loadstring, and the environment of what they load.

local function reader(source)
	local i = 0
	return function()
		i = i + 1
		return i <= #source and source:sub(i, i) or nil
	end
end

local function counted(source)
	local i = 0
	return function()
		i = i + 1
		return i <= #source and source:sub(i, i) or nil
	end, function() return i end
end

print(load(reader("return 1 + 1"))())
print(type(load(function() return nil end)))
print(pcall(load, 5) == false, pcall(load) == false)

-- A reader that fails, and one that is not asked for more than is needed.
-- (pcall, because otherwise the message handler of lua5.1 itself is called.)
local _, fn, err = pcall(load, function() error("no more", 0) end)
print(fn, err)
_, fn, err = pcall(load, function() error({}) end)
print(fn, type(err))
_, fn, err = pcall(load, function() return {} end)
print(fn, (err:gsub("^.-:%d+: ", "")))
local read, count = counted("*a = 123")
fn, err = load(read)
print(fn, err, count())
read, count = counted("x = 1e1 y = 'text' .. z ) 1 2 3 4 5 6 7 8 9")
fn = load(read)
print(fn, count() < 40)
for _, source in ipairs { "return 1e5", "return 'a' .. 'b'", "return 1 ~= 2", "return #'abc', 5 -- comment", "return [==[x]==]", "x == y", "return 0x1f" } do
	print(source, pcall(load((reader(source))) or error))
end

-- Numbers are source and names, too.
print(loadstring(5))
print(loadstring("return 1", 5)())
print(debug.getinfo(loadstring("return 1", 5), "S").source)
print(loadstring(("return mm"):gsub("m", "5"))())
print(load(reader("x ="), 7))
print(pcall(loadstring, {}) == false, pcall(loadstring, "x", {}) == false)

-- A comment at the beginning is for files.
print(loadstring("# or"))

-- Names of chunks in messages.
for _, name in ipairs { "=name", "@name", "name", "=(load)", "long " .. ("name "):rep(20) } do
	print(loadstring("x =", name))
	print(load(reader("\n="), name))
end
print(loadstring("x = = this is a line that is quite long, longer than what a message shows"))

-- Environments.
print(getfenv() == _G, getfenv(0) == _G, getfenv(1) == _G, getfenv(print) == _G, getfenv(function() end) == _G)
for _, call in ipairs {
	function() getfenv(50) end, function() getfenv(-1) end, function() getfenv({}) end, function() setfenv(50, {}) end, function() setfenv(-1, {}) end,
	function() setfenv(1) end, function() setfenv({}, {}) end, function() setfenv(print, {}) end, function() getfenv("x") end,
} do
	print((select(2, pcall(call)):gsub("^%S+:%d+: ", "")))
end
local function tail() return getfenv(2) end
print(select(2, pcall(function() return tail() end)))
local env = setmetatable({}, { __index = _G })
local function sees() return here end
print(setfenv(sees, env) == sees, getfenv(sees) == env, sees())
env.here = "there"
print(sees(), here);
(function() setfenv(1, env) here = "changed" end)()
print(env.here, here)
local function nested() setfenv(2, env) end;
(function() nested() made = 1 end)()
print(made, env.made)

-- The globals of a thread.
local globals = setmetatable({ name = "thread" }, { __index = _G })
print(select("#", setfenv(0, globals)), getfenv(0) == globals, getfenv(print) == globals, getfenv(1) == _G)
print(loadstring("return name")(), load(reader("return name"))())
local co = coroutine.create(function() return getfenv(0), loadstring("return name")() end)
print(debug.getfenv(co) == globals, debug.setfenv(co, { name = "coroutine" }) == co)
local _, inside, name = coroutine.resume(co)
print(inside.name, name, getfenv(0) == globals)
setfenv(0, _G)
print(getfenv(0) == _G, loadstring("return name")())

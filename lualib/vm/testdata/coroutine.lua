-- "return coroutine.yield(x)" crashed the next resume.
local co = coroutine.wrap(function() return coroutine.yield(1) end)
assert(co() == 1 and co(2) == 2)

-- Yields across pcall, xpcall, metamethods, iterators and callbacks of Go
-- functions (gopher-lua #45, #306).
local function collect(f)
	local got = {}
	for v in coroutine.wrap(f) do got[#got + 1] = tostring(v) end
	return table.concat(got, " ")
end
local yield = coroutine.yield
assert(collect(function() pcall(function() yield(1) pcall(yield, 2) error("x") end) yield(3) end) == "1 2 3")
assert(collect(function() xpcall(function() yield(1) error("x") end, function(e) yield("h") end) yield(2) end) == "1 h 2")
local mt = {
	__index = function(_, k) yield("index") return k end,
	__newindex = function() yield("newindex") end,
	__add = function() yield("add") return 1 end,
	__eq = function() yield("eq") return true end,
	__lt = function() yield("lt") return true end,
	__concat = function() yield("concat") return "" end,
	__call = function() yield("call") end,
	__unm = function() yield("unm") return 1 end,
}
assert(collect(function()
	local a, b = setmetatable({}, mt), setmetatable({}, mt)
	local _ = a.x, a + b, a == b, a < b, a .. b, -a
	a.x = 1
	a()
end) == "index add eq lt concat unm newindex call")
assert(collect(function()
	for v in function(_, last) yield("it") last = (last or 0) + 1 if last < 3 then return last end end do yield(v) end
end) == "it 1 it 2 it")
assert(collect(function() table.sort({ 3, 1, 2 }, function(a, b) yield("s") return a < b end) end):find("^s s"))
assert(collect(function() string.gsub("ab", ".", function(c) yield(c) end) end) == "a b")

-- Status, running, dead ones.
local co
co = coroutine.create(function()
	assert(coroutine.running() == co and coroutine.status(co) == "running")
	coroutine.wrap(function() assert(coroutine.status(co) == "normal") end)()
	assert(not coroutine.resume(co))
	local ok, e = coroutine.resume(coroutine.running())
	assert(e == "cannot resume running coroutine", e)
	pcall(function() assert(coroutine.running() == co) end)
end)
assert(coroutine.running() == nil and coroutine.status(co) == "suspended")
assert(coroutine.resume(co))
assert(coroutine.status(co) == "dead")
local ok, e = coroutine.resume(co)
assert(not ok and e == "cannot resume dead coroutine")
local ok, e = pcall(coroutine.wrap(function() error("m", 0) end))
assert(not ok and e == "m", e)
local err = {}
local ok, e = pcall(coroutine.wrap(function() error(err) end))
assert(e == err)
local ok, e = pcall(coroutine.yield)
assert(not ok and e:find("attempt to yield across", 1, true))

-- Any number of values, either way.
local co = coroutine.create(function(...)
	local n = select("#", ...)
	while true do n = select("#", coroutine.yield(n, nil)) end
end)
assert(select("#", coroutine.resume(co, nil, nil)) == 3)
assert(select(2, coroutine.resume(co)) == 0)
assert(select(2, coroutine.resume(co, 1, nil, nil)) == 3)

-- Captured locals are shared between a coroutine and its maker.
local shared = 0
local co = coroutine.wrap(function() for i = 1, 3 do shared = shared + 1 coroutine.yield() end end)
co() shared = shared * 10 co()
assert(shared == 11)

-- A traceback of a coroutine, also of one that yielded inside pcall.
local co = coroutine.create(function()
	local function inner() coroutine.yield() end
	pcall(inner)
end)
coroutine.resume(co)
local trace = debug.traceback(co, "msg")
assert(trace:find("^msg\nstack traceback:\n\t%[C%]: in function 'yield'"), trace)
assert(not trace:find("main chunk", 1, true))
assert(debug.traceback(coroutine.create(print)) == "stack traceback:")

-- And of one that has failed after such a yield.
local co = coroutine.create(function()
	pcall(coroutine.yield)
	local function broken() error("x") end
	broken()
end)
coroutine.resume(co)
coroutine.resume(co)
assert(debug.traceback(co):find("in function 'broken'", 1, true), debug.traceback(co))

-- A goroutine and a thread run one coroutine after another: none sees anything of the
-- earlier one, whether that has returned, failed, or was left in the middle.
local kept, seen = {}, 0
for i = 1, 60 do
	local co = coroutine.create(function(a, b)
		local mine = i
		kept[i] = function() mine = mine + 1 return mine end
		assert(a == i and b == nil and coroutine.running())
		local got, none = coroutine.yield(mine, i)
		assert(got == -i and none == nil)
		if i % 3 == 0 then error({ i }) end
		if i % 3 == 1 then pcall(coroutine.yield, "middle") end
		seen = seen + 1
		return mine
	end)
	local ok, mine, index, none = coroutine.resume(co, i)
	assert(ok and mine == i and index == i and none == nil)
	local ok, value = coroutine.resume(co, -i)
	assert(ok == (i % 3 ~= 0) and coroutine.status(co) == (i % 3 == 1 and "suspended" or "dead"))
	if not ok then
		assert(value[1] == i and debug.traceback(co):find("in function 'error'", 1, true))
	elseif i % 3 == 2 then
		assert(value == i and debug.traceback(co) == "stack traceback:")
		assert(not coroutine.resume(co) and coroutine.status(co) == "dead")
	end
end
assert(seen == 20)
for i = 1, 60 do assert(kept[i]() == i + 1 and kept[i]() == i + 2) end

-- For suites that require busted: its words, and what reporters and helper files
-- use.

local failure = require("ave.test.failure")
local host = require("ave.test.host")
local hub = require("ave.test.hub")

local busted = {
	version = "2.1.1", -- the version whose words these are
	assert = require("luassert"),
	spy = host.global("spy"),
	stub = host.global("stub"),
	mock = host.global("mock"),
	match = host.global("match"),
	subscribe = hub.subscribe,
	unsubscribe = hub.unsubscribe,
	publish = hub.publish,
	parent = hub.parent,
	children = hub.children,
	gettime = host.time,
	monotime = host.now,
	sleep = host.sleep,
}

-- fail ends a test like an assertion that does not hold.
function busted.fail(message)
	if message == nil or type(message) == "string" then
		failure.raise(message or "failed")
	end
	failure.raise(failure.text(message))
end

-- bindfenv gives a function its own value of a global variable.
function busted.bindfenv(fn, name, value)
	local meta = debug.getmetatable(fn)
	fn = type(meta) == "table" and meta.__call or fn
	setfenv(fn, setmetatable({ [name] = value }, { __index = getfenv(fn) }))
end

for word, fn in pairs(require("ave.test")) do
	busted[word] = host.global(word) or fn
end

return setmetatable({}, {
	__index = busted,
	__newindex = function() error("Attempt to modify busted", 2) end,
})

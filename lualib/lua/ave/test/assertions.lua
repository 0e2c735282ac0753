-- What follows "assert.": chains of words that end with an assertion. A call ends
-- the chain. A chain without an assertion, such as assert.message("..."), returns a
-- chain that continues it.

local arguments = require("ave.test.arguments")
local checking = require("ave.test.checking")
local failure = require("ave.test.failure")
local lazy = require("ave.test.lazy")
local words = require("ave.test.words")

local difference = lazy("ave.test.difference")
local formatters = lazy("ave.test.formatters")
local say = lazy("say")
local state = lazy("ave.test.state")

local assertions = { _VERSION = "Luassert 1.9.0" }

-- register adds an assertion, a modifier or a matcher. An assertion is called with
-- a state, the list of arguments (with their number in n), and the level of its
-- caller for error(). It returns whether it holds, and optionally a list of values
-- that the assertion returns. The arguments that it leaves in the list fill the
-- message. Both messages are texts, or keys of texts in say.
function assertions.register(_, namespace, name, callback, positive, negative)
	words.complete() -- otherwise what is loaded later would replace it
	words.register(namespace, name, {
		callback = callback,
		name = name:lower(),
		positive_message = positive,
		negative_message = negative,
	})
end

function assertions.unregister(_, namespace, name)
	words.complete()
	words.register(namespace, name, nil)
end

function assertions.add_formatter(_, formatter) state.add_formatter(formatter) end

function assertions.remove_formatter(_, formatter) state.remove_formatter(formatter) end

function assertions.format(_, values) return formatters.all(values) end

function assertions.set_parameter(_, name, value) state.set_parameter(name, value) end

function assertions.get_parameter(_, name) return state.get_parameter(name) end

function assertions.add_spy(_, spy) state.add_spy(spy) end

function assertions.snapshot() return state.snapshot() end

local Level = {}

-- level makes the value that luassert takes as the third argument of assert. It has
-- no effect here, because reports show the stack.
function assertions.level(_, level) return setmetatable({ level = level }, Level) end

function assertions.get_level(_, level)
	if type(level) == "table" and getmetatable(level) == Level then
		return level.level
	end
end

-- own_message returns the test's own message, as luassert writes it.
local function own_message(given)
	if given == nil or checking.says_itself(given) then
		return given ~= nil and tostring(given) or nil
	end
	return formatters.one(given)
end

local function joined(first, second) return first and second and first .. "\n" .. second or first or second end

-- fail raises the failure of an assertion, with luassert's text for code that
-- catches it, and with the text for the report.
local function fail(assertion, told, values)
	local own = told.failure_message
	local shown, diff = difference.describe(told, assertion, values)
	local key = told.mod and assertion.positive_message or assertion.negative_message
	local texts = formatters.all(values)
	local text = key and (say(key, texts) or difference.own(key, texts))
	local message = joined(own_message(own), text) or "assertion failed!"
	failure.raise(message, joined(difference.message(own), shown), diff, told.soft)
end

local user = 3 -- the level of the line that asserts, seen from check

-- check calls the assertion of a chain.
local function check(chain, told, ...)
	for _, modifier in ipairs(chain.modifiers) do
		modifier.callback(told)
	end
	local assertion = chain.last
	local values = arguments.of(...)
	local holds, results = assertion.callback(told, values, user)
	if (not holds) == told.mod then
		fail(assertion, told, values)
	end
	if results then
		return unpack(results, 1, results.n or #results)
	end
	return ...
end

-- inform calls the modifiers of a chain without an assertion.
local function inform(chain, told, ...)
	local values = arguments.of(...)
	for _, modifier in ipairs(chain.modifiers) do
		modifier.callback(told, values, user)
	end
end

local function pass(...) return ... end

local Chain = { __index = words.follow }

function Chain.__call(self, ...)
	local chain, told = words.parse("assertion", self[1]), words.state(self[2])
	if chain.last then
		return pass(check(chain, told, ...)) -- not a tail call, which would not count as a level
	end
	inform(chain, told, ...)
	return words.chain(Chain, "", told)
end

-- state starts a chain.
function assertions.state() return words.chain(Chain, "") end

local root = assertions.state()

-- Any other name is a word that starts a chain.
return setmetatable(assertions, {
	__index = root,
	__newindex = function(_, word, value) rawset(root, word, value) end,
})

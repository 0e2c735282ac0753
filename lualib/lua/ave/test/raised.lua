-- Assertions about the errors that a function raises.

local checking = require("ave.test.checking")
local compare = require("ave.test.compare")
local failure = require("ave.test.failure")
local lazy = require("ave.test.lazy")

local show = lazy("ave.test.show")

local raised = {}

-- attempt calls fn. It returns whether that failed, and the error without the
-- position that Lua puts in front of a message.
local function attempt(fn, ...)
	local ok, err = pcall(fn, ...)
	if not ok and type(err) == "string" then
		err = err:gsub("^.-:%d+: ", "", 1)
	end
	return not ok, err
end

-- leave puts the error and the expected error into the arguments, for the message.
-- wanted is the expected one as a report shows it.
local function leave(state, values, failed, err, expected, wanted)
	values.shown = { [1] = not failed and "no error" or type(err) == "table" and failure.text(err) or nil, [2] = wanted }
	values.nofmt = { not failed, expected == nil }
	if failed and type(err) == "string" and type(expected) == "string" and not wanted then
		state.compared = { expected = expected, actual = err }
	end
	values[1], values[2], values.n = err, expected, 2
	if not failed then
		values[1] = "(no error)"
	end
	if expected == nil then
		values[2] = "(error)"
	end
end

-- same_error compares as luassert does: a string with what tostring gives for an
-- object, a number with a numeric string.
local function same_error(expected, err)
	if type(expected) == "string" and checking.says_itself(err) then
		return expected == tostring(err)
	elseif type(expected) == "number" and type(err) == "string" then
		return expected == tonumber(err)
	end
	return (compare.same(expected, err))
end

function raised.error(state, values)
	local fn, expected = values[1], values[2]
	local results = { n = values.n, unpack(values, 1, values.n) }
	checking.type(checking.callable(fn), 1, "error", "function or callable object", type(fn))
	checking.message(state, values[3])
	local failed, err = attempt(fn)
	leave(state, values, failed, err, expected, expected == nil and "an error" or nil)
	if type(expected) == "string" and failed and checking.says_itself(err) then
		err = tostring(err)
	end
	results[1] = err
	return failed and (expected == nil or same_error(expected, err)), results
end

-- matchable returns an error as a string, if it can be one.
local function matchable(err)
	if checking.says_itself(err) or type(err) == "number" or type(err) == "boolean" then
		return tostring(err)
	end
end

function raised.error_matches(state, values)
	local fn, pattern = values[1], values[2]
	local results = { n = values.n, unpack(values, 1, values.n) }
	checking.count(values, 2, "error_matches")
	checking.type(checking.callable(fn), 1, "error_matches", "function or callable object", type(fn))
	checking.type(pattern == nil or type(pattern) == "string", 2, "error", "string", type(pattern))
	local init, plain = checking.options(state, values, "matches")
	local failed, err = attempt(fn)
	leave(state, values, failed, err, pattern, "an error that matches " .. show(pattern))
	if not failed then
		results[1] = err
		return false, results
	elseif err == nil and pattern == nil then
		return true, {}
	end
	local subject = matchable(err)
	results[1] = subject or err
	if not subject then
		return false, results
	end
	local holds, captures = checking.find(subject, pattern, init, plain)
	return holds, holds and captures or results
end

-- class_name returns the name of an error class.
local function class_name(class)
	return type(class) == "table" and rawget(class, "__name") or class
end

-- raises(type, fn, ...) holds if fn(...) raises an error of a class, which is given
-- as the class or its name. It returns the error.
function raised.raises(_, values)
	checking.count(values, 2, "raises")
	local class, fn = values[1], values[2]
	local name = class_name(class)
	if type(name) ~= "string" then
		failure.raise("raises: argument 'type': wanted an error class or its name, got " .. show(class))
	elseif not checking.callable(fn) then
		failure.raise("raises: argument 'fn': wanted a function, got " .. show(fn))
	end
	local failed, err = attempt(fn, unpack(values, 3, values.n))
	values[1] = not failed and "no error" or type(err) == "string" and show(err) or failure.text(err)
	values[2] = name
	values.n, values.nofmt = 2, { true, true }
	local is = failed and type(err) == "table" and err.is
	return (is and is(err, class)) or false, { err, n = 1 }
end

return raised

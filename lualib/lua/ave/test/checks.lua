-- The assertions: those of luassert, and some of our own. Each leaves the actual
-- value and the expected value in its arguments, in this order.

local assertions = require("ave.test.assertions")
local checking = require("ave.test.checking")
local lazy = require("ave.test.lazy")
local raised = require("ave.test.raised")
local words = require("ave.test.words")

local compare = lazy("ave.test.compare")
local show = lazy("ave.test.show")

local modifiers = {}

for _, word in ipairs({ "is", "are", "was", "has", "does" }) do
	modifiers[word] = words.no_change
end

local function negate(state) state.mod = not state.mod end

modifiers["not"], modifiers.no = negate, negate

function modifiers.message(state, values)
	if values then
		state.failure_message = values[1]
	end
end

-- After "soft", the test continues after a failure, and fails at its end.
function modifiers.soft(state) state.soft = true end

-- array(list) sets the list for holes, which follows.
function modifiers.array(state, values)
	if values then
		assert(values.n > 0, "No array provided to the array-modifier")
		assert(state.array == nil, "Array already set")
		state.array = values[1]
	end
end

local checks = {
	error = raised.error,
	error_matches = raised.error_matches,
	raises = raised.raises,
}

-- expect turns the arguments of an assertion about one value into those of a
-- comparison.
local function expect(state, values, expected)
	local actual, message = values[1], values[2]
	values[1], values[2], values.n = actual, expected, math.max(values.n, 1) + 1
	checking.message(state, message)
end

-- Truth and types

checks["true"] = function(state, values)
	expect(state, values, true)
	return values[1] == true
end

checks["false"] = function(state, values)
	expect(state, values, false)
	return values[1] == false
end

function checks.truthy(state, values)
	checking.count(values, 1, "truthy")
	checking.message(state, values[2])
	return values[1] ~= false and values[1] ~= nil
end

function checks.falsy(state, values)
	checking.count(values, 1, "falsy")
	checking.message(state, values[2])
	return not values[1]
end

local types = { "nil", "boolean", "number", "string", "table", "function", "userdata", "thread" }

for _, name in ipairs(types) do
	checks[name] = function(state, values)
		expect(state, values, "type " .. name)
		values.nofmt = { [2] = true }
		return type(values[1]) == name
	end
end

-- Comparison

-- swap puts the actual value before the expected one.
local function swap(state, values, holds, path)
	values[1], values[2] = values[2], values[1]
	if holds ~= state.mod then
		state.compared = { actual = values[1], expected = values[2], path = path }
	end
	checking.message(state, values[3])
end

function checks.equals(state, values)
	checking.count(values, 2, "equals")
	local holds = values[1] == values[2]
	swap(state, values, holds)
	return holds
end

local function reversed(list)
	local result = {}
	for i = #list, 1, -1 do
		result[#result + 1] = list[i]
	end
	return result
end

function checks.same(state, values)
	checking.count(values, 2, "same")
	local holds, path = compare.same(values[1], values[2])
	swap(state, values, holds, path)
	local hints = { crumbs = reversed(path) }
	values.fmtargs = { hints, hints }
	return holds
end

function checks.near(state, values)
	checking.count(values, 3, "near")
	local wanted = "number or object convertible to a number"
	local given = {}
	for i = 1, 3 do
		given[i] = tonumber(values[i])
		checking.type(given[i], i, "near", wanted, show(values[i]))
	end
	local expected, actual, tolerance = unpack(given)
	values[1], values[2], values[3] = values[2], values[1], tolerance
	values.nofmt = { [3] = true }
	checking.message(state, values[4])
	return actual >= expected - tolerance and actual <= expected + tolerance
end

-- is_unique tells whether no two values in a list are equal; with deep, whether no
-- two have the same contents.
function checking.is_unique(list, deep)
	for k, v in pairs(list) do
		for other, w in pairs(list) do
			if k ~= other and (v == w or (deep and compare.deep(v, w, true))) then
				return false
			end
		end
	end
	return true
end

-- unique(list, [deep,] [message [, deep]])
function checks.unique(state, values)
	local list, deep, message = values[1], values[2], values[3]
	if type(deep) ~= "boolean" and not (deep == nil and values.n > 2) then
		deep, message = message == true, deep
	end
	checking.message(state, message)
	return checking.is_unique(list, deep)
end

function checks.returned_arguments(_, values)
	local expected, actual = tostring(values[1]), tostring(values.n - 1)
	values[1], values[2], values.n = expected, actual, math.max(values.n, 2)
	values.nofmt = { true, true }
	return expected == actual
end

-- longest_index returns the largest integer key of a list.
local function longest_index(list)
	local length = 0
	for i in pairs(list) do
		if type(i) == "number" and i > length and i % 1 == 0 then
			length = i
		end
	end
	return length
end

-- holes([length]) returns the first index without a value.
function checks.holes(state, values)
	local list, length = state.array, values[1]
	assert(list ~= nil, "No array set, please use the array modifier to set the array to validate")
	length = length == nil and longest_index(list) or length
	assert(type(length) == "number", "expected array length to be of type 'number', got: " .. tostring(length))
	local missing
	for i = 1, length do
		if list[i] == nil then
			missing = i
			break
		end
	end
	values[1], values.n = missing, missing and 1 or 0
	return missing ~= nil, { missing, n = 1 }
end

-- Patterns

function checks.matches(state, values)
	checking.count(values, 2, "matches")
	local pattern, subject = values[1], checking.text(values[2])
	checking.type(type(pattern) == "string", 1, "matches", "string", type(pattern))
	checking.type(subject, 2, "matches", "string or object convertible to a string", show(values[2]))
	local init, plain = checking.options(state, values, "matches")
	values[1], values[2] = values[2], values[1]
	return checking.find(subject, pattern, init, plain)
end

function checks.restart_under_load(_, values)
	checking.count(values, 1, "restart_under_load")
	local results = { n = 2 }
	results[1], results[2] = require("ave.test.restart")(values[1])
	return true, results
end

function checks.matches_snapshot(state, values) return require("ave.test.kept").check(state, values) end

function checks.matches_screen(state, values) return require("ave.test.screens").check(state, values) end

for name, callback in pairs(modifiers) do
	words.register("modifier", name, { callback = callback, name = name })
end

-- register adds an assertion under its names. key is that of luassert's texts.
local function register(key, name, ...)
	local entry = {
		callback = checks[name],
		name = name,
		positive_message = "assertion." .. key .. ".positive",
		negative_message = "assertion." .. key .. ".negative",
	}
	words.register("assertion", name, entry)
	for i = 1, select("#", ...) do
		words.register("assertion", (select(i, ...)), entry)
	end
end

register("same", "same")
register("equals", "equals", "equal")
register("near", "near")
register("matches", "matches", "match")
register("unique", "unique")
register("returned_arguments", "returned_arguments")
register("error", "error", "errors")
register("error", "error_matches", "error_match", "matches_error", "match_error")
register("error", "raises")
register("array_holes", "holes")
register("restart_under_load", "restart_under_load")
register("truthy", "truthy")
register("falsy", "falsy")
register("snapshot", "matches_snapshot")
register("screen", "matches_screen")
register("same", "true")
register("same", "false")
for _, name in ipairs(types) do
	register("same", name)
end

return assertions

-- The assertions themselves: luassert's, and those that it lacks. Each leaves
-- what was passed in and what was expected in its arguments, in this order.

local assertions = require("ave.test.assertions")
local checking = require("ave.test.checking")
local compare = require("ave.test.compare")
local difference = require("ave.test.difference")
local raised = require("ave.test.raised")
local show = require("ave.test.show")
local words = require("ave.test.words")

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

-- After "soft" a failure is noted, and the test goes on.
function modifiers.soft(state) state.soft = true end

-- array(list) is for holes, which follows.
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

-- expect makes the arguments of a one-armed assertion those of a comparison.
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

-- swap leaves what was passed in before what was expected.
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

-- is_unique tells whether no two values in a list are equal or, with deep, the
-- same.
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

-- longest_index is the largest whole number among the keys of a list.
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
    assertions:register("modifier", name, callback)
end

-- register adds an assertion under its names, with luassert's texts, and those
-- that reports show instead.
local function register(name, text, positive, negative, ...)
    for _, alias in ipairs({ name, ... }) do
        assertions:register("assertion", alias, checks[name], text .. ".positive", text .. ".negative")
    end
    difference.template(checks[name], text .. ".positive", positive)
    difference.template(checks[name], text .. ".negative", negative)
end

local both = "expected: {2}\n  actual: {1}"
register("same", "assertion.same", both, "expected anything but {2}")
register("equals", "assertion.equals", both, "expected anything but {2}", "equal")
local near = "expected: {2}, give or take {3}\n  actual: {1}"
register("near", "assertion.near", near, "expected: not {2}, give or take {3}\n  actual: {1}")
local match = "expected: a match of {2}\n  actual: {1}"
register("matches", "assertion.matches", match, "expected: no match of {2}\n  actual: {1}", "match")
register("unique", "assertion.unique", "expected unique values in {1}", "expected values that are not unique in {1}")
local counted = "expected {1} values, got {2}"
register("returned_arguments", "assertion.returned_arguments", counted, "expected another number of values than {1}")
local no_error = "expected no such error\n  actual: {1}"
register("error", "assertion.error", both, no_error, "errors")
register("error_matches", "assertion.error", both, no_error, "error_match", "matches_error", "match_error")
register("raises", "assertion.error", both, no_error)
register("holes", "assertion.array_holes", "expected a list with holes", "expected no holes, there is one at {1}")
register("restart_under_load", "assertion.restart_under_load", "", "wanted a restart that clients notice")
register("truthy", "assertion.truthy", "expected a true value, got {1}", "expected nil or false, got {1}")
register("falsy", "assertion.falsy", "expected nil or false, got {1}", "expected a true value, got {1}")
register("matches_snapshot", "assertion.snapshot", "{1}", "expected another value than\n{1}")
assertions:register("assertion", "matches_screen", checks.matches_screen, "%s", "expected another screen than\n%s")
register("true", "assertion.same", "expected true, got {1}", "expected anything but true")
register("false", "assertion.same", "expected false, got {1}", "expected anything but false")
register("nil", "assertion.same", "expected nil, got {1}", "expected anything but nil")
for _, name in ipairs(types) do
    if name ~= "nil" then
        register(name, "assertion.same", "expected a " .. name .. ", got {1}", "expected no " .. name .. ", got {1}")
    end
end

return assertions

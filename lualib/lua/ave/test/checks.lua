-- The assertions themselves: luassert's, and raises.

local assertions = require("ave.test.assertions")
local compare = require("ave.test.compare")
local failure = require("ave.test.failure")
local messages = require("ave.test.messages")
local show = require("ave.test.show")

local function need(arguments, count, name)
    if arguments.n < count then
        failure.raise(string.format("%s: wanted %d or more arguments, got %d", name, count, arguments.n))
    end
end

local function need_type(ok, name, argument, wanted, got)
    if not ok then
        failure.raise(string.format("%s: argument '%s': wanted %s, got %s", name, argument, wanted, show(got)))
    end
end

local function callable(v)
    local meta = debug.getmetatable(v)
    return type(v) == "function" or (type(meta) == "table" and meta.__call ~= nil)
end

-- text is v as a string, if it is one or can say itself as one.
local function text(v)
    local meta = debug.getmetatable(v)
    if type(v) == "string" or type(v) == "number" or (type(meta) == "table" and meta.__tostring) then
        return tostring(v)
    end
end

local modifiers = {}

for _, word in ipairs({ "is", "are", "was", "has", "does" }) do
    modifiers[word] = function() end
end

local function negate(state) state.mod = not state.mod end

modifiers["not"], modifiers.no = negate, negate

function modifiers.message(state, arguments)
    if arguments then
        state.failure_message = arguments[1]
    end
end

local checks = {}

-- Truth and types

checks["true"] = function(state, arguments)
    state.failure_message = arguments[2] or state.failure_message
    return arguments[1] == true
end

checks["false"] = function(state, arguments)
    state.failure_message = arguments[2] or state.failure_message
    return arguments[1] == false
end

function checks.truthy(state, arguments)
    need(arguments, 1, "truthy")
    state.failure_message = arguments[2] or state.failure_message
    return not not arguments[1]
end

function checks.falsy(state, arguments)
    need(arguments, 1, "falsy")
    state.failure_message = arguments[2] or state.failure_message
    return not arguments[1]
end

for _, name in ipairs({ "nil", "boolean", "number", "string", "table", "function", "userdata", "thread" }) do
    checks[name] = function(state, arguments)
        state.failure_message = arguments[2] or state.failure_message
        return type(arguments[1]) == name
    end
end

-- Comparison

function checks.equals(state, arguments)
    need(arguments, 2, "equals")
    state.failure_message = arguments[3] or state.failure_message
    state.compared = arguments
    return arguments[1] == arguments[2]
end

function checks.same(state, arguments)
    need(arguments, 2, "same")
    state.failure_message = arguments[3] or state.failure_message
    state.compared = arguments
    return (compare(arguments[1], arguments[2]))
end

function checks.near(state, arguments)
    need(arguments, 3, "near")
    local expected, actual, tolerance = tonumber(arguments[1]), tonumber(arguments[2]), tonumber(arguments[3])
    need_type(expected, "near", "expected", "a number", arguments[1])
    need_type(actual, "near", "actual", "a number", arguments[2])
    need_type(tolerance, "near", "tolerance", "a number", arguments[3])
    state.failure_message = arguments[4] or state.failure_message
    arguments[1], arguments[2], arguments[3] = expected, tolerance, actual
    return actual >= expected - tolerance and actual <= expected + tolerance
end

-- unique(list, [deep,] [message [, deep]])
function checks.unique(state, arguments)
    local list, deep, message = arguments[1], arguments[2], arguments[3]
    need_type(type(list) == "table", "unique", "list", "a table", list)
    if type(deep) ~= "boolean" and not (deep == nil and arguments.n > 2) then
        deep, message = message == true, deep
    end
    state.failure_message = message or state.failure_message
    for k, v in pairs(list) do
        for other, w in pairs(list) do
            if k ~= other and (v == w or (deep and compare(v, w))) then
                return false
            end
        end
    end
    return true
end

function checks.returned_arguments(_, arguments)
    local expected, actual = arguments[1], arguments.n - 1
    arguments[1], arguments[2], arguments.n = expected, actual, 2
    return tostring(expected) == tostring(actual)
end

-- Patterns

-- options takes (init, plain, message) in luassert's lax order: the message is
-- the first argument from the third on that can be neither of the others.
local function options(state, arguments, name)
    local rest = { unpack(arguments, 3, arguments.n) }
    for i = 1, arguments.n - 2 do
        local v = rest[i]
        if v and type(v) ~= "boolean" and not tonumber(v) then
            state.failure_message = v
            table.remove(rest, i)
            break
        end
    end
    need_type(rest[1] == nil or tonumber(rest[1]), name, "init", "a number", rest[1])
    return rest[1], rest[2]
end

-- find looks for a pattern and returns whether it's there and the captures.
local function find(subject, pattern, init, plain)
    if plain then
        return subject:find(pattern, init, true) ~= nil, { pattern }
    end
    local captures = { subject:match(pattern, init) }
    return captures[1] ~= nil, captures
end

function checks.matches(state, arguments)
    need(arguments, 2, "matches")
    local pattern, subject = arguments[1], text(arguments[2])
    local init, plain = options(state, arguments, "matches")
    need_type(type(pattern) == "string", "matches", "pattern", "a string", pattern)
    need_type(subject, "matches", "actual", "a string, or what can be one", arguments[2])
    return find(subject, pattern, init, plain)
end

-- Errors

-- attempt calls fn. It returns whether that failed, and what was raised,
-- without the position that Lua puts in front of a message.
local function attempt(fn, ...)
    local ok, err = pcall(fn, ...)
    if not ok and type(err) == "string" then
        err = err:gsub("^.-:%d+: ", "", 1)
    end
    return not ok, err
end

-- show_attempt leaves what was expected and what was raised in the arguments,
-- for the message.
local function show_attempt(state, arguments, expected, raised, err)
    arguments[1] = state.mod and expected or "anything but " .. expected
    arguments[2] = "no error"
    if raised then
        arguments[2] = type(err) == "string" and show(err) or failure.text(err)
    end
    arguments.n, arguments.nofmt = 2, { true, true }
end

local function is_expected(expected, err)
    if type(expected) == "string" and text(err) then
        return expected == tostring(err)
    elseif type(expected) == "number" and type(err) == "string" then
        return expected == tonumber(err)
    end
    return (compare(expected, err))
end

function checks.error(state, arguments)
    local fn, expected = arguments[1], arguments[2]
    need_type(callable(fn), "error", "fn", "a function", fn)
    state.failure_message = arguments[3] or state.failure_message
    local raised, err = attempt(fn)
    show_attempt(state, arguments, expected == nil and "an error" or show(expected), raised, err)
    local holds = raised and (expected == nil or is_expected(expected, err))
    return holds, { err, n = 1 }
end

function checks.error_matches(state, arguments)
    need(arguments, 2, "error_matches")
    local fn, pattern = arguments[1], arguments[2]
    need_type(callable(fn), "error_matches", "fn", "a function", fn)
    need_type(pattern == nil or type(pattern) == "string", "error_matches", "pattern", "a string", pattern)
    local init, plain = options(state, arguments, "error_matches")
    local raised, err = attempt(fn)
    show_attempt(state, arguments, "an error that matches " .. show(pattern), raised, err)
    if not raised or pattern == nil then
        return raised and err == nil, {}
    end
    local subject = text(err) or (type(err) == "boolean" and tostring(err))
    if not subject then
        return false, { err, n = 1 }
    end
    return find(subject, pattern, init, plain)
end

-- class_name is how a type of errors is called: a class knows its name.
local function class_name(class)
    return type(class) == "table" and rawget(class, "__name") or class
end

-- raises(type, fn, ...) holds if fn(...) raises an error object of a type, given
-- as a class or its name. It returns the object.
function checks.raises(state, arguments)
    need(arguments, 2, "raises")
    local class, fn = arguments[1], arguments[2]
    local name = class_name(class)
    need_type(type(name) == "string", "raises", "type", "an exception's class or its name", class)
    need_type(callable(fn), "raises", "fn", "a function", fn)
    local raised, err = attempt(fn, unpack(arguments, 3, arguments.n))
    show_attempt(state, arguments, name, raised, err)
    local is = raised and type(err) == "table" and err.is
    return (is and is(err, class)) or false, { err, n = 1 }
end

function checks.restart_under_load(_, arguments)
    need(arguments, 1, "restart_under_load")
    local results = { n = 2 }
    results[1], results[2] = require("ave.test.restart")(arguments[1])
    return true, results
end

-- Each assertion with its names and the two messages.
local texts = {
    { "same", "expected: %s\n  actual: %s", "expected anything but %s" },
    { "equals", "expected: %s\n  actual: %s", "expected anything but %s", "equal" },
    { "near", "expected: %s, give or take %s\n  actual: %s", "expected: not %s, give or take %s\n  actual: %s" },
    { "matches", "expected: a match of %s\n  actual: %s", "expected: no match of %s\n  actual: %s", "match" },
    { "unique", "expected unique values in %s", "expected values that are not unique in %s" },
    { "returned_arguments", "expected %s values, got %s", "expected another number of values than %s" },
    { "error", "expected: %s\n  actual: %s", "expected: %s\n  actual: %s", "errors" },
    {
        "error_matches",
        "expected: %s\n  actual: %s",
        "expected: %s\n  actual: %s",
        "error_match",
        "matches_error",
        "match_error",
    },
    { "raises", "expected: %s\n  actual: %s", "expected: %s\n  actual: %s" },
    { "restart_under_load", "", "wanted a restart that clients notice" },
    { "true", "expected true, got %s", "expected anything but true" },
    { "false", "expected false, got %s", "expected anything but false" },
    { "truthy", "expected a true value, got %s", "expected nil or false, got %s" },
    { "falsy", "expected nil or false, got %s", "expected a true value, got %s" },
    { "nil", "expected nil, got %s", "expected anything but nil" },
    { "boolean", "expected a boolean, got %s", "expected no boolean, got %s" },
    { "number", "expected a number, got %s", "expected no number, got %s" },
    { "string", "expected a string, got %s", "expected no string, got %s" },
    { "table", "expected a table, got %s", "expected no table, got %s" },
    { "function", "expected a function, got %s", "expected no function, got %s" },
    { "userdata", "expected userdata, got %s", "expected no userdata, got %s" },
    { "thread", "expected a coroutine, got %s", "expected no coroutine, got %s" },
}

for name, callback in pairs(modifiers) do
    assertions:register("modifier", name, callback)
end

for _, entry in ipairs(texts) do
    local name = entry[1]
    local positive, negative = "assertion." .. name .. ".positive", "assertion." .. name .. ".negative"
    messages.set(positive, entry[2])
    messages.set(negative, entry[3])
    for i = 1, #entry do
        if i == 1 or i > 3 then
            assertions:register("assertion", i == 1 and name or entry[i], checks[name], positive, negative)
        end
    end
end

return assertions

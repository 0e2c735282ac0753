-- What a report says of an assertion that does not hold: both values if they are
-- short, and otherwise how they differ.

local checking = require("ave.test.checking")
local host = require("ave.test.host")
local say = require("say")
local shipped = require("luassert.languages.en")
local show = require("ave.test.show")
local state = require("ave.test.state")
local templates = require("ave.test.templates")

local difference = {}

local long = 60 -- bytes, from which on a value is not shown on one line

-- shown is a value as the formatters of the tests say it, or as text like Lua
-- source.
local function shown(value) return state.format_own(value) or show(value) end

local function has_lines(v) return type(v) == "string" and v:find("\n", 1, true) end

local function is_long(text) return #text > long or has_lines(text) end

-- visible has control characters spelled out, except those that end lines.
local function visible(text)
    return (text:gsub("[%z\1-\9\11-\31\127]", function(c)
        if c == "\t" then
            return c
        end
        return c == "\r" and "\\r" or string.format("\\%03d", c:byte())
    end))
end

-- blanks has blanks at the ends of lines and tabs made visible too, for texts
-- that differ in nothing else.
local function blanks(text)
    text = text .. "\n"
    text = text:gsub("( +)\n", function(spaces) return ("·"):rep(#spaces) .. "\n" end):gsub("\t", "→")
    return text:sub(1, -2)
end

local function squeezed(text) return (text:gsub("[ \t]+", "")) end

local function diff_lines(expected, actual)
    expected, actual = visible(expected), visible(actual)
    if squeezed(expected) == squeezed(actual) then
        expected, actual = blanks(expected), blanks(actual)
    end
    return host.diff(expected, actual)
end

-- around is the part of a long line that says what is at a position.
local function around(text, at)
    local first, last = math.max(1, at - long / 2), math.min(#text, at + long / 2)
    return (first > 1 and "…" or "") .. show(text:sub(first, last)) .. (last < #text and "…" or "")
end

-- diff_line compares two long texts of one line: from the first byte on that
-- differs.
local function diff_line(expected, actual)
    local at = 1
    while at <= #expected and expected:byte(at) == actual:byte(at) do
        at = at + 1
    end
    local text = "-" .. around(expected, at) .. "\n+" .. around(actual, at)
    return text, string.format(" at byte %d of %d and %d", at, #expected, #actual)
end

local function path_text(path)
    local text = ""
    for _, key in ipairs(path or {}) do
        text = text .. (type(key) == "string" and key:match("^[%a_][%w_]*$") and "." .. key or "[" .. show(key) .. "]")
    end
    return text
end

-- compare is the diff of two values and where it begins, or nothing if both are
-- short or of different types.
local function compare(expected, actual, path)
    if type(expected) ~= type(actual) or state.format_own(expected) or state.format_own(actual) then
        return nil
    elseif has_lines(expected) or has_lines(actual) then
        return diff_lines(expected, actual)
    elseif type(expected) == "string" and is_long(expected) and is_long(actual) then
        return diff_line(expected, actual)
    elseif is_long(show(expected)) or is_long(show(actual)) then
        local where = path_text(path)
        return host.diff(show(expected, true), show(actual, true)), where ~= "" and " at " .. where or nil
    end
end

-- argument is one of an assertion's arguments as a report says it.
local function argument(values, i)
    if values.shown and values.shown[i] then
        return values.shown[i]
    elseif values.nofmt and values.nofmt[i] then
        return tostring(values[i])
    end
    return shown(values[i])
end

local function fill(text, values)
    return (text:gsub("{(%d)}", function(digit) return argument(values, tonumber(digit)) end))
end

-- message is what a test has said of an assertion.
function difference.message(given)
    if given == nil or checking.says_itself(given) then
        return given ~= nil and tostring(given) or nil
    end
    return shown(given)
end

-- own fills the places of a message that is no key.
function difference.own(text, texts)
    local i = 0
    return (text:gsub("%%(.)", function(letter)
        if letter ~= "s" then
            return letter == "%" and "%" or nil
        end
        i = i + 1
        return i <= texts.n and texts[i] or "nil"
    end))
end

-- describe is what a report says of an assertion that failed, given what it has
-- left in its arguments, and the diff of what it has compared. A text that a test
-- has set itself goes before ours.
function difference.describe(told, assertion, values)
    local key = told.mod and assertion.positive_message or assertion.negative_message
    if told.mod and told.compared then
        local diff, where = compare(told.compared.expected, told.compared.actual, told.compared.path)
        if diff then
            return "expected (-) and actual (+) differ" .. (where or "") .. ":", diff
        end
    end
    local own = templates[assertion.name]
    if own and say(key) == shipped[key] then
        return fill(own[told.mod and 1 or 2], values)
    elseif key then
        local texts = { n = values.n }
        for i = 1, values.n do
            texts[i] = argument(values, i)
        end
        return say(key, texts) or difference.own(key, texts)
    end
end

return difference

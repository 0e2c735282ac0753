-- What a report says about an assertion that does not hold: short values are shown,
-- and of long ones only how they differ.

local checking = require("ave.test.checking")
local host = require("ave.test.host")
local say = require("say")
local shipped = require("luassert.languages.en")
local show = require("ave.test.show")
local state = require("ave.test.state")
local templates = require("ave.test.templates")

local difference = {}

local long = 60 -- bytes; longer values are not shown on one line

-- shown returns a value as the test's formatters show it, or as Lua source.
local function shown(value) return state.format_own(value) or show(value) end

local function has_lines(v) return type(v) == "string" and v:find("\n", 1, true) end

local function is_long(text) return #text > long or has_lines(text) end

-- spelled replaces control characters and bytes that are not UTF-8 by escapes,
-- except line ends and tabs.
local function spelled(text)
	return host.visible((text:gsub("[%z\1-\8\11-\31\127]", function(c)
		return c == "\r" and "\\r" or string.format("\\%03d", c:byte())
	end)))
end

-- visible escapes both texts. If that changes one of them, backslashes are doubled
-- in both, so that a byte looks different from the text of its escape.
local function visible(expected, actual)
	if spelled(expected) == expected and spelled(actual) == actual then
		return expected, actual
	end
	return spelled((expected:gsub("\\", "\\\\"))), spelled((actual:gsub("\\", "\\\\")))
end

-- blanks also makes trailing blanks and tabs visible, for texts that differ in
-- nothing else.
local function blanks(text)
	text = text .. "\n"
	text = text:gsub("( +)\n", function(spaces) return ("·"):rep(#spaces) .. "\n" end):gsub("\t", "→")
	return text:sub(1, -2)
end

local function squeezed(text) return (text:gsub("[ \t]+", "")) end

local function diff_lines(expected, actual)
	expected, actual = visible(expected, actual)
	if squeezed(expected) == squeezed(actual) then
		expected, actual = blanks(expected), blanks(actual)
	end
	return host.diff(expected, actual)
end

-- is_inside tells whether a byte is inside a character, not at its beginning.
local function is_inside(text, at)
	local byte = text:byte(at)
	return byte and byte >= 128 and byte < 192
end

-- around returns the part of a long line around a position.
local function around(text, at)
	local first, last = math.max(1, at - long / 2), math.min(#text, at + long / 2)
	for _ = 1, 3 do -- not in the middle of a character
		first = first > 1 and is_inside(text, first) and first - 1 or first
		last = is_inside(text, last + 1) and last + 1 or last
	end
	return (first > 1 and "…" or "") .. show(text:sub(first, last)) .. (last < #text and "…" or "")
end

-- diff_line compares two long texts without line ends, from the first byte that
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

-- compare returns the diff of two values and where it begins; nothing if both are
-- short or their types differ.
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

-- argument returns an argument of an assertion as a report shows it.
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

-- message is the test's own message of an assertion.
function difference.message(given)
	if given == nil or checking.says_itself(given) then
		return given ~= nil and tostring(given) or nil
	end
	return shown(given)
end

-- own fills the places of a message that is not a key.
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

-- describe returns the text of a failed assertion, from the arguments that it has
-- left, and the diff of the values that it compared. A text that a test has set has
-- priority over ours.
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

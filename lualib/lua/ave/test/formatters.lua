-- Values as luassert writes them into messages. Reports do not use this: they show
-- values as show.lua does.

local arguments = require("ave.test.arguments")
local state = require("ave.test.state")

local formatters = {}

-- number writes all digits.
local function number(n)
	if n ~= n then
		return "NaN"
	elseif n == math.huge or n == -math.huge then
		return n > 0 and "Inf" or "-Inf"
	end
	return string.format("%.20g", n)
end

local function plain(v) return type(v) == "number" and number(v) or tostring(v) end

local rank = { number = 1, boolean = 2, string = 3, table = 4, ["function"] = 5, userdata = 6, thread = 7 }

local function rank_of(key, length)
	if type(key) == "number" and key >= 1 and key <= length and key % 1 == 0 then
		return 0
	end
	return rank[type(key)]
end

local function sorted_keys(t)
	local keys, length = {}, #t
	for k in pairs(t) do
		keys[#keys + 1] = k
	end
	table.sort(keys, function(a, b)
		local ra, rb = rank_of(a, length), rank_of(b, length)
		if ra ~= rb then
			return ra < rb
		elseif type(a) == "string" or type(a) == "number" then
			return a < b
		end
		return type(a) == "boolean" and a and not b
	end)
	return keys
end

-- address returns a table's name in Lua, whatever its metatable says.
local function address(t)
	local meta = getmetatable(t)
	if meta ~= nil and not pcall(setmetatable, t, meta) then
		return "(table) "
	end
	setmetatable(t, nil)
	local text = "(" .. tostring(t) .. ") "
	setmetatable(t, meta)
	return text
end

-- mark is written before a key that leads to the difference.
local function mark(on_path) return on_path and state.get_parameter("TableErrorHighlightCharacter") or "" end

-- contents writes a table. crumbs are the keys that lead to the difference,
-- innermost first; they are followed as long as marked is true.
local function contents(t, depth, open, crumbs, marked)
	local deepest = state.get_parameter("TableFormatLevel")
	if state.get_parameter("TableFormatShowRecursion") and open[t] then
		return "{ ... recursive }"
	elseif next(t) == nil then
		return "{ }"
	elseif depth > deepest and deepest >= 0 then
		return "{ ... more }"
	end
	local before = open[t]
	open[t] = true
	local lines = { "{" }
	for _, key in ipairs(sorted_keys(t)) do
		local value = t[key]
		local on_path = marked and key == crumbs[#crumbs - depth + 1]
		local text = plain(value)
		if type(value) == "table" then
			text = contents(value, depth + 1, open, crumbs, on_path)
		elseif type(value) == "string" then
			text = "'" .. value .. "'"
		end
		local sign = mark(on_path)
		lines[#lines + 1] = string.rep(" ", depth * 2 - #sign) .. sign .. "[" .. plain(key) .. "] = " .. text
	end
	open[t] = before
	return table.concat(lines, "\n") .. " }"
end

local by_type = {}

function by_type.string(v) return "(string) '" .. v .. "'" end

function by_type.number(v) return "(number) " .. number(v) end

function by_type.boolean(v) return "(boolean) " .. tostring(v) end

by_type["nil"] = function() return "(nil)" end

function by_type.table(v, hints) return address(v) .. contents(v, 1, {}, hints and hints.crumbs or {}, true) end

by_type["function"] = function(v)
	local info = debug.getinfo(v)
	return string.format("%s @ line %s in %s", tostring(v), tostring(info.linedefined), tostring(info.source))
end

function by_type.userdata(v) return "(userdata) '" .. tostring(v) .. "'" end

function by_type.thread(v) return "(thread) '" .. tostring(v) .. "'" end

-- one returns a single value as the formatters show it.
function formatters.one(v, hints) return state.format_argument(v, nil, hints) or tostring(v) end

local function list(values)
	local texts = {}
	for i = 1, values.n do
		texts[i] = formatters.one(values[i])
	end
	return table.concat(texts, ", ")
end

-- all replaces the arguments of an assertion by their texts, except strings that
-- are texts already.
function formatters.all(values)
	local as_is, hints = values.nofmt or {}, values.fmtargs or {}
	for i = 1, values.n or #values do
		if not as_is[i] then
			values[i] = formatters.one(values[i], hints[i])
		end
	end
	return values
end

local function format_arguments(v)
	if arguments.is(v) then
		return "(values list) (" .. list(v) .. ")"
	end
end

-- Matcher is the metatable of matchers; matching.lua sets it.
local function format_matcher(v)
	if type(v) == "table" and getmetatable(v) == formatters.Matcher and v.arguments then
		return "(matcher) " .. (v.mod and "is." or "no.") .. tostring(v.name) .. "(" .. list(v.arguments) .. ")"
	end
end

state.add_default_formatter(format_arguments)
state.add_default_formatter(format_matcher)
state.add_default_formatter(function(v, hints) return by_type[type(v)](v, hints) end)

state.set_parameter("TableFormatLevel", 3)
state.set_parameter("TableFormatShowRecursion", false)
state.set_parameter("TableErrorHighlightCharacter", "*")
state.set_parameter("TableErrorHighlightColor", "none")

return formatters

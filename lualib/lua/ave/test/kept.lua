-- assert.matches_snapshot: a value is the same as when it was accepted. Values are
-- kept as text, beside the test.

local checking = require("ave.test.checking")
local lazy = require("ave.test.lazy")

local golden = lazy("ave.test.golden")
local show = lazy("ave.test.show")

local kept = {}

local test, count -- the running test, and how many values it has compared
local owners = {} -- for each generated file name, the test that it belongs to

function kept.begin(element)
	test, count = element, 0
end

local longest = 100 -- bytes of a file name

-- cut shortens a text, without splitting a character.
local function cut(text)
	if #text <= longest then
		return text
	end
	return (text:sub(1, longest):gsub("[\192-\255]?[\128-\191]*$", ""))
end

-- own_name makes a file name from the name of the test.
local function own_name()
	count = count + 1
	local full_name = table.concat(test.path, " ")
	local name = cut((full_name:gsub("[^%w\128-\255]+", "-"):gsub("^-", ""):gsub("-$", "")))
	name = name .. (count > 1 and "-" .. count or "")
	local owner = owners[name] or test
	if owner ~= test then
		local other = table.concat(owner.path, " ")
		error("matches_snapshot: '" .. other .. "' uses the name " .. name .. " too: give each value a name", 0)
	end
	owners[name] = test
	return name
end

-- check(value [, name])
function kept.check(state, values)
	checking.count(values, 1, "matches_snapshot")
	local value, name = values[1], values[2]
	checking.type(name == nil or type(name) == "string", 2, "matches_snapshot", "string", show(name))
	if not test then
		error("matches_snapshot can only be used inside a test", 0)
	end
	local is_text = type(value) == "string"
	local text = is_text and value or show(value, true)
	return golden(state, values, "snapshot", name or own_name(), text, is_text and show or tostring)
end

return kept

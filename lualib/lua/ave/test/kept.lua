-- assert.matches_snapshot: a value is what it was when it was accepted. Values
-- are kept as text, beside the test.

local checking = require("ave.test.checking")
local lazy = require("ave.test.lazy")

local golden = lazy("ave.test.golden")
local show = lazy("ave.test.show")

local kept = {}

local test, count -- the one that is running, and how many values it has compared
local owners = {} -- the tests that values without a name belong to, by file name

-- begin begins a test.
function kept.begin(element)
    test, count = element, 0
end

local longest = 100 -- bytes of a file name

-- cut is a text without what is too long, and without a part of a character.
local function cut(text)
    if #text <= longest then
        return text
    end
    return (text:sub(1, longest):gsub("[\192-\255]?[\128-\191]*$", ""))
end

-- own_name makes the name of a file of the test's name.
local function own_name()
    count = count + 1
    local full_name = table.concat(test.path, " ")
    local name = cut((full_name:gsub("[^%w\128-\255]+", "-"):gsub("^-", ""):gsub("-$", "")))
    name = name .. (count > 1 and "-" .. count or "")
    local owner = owners[name] or test
    if owner ~= test then
        local other = table.concat(owner.path, " ")
        error("matches_snapshot: '" .. other .. "' has a value " .. name .. ", too: give them names", 0)
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

-- assert.matches_snapshot: a value is what it was when it was accepted. Values
-- are kept as text, beside the test.

local checking = require("ave.test.checking")
local host = require("ave.test.host")
local lazy = require("ave.test.lazy")

local show = lazy("ave.test.show")

local kept = {}

local test, count -- the one that is running, and how many values it has compared
local owners = {} -- the tests that values without a name belong to, by file name

-- begin begins a test.
function kept.begin(element)
    test, count = element, 0
end

local longest = 100 -- bytes of a file name

-- own_name makes the name of a file of the test's name.
local function own_name()
    count = count + 1
    local full_name = table.concat(test.path, " ")
    local name = full_name:gsub("[^%w]+", "-"):gsub("^-", ""):gsub("-$", ""):sub(1, longest)
    name = name .. (count > 1 and "-" .. count or "")
    if owners[name] and owners[name] ~= full_name then
        error("matches_snapshot: '" .. owners[name] .. "' has a value " .. name .. ", too: give them names", 0)
    end
    owners[name] = full_name
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
    local text = type(value) == "string" and value or show(value, true)
    local problem, before = host.golden("snapshots", name or own_name(), text, state.mod)
    values[1], values.n, values.nofmt = problem or text, 1, { true }
    if before then
        local own = state.failure_message
        state.failure_message = own and tostring(own) .. "\n" .. problem or problem
        state.compared = { actual = text, expected = before }
        values[1] = "expected: " .. before .. "\n  actual: " .. text
    end
    return problem == nil
end

return kept

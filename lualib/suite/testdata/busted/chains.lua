-- Every assertion under every name, with every modifier, once with what makes it
-- hold and once with what does not. The names of the tests are the chains.
local f, co = function() end, coroutine.create(function() end)
local function fails() error("oops", 0) end

-- Each with its names, arguments that make it hold, and ones that do not.
local assertions = {
    { { "equal", "equals" }, { 1, 1 }, { 1, 2 } },
    { { "same" }, { { 1 }, { 1 } }, { { 1 }, { 2 } } },
    { { "near" }, { 1, 1.05, 0.1 }, { 1, 1.2, 0.1 } },
    { { "match", "matches" }, { "b", "abc" }, { "d", "abc" } },
    { { "unique" }, { { 1, 2 } }, { { 1, 1 } } },
    { { "error", "errors" }, { fails }, { f } },
    { { "error_match", "error_matches", "match_error", "matches_error" }, { fails, "oo" }, { fails, "x" } },
    { { "true", "True" }, { true }, { 1 } },
    { { "false", "False" }, { false }, { 1 } },
    { { "nil", "Nil" }, { nil, n = 1 }, { false } },
    { { "boolean" }, { false }, { 1 } },
    { { "number" }, { 1 }, { "1" } },
    { { "string" }, { "1" }, { 1 } },
    { { "table" }, { {} }, { 1 } },
    { { "function" }, { f }, { 1 } },
    { { "userdata" }, { io.stdout }, { 1 } },
    { { "thread" }, { co }, { 1 } },
    { { "truthy", "Truthy" }, { 1 }, { false } },
    { { "falsy", "FALSY" }, { false }, { 1 } },
    { { "returned_arguments" }, { 2, 1, nil, n = 3 }, { 2, 1 } },
}

local modifiers = {
    "", "is_", "are_", "was_", "has_", "does_", "Is_", "not_", "no_", "is_not_", "are_not_",
    "has_no_", "does_not_", "was_not_", "not_not_", "is_is_", "is_no_", "Not_",
}

local function walk(chain)
    local at = assert
    for word in chain:gmatch("[^%.]+") do
        at = at[word]
    end
    return at
end

for _, entry in ipairs(assertions) do
    local names, good, bad = entry[1], entry[2], entry[3]
    for _, name in ipairs(names) do
        for _, modifier in ipairs(modifiers) do
            for _, chain in ipairs({ modifier .. name, (modifier:gsub("_", ".")) .. name }) do
                it(chain .. " holds", function() walk(chain)(unpack(good, 1, good.n or #good)) end)
                it(chain .. " does not", function() walk(chain)(unpack(bad, 1, bad.n or #bad)) end)
            end
        end
    end
end

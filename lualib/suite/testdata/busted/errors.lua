-- What is raised by a failed assertion: an object that says where and what, and
-- what becomes of errors that assertions catch.
local function caught(fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok)
    return err
end

describe("a failure", function()
    it("is an object", function()
        local err = caught(function() assert.is_true(false) end)
        assert.is_table(err)
        assert.is_string(err.message)
        assert.equal(tostring(err), err.message)
    end)
    it("says where", function()
        local err = caught(function() assert.is_true(false) end)
        assert.matches("errors%.lua:17: Expected objects to be the same", tostring(err))
    end)
    it("says where in a helper", function()
        local function helper() assert.equal(1, 2) end
        assert.matches("errors%.lua:21: Expected objects to be equal", tostring(caught(helper)))
    end)
    it("can be raised again", function() error(caught(assert.is_true, false)) end)
    it("can be raised again as text", function() error(tostring(caught(assert.is_true, false))) end)
    it("comes through xpcall", function()
        local ok, err = xpcall(function() assert.is_true(false) end, function(e) return tostring(e) end)
        assert.is_false(ok)
        assert.matches("Expected objects to be the same", err)
    end)
    it("comes through error_matches", function()
        assert.error_matches(function() assert.equal(1, 2) end, "Passed in:\n%(number%) 2\nExpected:\n%(number%) 1")
    end)
    it("of plain assert is one, too", function()
        local ok, err = pcall(function() assert(false, "plain") end)
        assert.is_false(ok)
        assert.matches("plain", tostring(err))
    end)
end)

describe("messages", function()
    local function of(chain, ...) return (tostring(caught(assert[chain], ...)):gsub("^.-:%d+: ", "", 1)) end
    local cases = {
        { "equal", { 1, 2 }, "Expected objects to be equal.\nPassed in:\n(number) 2\nExpected:\n(number) 1" },
        { "not_equal", { 1, 1 }, "Expected objects to not be equal.\nPassed in:\n(number) 1\nDid not expect:\n(number) 1" },
        { "same", { "a", "b" }, "Expected objects to be the same.\nPassed in:\n(string) 'b'\nExpected:\n(string) 'a'" },
        { "is_true", { 1 }, "Expected objects to be the same.\nPassed in:\n(number) 1\nExpected:\n(boolean) true" },
        { "is_nil", { 1 }, "Expected objects to be the same.\nPassed in:\n(number) 1\nExpected:\ntype nil" },
        { "is_not_nil", { nil, n = 1 }, "Expected objects to not be the same.\nPassed in:\n(nil)\nDid not expect:\ntype nil" },
        { "is_string", { 1 }, "Expected objects to be the same.\nPassed in:\n(number) 1\nExpected:\ntype string" },
        { "truthy", { nil, n = 1 }, "Expected to be truthy, but value was:\n(nil)" },
        { "falsy", { 1 }, "Expected to be falsy, but value was:\n(number) 1" },
        { "near", { 1, 2, 0.5 }, "Expected values to be near.\nPassed in:\n(number) 2\nExpected:\n(number) 1 +/- 0.5" },
        { "matches", { "a", "b" }, "Expected strings to match.\nPassed in:\n(string) 'b'\nExpected:\n(string) 'a'" },
        { "has_error", { function() end }, "Expected a different error.\nCaught:\n(no error)\nExpected:\n(error)" },
        { "has_error", { function() error("x", 0) end, "y" },
            "Expected a different error.\nCaught:\n(string) 'x'\nExpected:\n(string) 'y'" },
        { "has_no_error", { function() error("x", 0) end }, "Expected no error, but caught:\n(string) 'x'" },
        { "returned_arguments", { 1, 2, 3 }, "Expected to be called with 1 argument(s), but was called with 2" },
        { "is_true", { false, "my words" }, "my words\nExpected objects to be the same.\nPassed in:\n(boolean) false\nExpected:\n(boolean) true" },
        { "equal", { 1 }, "the 'equals' function requires a minimum of 2 arguments, got: 1" },
        { "same", {}, "the 'same' function requires a minimum of 2 arguments, got: 0" },
        { "near", { 1, 2 }, "the 'near' function requires a minimum of 3 arguments, got: 2" },
        { "matches", { 1, "x" }, "bad argument #1 to 'matches' (string expected, got number)" },
        { "error", { 1 }, "bad argument #1 to 'error' (function or callable object expected, got number)" },
    }
    for i, case in ipairs(cases) do
        it(i .. " of " .. case[1], function()
            assert.equal(case[3], of(case[1], unpack(case[2], 1, case[2].n or #case[2])))
        end)
    end
    it("of a chain that there is not", function()
        assert.has_error(function() assert.is_sensible(1) end, "luassert: unknown modifier/assertion: 'is_sensible'")
    end)
    it("of objects", function()
        local words = setmetatable({}, { __tostring = function() return "object's words" end })
        assert.matches("^object's words\nExpected", of("equal", 1, 2, words))
        assert.matches("^%(table: 0x%x+%) { }\nExpected", of("equal", 1, 2, {}))
    end)
end)

describe("errors that are caught", function()
    local object = setmetatable({}, { __tostring = function() return "object" end })
    local cases = {
        ["a text"] = { "x", "x" }, ["another text"] = { "x", "y" }, ["a number as text"] = { "5", 5 },
        ["a number"] = { 5, 5 }, ["a table"] = { { 1 }, { 1 } }, ["another table"] = { { 1 }, { 2 } },
        ["an object as text"] = { object, "object" }, ["an object"] = { object, object }, ["nil"] = { nil, nil },
        ["false"] = { false, false }, ["a text for nil"] = { nil, "x" }, ["a boolean"] = { true, true },
    }
    for name, case in pairs(cases) do
        local function raise() error(case[1], 0) end
        it(name .. " is expected", function() assert.has_error(raise, case[2]) end)
        it(name .. " is not", function() assert.has_no_error(raise, case[2]) end)
        it(name .. " is any", function() assert.has_error(raise) end)
        it(name .. " is none", function() assert.has_no.errors(raise) end)
        it(name .. " is returned", function() assert.same(case[1], (assert.has_error(raise))) end)
        it(name .. " matches", function() assert.error_matches(raise, ".") end)
    end
    it("have no position", function()
        assert.has_error(function() error("at a line") end, "at a line")
        assert.has_error(function() local x = nil; return x.y end)
    end)
    it("are returned after it was found", function()
        assert.equal("key", (assert.error_matches(function() error("no key here") end, "no (%w+)")))
    end)
    it("are not what is no function", function() assert.has_error("text") end)
    it("are those of callable tables", function()
        assert.has_error(setmetatable({}, { __call = function() error("called", 0) end }), "called")
    end)
end)

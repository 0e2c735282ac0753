-- When hooks and tests run. Each block notes what happens; the last test of the
-- file looks at it.
local log = {}
local function note(what) return function() log[#log + 1] = what end end

describe("outer", function()
    note("outer body")()
    lazy_setup(note("outer lazy_setup"))
    setup(note("outer setup 1"))
    strict_setup(note("outer setup 2"))
    teardown(note("outer teardown 1"))
    teardown(note("outer teardown 2"))
    lazy_teardown(note("outer lazy_teardown"))
    before_each(note("outer before 1"))
    before_each(note("outer before 2"))
    after_each(note("outer after 1"))
    after_each(note("outer after 2"))

    it("first", note("first"))

    describe("without tests", function()
        note("empty body")()
        lazy_setup(note("empty lazy_setup"))
        setup(note("empty setup"))
        teardown(note("empty teardown"))
        lazy_teardown(note("empty lazy_teardown"))
    end)

    describe("with pending tests only", function()
        lazy_setup(note("pending lazy_setup"))
        setup(note("pending setup"))
        before_each(note("pending before"))
        after_each(note("pending after"))
        teardown(note("pending teardown"))
        lazy_teardown(note("pending lazy_teardown"))
        pending("later")
    end)

    describe("inner", function()
        note("inner body")()
        before_each(note("inner before"))
        after_each(note("inner after"))
        lazy_setup(note("inner lazy_setup"))
        lazy_teardown(note("inner lazy_teardown"))
        it("second", function()
            finally(note("finally"))
            note("second")()
        end)
        describe("deep", function()
            lazy_setup(note("deep lazy_setup"))
            it("third", note("third"))
            it("that fails", function()
                note("fails")()
                assert.is_true(false)
            end)
        end)
        it("that is pending inside", function()
            note("pending inside")()
            pending("later")
        end)
    end)

    it("after the blocks", note("last"))
end)

describe("what was noted", function()
    local expected = {
        "outer body", "outer setup 1", "outer setup 2", "outer lazy_setup",
        "outer before 1", "outer before 2", "first", "outer after 1", "outer after 2",
        "empty body", "empty setup", "empty teardown",
        "pending setup", "pending teardown",
        "inner body", "inner lazy_setup",
        "outer before 1", "outer before 2", "inner before", "second", "finally", "inner after", "outer after 1", "outer after 2",
        "deep lazy_setup",
        "outer before 1", "outer before 2", "inner before", "third", "inner after", "outer after 1", "outer after 2",
        "outer before 1", "outer before 2", "inner before", "fails", "inner after", "outer after 1", "outer after 2",
        "outer before 1", "outer before 2", "inner before", "pending inside", "inner after", "outer after 1", "outer after 2",
        "inner lazy_teardown",
        "outer before 1", "outer before 2", "last", "outer after 1", "outer after 2",
        "outer lazy_teardown", "outer teardown 1", "outer teardown 2",
    }
    for i, what in ipairs(expected) do
        it("has " .. i .. ": " .. what, function() assert.equal(what, log[i]) end)
    end
    it("has nothing else", function() assert.equal(#expected, #log) end)
end)

-- Blocks, their names, and the order in which things run.
local order = {}

local function note(what) order[#order + 1] = what end

local function noted()
    local text = table.concat(order, " ")
    order = {}
    return text
end

describe("outer", function()
    note("outer-body")
    setup(function() note("outer-setup") end)
    teardown(function() note("outer-teardown") end)
    lazy_setup(function() note("outer-lazy") end)
    lazy_teardown(function() note("outer-lazy-end") end)
    before_each(function() note("before1") end)
    before_each(function() note("before2") end)
    after_each(function() note("after1") end)
    after_each(function() note("after2") end)

    it("first", function()
        assert.equals("file-end outer-body outer-setup outer-lazy before1 before2", noted())
        finally(function() note("finally") end)
    end)

    context("inner", function()
        note("inner-body")
        strict_setup(function() note("inner-setup") end)
        strict_teardown(function() note("inner-teardown") end)
        before_each(function() note("inner-before") end)
        after_each(function() note("inner-after") end)

        spec("second", function()
            assert.equals("finally after1 after2 inner-body inner-setup before1 before2 inner-before", noted())
        end)

        pending("third", function() note("never") end)
    end)

    test("fourth", function()
        assert.equals("inner-after after1 after2 inner-teardown before1 before2", noted())
    end)
end)

describe("nothing to do", function()
    lazy_setup(function() note("never") end)
    lazy_teardown(function() note("never") end)
    setup(function() note("setup-of-empty") end)
end)

describe "curried" (function()
    it "works" (function()
        assert.equals("after1 after2 outer-lazy-end outer-teardown setup-of-empty", noted())
    end)
end)

it("at the top", function() end)

describe("words of collecting", function()
    it("are refused in a test: it", function() it("inside", function() end) end)
    it("are refused in a test: describe", function() describe("inside", function() end) end)
    it("are refused in a test: before_each", function() before_each(function() end) end)
end)

note("file-end")

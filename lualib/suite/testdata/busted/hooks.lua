-- Errors in hooks. Here we differ from busted, which does not report the tests
-- that a hook keeps from running: the verdicts that differ are listed in the
-- test.
local seen = {}

describe("setup breaks", function()
    setup(function() error("setup") end)
    teardown(function() seen.teardown = true end)
    it("one", function() seen.one = true end)
    it("two", function() seen.one = true end)
    describe("nested", function() it("three", function() seen.three = true end) end)
end)

describe("lazy setup breaks", function()
    lazy_setup(function() error("lazy setup") end)
    it("one", function() seen.one = true end)
    describe("nested", function()
        it("two", function() seen.one = true end)
    end)
end)

describe("before_each breaks", function()
    after_each(function() seen.outer = true end)
    describe("nested", function()
        before_each(function() error("before_each") end)
        after_each(function() seen.inner = true end)
        it("one", function() seen.one = true end)
        describe("deeper", function()
            after_each(function() seen.deeper = true end)
            it("two", function() seen.one = true end)
        end)
    end)
end)

describe("before_each fails", function()
    before_each(function() assert.is_true(false) end)
    it("one", function() seen.one = true end)
end)

describe("after_each breaks", function()
    after_each(function() error("after_each") end)
    it("one", function() end)
    it("two", function() assert.is_true(false) end)
end)

describe("teardown breaks", function()
    teardown(function() error("teardown") end)
    it("one", function() end)
end)

describe("the body breaks", function()
    it("one", function() end)
    error("body")
end)

it("what has run", function()
    assert.same({ teardown = true, outer = true, inner = true }, seen)
end)

-- Tests to choose from.
it("one #slow", function() end)
it("two #net", function() end)
it("three #slow #net", function() end)
it("four", function() assert.is_nil(of_helper) end)

describe("block #slow", function()
    it("one", function() end)
    describe("inner #net", function()
        it("one", function() end)
        it("two", function() assert.is_true(false) end)
    end)
end)

describe("breaks #slow", function()
    it("a test", function() end)
    pending("later #net")
end)

it("slow without a sign", function() end)

it("has what the helper brought", function() assert.is_helped() end)

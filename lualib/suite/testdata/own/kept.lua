-- Values that are kept beside the tests, in snapshots/kept.
describe("a value", function()
    it("has no name", function() assert.matches_snapshot({ ports = { 80, 443 } }) end)
    it("in 日本", function() assert.matches_snapshot("Tokyo") end)
    it("in 中国", function() assert.matches_snapshot("Beijing") end)
    it("is a number", function() assert.matches_snapshot(8, "seven") end)
    it("is a text", function() assert.matches_snapshot("changed", "text") end)
    it("is a table", function() assert.matches_snapshot({}, "list") end)
    it("has no file", function() assert.matches_snapshot(1, "none") end)
    it("is turned round", function() assert.does_not.matches_snapshot("the same", "same") end)
    it("has a bad name", function() assert.matches_snapshot(1, "../x") end)
    it("has no text as a name", function() assert.matches_snapshot(1, 2) end)

    local tries = 0
    it("is compared again", { retries = 1 }, function()
        tries = tries + 1
        assert.matches_snapshot("again")
        assert.equals(2, tries)
    end)
end)

-- Two tests of one name would have one file.
it("is there twice", function() assert.matches_snapshot("first") end)
it("is there twice", function() assert.matches_snapshot("second") end)

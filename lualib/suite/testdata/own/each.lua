-- Tests made of rows, and what is said of tests beside their names.
describe("sums", function()
    it.each({ { 1, 2, 3 }, { 2, 2, 5 }, { 1, nil, 1, n = 3 } })("%d and %d make %d", function(a, b, sum)
        assert.equals(sum, a + (b or 0))
    end)
    it.each({ { name = "one", n = 1 }, { name = "two", n = 2 } })("$name is small", function(row) assert.is_true(row.n < 2) end)
    it.each({ 1, "two", { x = 1 } })("has a row", { tags = { "rows" } }, function(v) assert.is_not_nil(v) end)
end)

describe.each({ { "tcp" }, { "unix" } })("over %s", function(kind)
    it("works", function() assert.equals("tcp", kind) end)
end)

it("is refused", function() it.each({}) end)
it.each({ 1 })("fails in its line", function() error("here") end)

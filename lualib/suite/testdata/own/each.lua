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

describe("names", function()
    local function shown() pending("in the report") end
    it.each({ { 5, "tcp", "up" } })("%+d and %-5s| and %5s| at 100%%", shown)
    it.each({ 7 })("100% sure of 50%%", shown)
    it.each({ { part = "50%d" } })("$part of it", shown)
    it.each({ 1, 2 })(5, shown)
end)

it.each({})("has no rows", function() end)
describe.each({})("has no rows either", function() error("never runs") end)
it("needs rows", function()
    assert.has_error(function() it.each({ a = { 1 } }) end, "it.each: wanted a list of rows, got a table without [1]")
    assert.has_error(function() it.each(5) end, "it.each: wanted a list of rows, got number")
    assert.has_error(function() test.shared(function() end) end, "shared: wanted a name, got function")
    assert.has_error(function() test.shared("x", {}) end, "shared: wanted a function, got table")
end)
it("is too late", function() it.each({ 1 })("x", function() end) end)

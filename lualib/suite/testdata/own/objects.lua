-- How values look that are compared.
local function list(n)
    local t = setmetatable({}, { __pairs = function() return pairs({ n = n }) end })
    return t
end

describe("a failure shows", function()
    it("nothing of what __pairs pretends", function()
        assert.same(list(1), list(1))
        assert.same(list(1), list(2))
    end)
    it("keys in order and cycles", function()
        local t = { 1, 2, z = 1, a = 2, [10] = 3, ["a b"] = 4, [true] = 5, ["end"] = 6 }
        t.me = t
        assert.same({ 1, 2, z = 2 }, t)
    end)
    it("control characters", function() assert.equals("a\0b\27[31m", "a\nb") end)
    it("its own control characters", function() error("\27[31mred\7") end)
    it("numbers exactly", function() assert.equals(0.1 + 0.2, 0.3) end)
    it("the two messages", function() assert.equals(1, 2, "the answer") end)
    it("a trace of calls", function()
        local function inner() error("deep") end
        local function outer() inner() return 1 end
        pcall(outer)
        outer()
        return 1
    end)
end)

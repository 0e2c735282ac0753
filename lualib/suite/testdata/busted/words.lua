-- Every word, in every form that it can be called in.
describe("named", function()
    it("it", function() end)
    spec("spec", function() end)
    test("test", function() end)
    context("context", function() it("inner", function() end) end)
    insulate("insulate", function() it("inner", function() end) end)
    expose("expose", function() it("inner", function() end) end)
    describe("", function() it("", function() end) end)
    describe("same name", function() it("first", function() end) end)
    describe("same name", function() it("second", function() assert.is_true(false) end) end)
end)

describe("in two calls")(function()
    it("it")(function() assert.is_true(false) end)
    spec("spec")(function() end)
    pending("pending")
    pending("with a body", function() error("not run") end)
end)

describe("a name that is a number", function()
    it(1, function() end)
    describe(2, function() it("inner", function() end) end)
end)

describe("words in a test", function()
    for _, word in ipairs({ "describe", "context", "insulate", "expose", "it", "spec", "test" }) do
        it(word .. " is refused", function() getfenv()[word]("x", function() end) end)
        it(word .. " says so", function()
            assert.error_matches(function() getfenv(1)[word]("x", function() end) end, "not supported inside current context block")
        end)
    end
    local hooks = {
        "setup", "teardown", "lazy_setup", "lazy_teardown", "strict_setup", "strict_teardown", "before_each", "after_each",
    }
    for _, word in ipairs(hooks) do
        it(word .. " is refused", function() getfenv()[word](function() end) end)
    end
    it("randomize is refused", function() randomize() end)
    it("pending is not", function() pending("later") end)
    it("finally is not", function() finally(function() end) end)
end)

describe("words in a hook", function()
    local problems = {}
    before_each(function()
        for _, word in ipairs({ "describe", "it", "setup", "before_each", "randomize" }) do
            problems[word] = not pcall(getfenv()[word], "x", function() end)
        end
    end)
    it("are refused", function()
        assert.same({ describe = true, it = true, setup = true, before_each = true, randomize = true }, problems)
    end)
end)

describe("a random order", function()
    randomize()
    local ran = 0
    for i = 1, 20 do
        it("has test " .. i, function() ran = ran + 1 end)
    end
    describe("of blocks, too", function()
        randomize(12345)
        it("one", function() end)
        it("two", function() assert.is_true(false) end)
    end)
    teardown(function() assert(ran == 20) end)
end)

describe("an order that is not random", function()
    randomize(false)
    local order = {}
    for i = 1, 20 do
        it("has test " .. i, function()
            order[#order + 1] = i
            assert.equal(i, #order)
        end)
    end
end)

describe("finally", function()
    local done = {}
    it("runs after a test", function()
        finally(function() done.passed = true end)
        assert.is_nil(done.passed)
    end)
    it("runs after a failure", function()
        finally(function() done.failed = true end)
        assert.is_true(false)
    end)
    it("runs after an error", function()
        finally(function() done.broken = true end)
        error("broken")
    end)
    it("runs after pending", function()
        finally(function() done.pending = true end)
        pending("not now")
    end)
    it("is the last one", function()
        finally(function() done.first = true end)
        finally(function() done.last = true end)
    end)
    it("is not one of another test", function() end)
    it("has run", function()
        assert.same({ passed = true, failed = true, broken = true, pending = true, last = true }, done)
    end)
end)

-- What can be required, what is global, and what is not any more.
local busted = require("busted")

describe("the module", function()
    for _, name in ipairs({
        "busted", "luassert", "luassert.assert", "luassert.spy", "luassert.stub", "luassert.mock", "luassert.match",
        "luassert.util", "luassert.state", "luassert.namespaces", "luassert.array", "luassert.formatters",
        "luassert.formatters.binarystring", "luassert.matchers", "luassert.assertions", "luassert.modifiers",
        "luassert.languages.en", "say", "busted.runner", "busted.fixtures",
    }) do
        it(name .. " is there", function() assert.truthy(require(name)) end)
    end
    it("luassert is assert", function()
        local assert2 = require("luassert")
        assert2.is_true(true)
        assert2.spy(spy.new()).was_not.called()
        assert2(true)
        assert.equal(1, (assert2(1, 2)))
    end)
    it("luassert fails, too", function() require("luassert").is_true(false) end)
    it("busted has the words", function()
        for _, word in ipairs({
            "describe", "context", "insulate", "expose", "it", "spec", "test", "pending", "setup", "teardown",
            "lazy_setup", "lazy_teardown", "strict_setup", "strict_teardown", "before_each", "after_each",
        }) do
            assert.is_function(busted[word])
        end
    end)
    it("busted has more", function()
        assert.is_string(busted.version)
        assert.is_number(busted.gettime())
        assert.is_number(busted.monotime())
        assert.is_function(busted.subscribe)
        assert.is_function(busted.publish)
        assert.truthy(busted.spy.new)
        assert.truthy(busted.match._)
    end)
    it("busted can fail", function() busted.fail("on purpose") end)
    it("busted can sleep", function() busted.sleep(0.001) end)
    it("busted cannot be changed", function() busted.mine = 1 end)
    it("busted.runner does nothing here", function() require("busted.runner")() end)
    it("busted.fixtures finds files", function()
        local fixtures = require("busted.fixtures")
        assert.matches("^/.*/modules.lua$", fixtures.path("modules.lua"))
        assert.matches("^%-%- What can be required", fixtures.read("modules.lua"))
        assert.has_error(function() fixtures.read(1) end)
        assert.has_error(function() fixtures.read("missing") end)
    end)
end)

busted.describe("a word of the module", function()
    busted.it("declares a test", function() assert.is_true(false) end)
end)

describe("modules in an insulated block", function()
    local inside
    insulate("inside", function()
        setup(function() inside = require("luassert.spy").new() end)
        it("are there", function() assert.spy(inside).was_not.called() end)
    end)
    it("are the same outside", function()
        assert.is_true(spy.is_spy(inside))
        assert.is_true(require("luassert.spy").is_spy(inside))
    end)
end)

describe("what busted 2 has no more", function()
    for _, name in ipairs({ "async", "done", "settimeout", "setloop", "guard", "file" }) do
        it(name .. " is nil", function() assert.is_nil(getfenv()[name]) end)
    end
    it("a test that calls it breaks", function() async() end)
end)

describe("a coroutine", function()
    it("can assert", function()
        local co = coroutine.wrap(function()
            coroutine.yield(assert.equal(1, 1))
            assert.equal(1, 2)
        end)
        assert.equal(1, (co()))
        co()
    end)
    it("can be left", function()
        local co = coroutine.create(function() coroutine.yield() end)
        coroutine.resume(co)
    end)
end)

describe("subscribers", function()
    local seen = {}
    local id = busted.subscribe({ "test", "start" }, function(element, parent)
        seen[#seen + 1] = "start " .. element.name .. " in " .. parent.name
        return nil, true
    end)
    local all = busted.subscribe({ "test" }, function(element) seen[#seen + 1] = "test " .. element.name end)
    local last = busted.subscribe({ "test", "end" }, function(element, _, status)
        seen[#seen + 1] = "end " .. element.name .. " " .. tostring(status)
    end)
    it("one", function() end)
    it("two", function() assert.is_true(false) end)
    it("are told", function()
        busted.unsubscribe(id.id, { "test", "start" })
        for _, text in ipairs({
            "start one in subscribers", "end one success", "start two in subscribers", "end two failure",
            "start are told in subscribers",
        }) do
            local found = false
            for _, line in ipairs(seen) do
                found = found or line == text
            end
            assert(found, text)
        end
    end)
    it("are told no more", function() assert.not_equal("start are told no more in subscribers", seen[#seen]) end)
end)

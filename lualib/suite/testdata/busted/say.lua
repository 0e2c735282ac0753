-- The texts of assertions can be read and changed before any has failed.
local say = require("say")

local before = say("assertion.same.positive")
say:set("assertion.equals.positive", "MINE %s %s")

local function text_of(assertion, ...)
    local _, err = pcall(assertion, ...)
    return type(err) == "table" and tostring(err.message or err) or tostring(err)
end

describe("say", function()
    it("has the texts", function() assert.equals(1, (before:find("Expected objects to be the same.", 1, true))) end)

    it("keeps what was set", function() assert.truthy(text_of(assert.equals, 1, 2):find("MINE", 1, true)) end)

    it("is what a report shows", function() assert.equals(1, 2) end)

    describe("in another language", function()
        setup(function() say:set_namespace("xx") end)
        teardown(function() say:set_namespace("en") end)

        it("stays in it", function()
            pcall(assert.falsy, 1)
            say:set("assertion.truthy.positive", "XX %s")
            assert.equals("XX %s", say("assertion.truthy.positive"))
            assert.is_nil(say._registry.en["assertion.truthy.positive"]:find("XX", 1, true))
        end)

        it("is what a report shows", function() assert.truthy(nil) end)

        it("falls back to English", function() assert.truthy(text_of(assert.falsy, 1):find("Expected to be falsy", 1, true)) end)
    end)

    it("is back in English", function() assert.truthy(text_of(assert.truthy, nil):find("Expected to be truthy", 1, true)) end)
end)

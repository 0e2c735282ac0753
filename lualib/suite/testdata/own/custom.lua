-- Assertions that a suite registers itself, with the texts of their messages.
assert:register("assertion", "even", function(_, arguments)
    return arguments[1] % 2 == 0
end, "expected %s to be even (100%% sure)", "expected %s to be odd")

describe("a custom assertion", function()
    it("says what it was told", function() assert.is_even(3) end)
    it("says it negated", function() assert.is_not_even(2) end)
    it("takes a message", function() assert.message("the count").is_even(5) end)
    it("can be taken back", function()
        assert:unregister("assertion", "even")
        assert.is_even(2)
    end)
end)

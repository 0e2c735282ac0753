-- Tests that are expected to fail, that are tried again, that are quarantined.
xfail("fails as expected", function() assert.is_true(false) end)
xfail("passes, which is not", function() end)
it("has a reason", { xfail = "issue 12" }, function() end)
it("learns of it late", function()
    xfail("no network here")
    error("no network")
end)

describe("a block of them", { xfail = true }, function()
    it("fails", function() assert.is_true(false) end)
    it("is fine", { xfail = false }, function() end)
    it("is pending", function() pending("later") end)
end)

describe("a hook is not expected", function()
    before_each(function() error("hook") end)
    xfail("to fail", function() end)
end)

local tries = 0
describe("tried again", { retries = 2 }, function()
    local before = 0
    before_each(function() before = before + 1 end)
    it("until it passes", function()
        tries = tries + 1
        assert.equals(3, tries)
    end)
    it("with its hooks", function() assert.equals(4, before) end)
    it("in vain", function() assert.is_true(false) end)
    it("never", { retries = 0 }, function() assert.is_true(false) end)
end)

it("does not spoil the run", { quarantine = true }, function() assert.is_true(false) end)

it("has a wrong option", function()
    assert.has_error(function() it("x", { retry = 1 }, function() end) end)
end)

-- Options with values that they cannot have.
local function refused(name, declare) describe(name, declare) end

refused("half a retry", function()
    it("x", { retries = 0.5 }, error)
end)
refused("less than none", function()
    it("x", { retries = -1 }, error)
end)
refused("no end of retries", function()
    describe("x", { retries = math.huge }, error)
end)
refused("no text for a number", function()
    it.each({ { 1 } })("x", { retries = "2" }, error)
end)
refused("no time", function()
    it("x", { timeout = -1 }, error)
end)
refused("no number", function()
    it("x", { timeout = 0 / 0 }, error)
end)
refused("tags are words", function()
    it("x", { tags = { "slow", "two words" } }, error)
end)
refused("tags are a list", function()
    xfail("x", { tags = { slow = true } }, error)
end)
refused("options are a table", function()
    it("x", 5, error)
end)

it("takes all that are right", {
    retries = 0,
    timeout = 0.5,
    tags = { "slow", "needs-net" },
    xfail = false,
    quarantine = "why",
    exclusive = "rack",
}, function() end)

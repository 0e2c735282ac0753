describe("broker", function()
    local server

    before_each(function() server = start() end)

    it("leases a handset", function()
        local lease = server:lease{ type = "handset" }
        assert.same({ type = "handset", state = "leased" }, lease)
    end)
end)

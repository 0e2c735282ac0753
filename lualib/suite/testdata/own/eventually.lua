describe("eventually", function()
    it("waits until it is true", function()
        local n = 0
        local got, more = eventually(function()
            n = n + 1
            return n >= 3 and n, "more"
        end, { timeout = 10, interval = 0.001 })
        assert.equals(3, got)
        assert.equals("more", more)
    end)
    it("takes a list of assertions", function()
        local n = 0
        eventually(function()
            n = n + 1
            assert.equals(3, n)
        end, { interval = 0 })
    end)
    it("says what the last value was", function()
        eventually(function() return false end, { timeout = 0.02, interval = 0.005 })
    end)
    it("says what the last error was", function()
        eventually(function() assert.equals(1, 2) end, { timeout = 0 })
    end)
    it("knows its options", function()
        eventually(function() return true end, { tiemout = 1 })
    end)
end)

-- What could not be made is not tried again, without workers either.
local calls = 0

local function make()
    calls = calls + 1
    error("out of stock")
end

it("makes it", function() test.shared("rack", make) end)
it("wants it, too", function() test.shared("rack", make) end)
it("has called once", function() assert.equals(1, calls) end)
it("shares", function()
    test.shared("port", function() return 22 end)
    assert.equals(22, test.shared("port", error))
end)
it("takes a name that is also shared", { exclusive = "rack" }, function() end)

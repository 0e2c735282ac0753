-- Tests that clear package.loaded meet the same modules afterwards: a failure is
-- still a failure, and a spy a spy.

local spy = spy.new(function() end)

before_each(function()
    for name in pairs(package.loaded) do
        package.loaded[name] = nil
    end
end)

it("knows a failure", function() assert.equals(1, 2) end)

it("knows a spy", function()
    spy(1)
    assert.spy(spy).was.called(1)
    assert.is_true(require("luassert.spy").is_spy(spy))
end)

insulate("in an insulated block", function()
    it("adds an assertion", function()
        local function is_odd(_, values) return values[1] % 2 == 1 end
        require("luassert"):register("assertion", "odd", is_odd)
        assert.odd(3)
    end)
end)

it("keeps the assertion", function() assert.is_not.odd(2) end)

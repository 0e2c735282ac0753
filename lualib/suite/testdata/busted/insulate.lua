-- What blocks leave behind in the global variables and the loaded modules.
package.preload.insulated = function() return {} end

insulate("insulated", function()
    _G.leak = 1
    require("insulated")
    it("sees what it has done", function()
        assert.equals(1, _G.leak)
        _G.print = nil
    end)
end)

describe("after insulate", function()
    it("is as before", function()
        assert.is_nil(rawget(_G, "leak"))
        assert.is_function(print)
        assert.is_nil(package.loaded.insulated)
    end)
end)

describe("a plain block", function()
    it("leaks", function() _G.leak = 2 end)
end)

it("the leak is here", function()
    assert.equals(2, _G.leak)
end)

insulate("around", function()
    expose("exposed", function()
        _G.shown = true
        it("runs", function() end)
    end)
    it("sees it", function() assert.is_true(_G.shown) end)
end)

it("exposed stays", function() assert.is_true(_G.shown) end)

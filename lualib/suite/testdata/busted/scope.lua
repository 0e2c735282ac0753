-- Whose global variables are whose.
at_file = "file"

describe("what a test sets", function()
    it("is there in the test", function()
        mine = 1
        assert.equal(1, mine)
    end)
    it("is gone in the next", function() assert.is_nil(mine) end)
    it("does not change what is around", function()
        at_file = "test"
        assert.equal("test", at_file)
    end)
    it("has not changed it", function() assert.equal("file", at_file) end)
    it("is not in _G", function()
        mine = 1
        assert.is_nil(rawget(_G, "mine"))
        assert.is_nil(_G.mine)
    end)
    it("stays if it is in _G", function() _G.everywhere = 1 end)
    it("has stayed", function() assert.equal(1, everywhere) end)
end)

describe("what a block sets", function()
    in_block = "block"
    it("is there in its tests", function() assert.equal("block", in_block) end)
    describe("and in the blocks in it", function()
        it("too", function() assert.equal("block", in_block) end)
        in_block = "inner"
        it("and can be hidden", function() assert.equal("inner", in_block) end)
    end)
    it("and shows again", function() assert.equal("block", in_block) end)
end)

describe("after a block", function()
    it("it is gone", function() assert.is_nil(in_block) end)
end)

describe("what a hook sets", function()
    setup(function() from_setup = 1 end)
    before_each(function() from_before = (from_before or 0) + 1 end)
    it("is there in the tests", function()
        assert.equal(1, from_setup)
        assert.equal(1, from_before)
    end)
    it("and in the next", function() assert.equal(2, from_before) end)
    describe("and in the blocks in it", function()
        before_each(function() from_inner = from_before end)
        it("too", function()
            assert.equal(3, from_before)
            assert.equal(3, from_inner)
        end)
    end)
    it("but not the other way", function() assert.is_nil(from_inner) end)
    after_each(function() from_after = from_before end)
end)

describe("after the hooks", function()
    it("it is gone", function()
        assert.is_nil(from_setup)
        assert.is_nil(from_before)
        assert.is_nil(from_after)
    end)
end)

describe("an exposed block", function()
    expose("inside", function()
        exposed = 1
        it("has it", function() assert.equal(1, exposed) end)
    end)
    it("shows to its neighbours", function() assert.equal(1, exposed) end)
end)

describe("beside that", function()
    it("it shows, too", function() assert.equal(1, exposed) end)
end)

describe("an insulated block", function()
    insulate("inside", function()
        setup(function()
            _G.insulated = 1
            package.loaded.insulated = {}
        end)
        it("has it", function() assert.equal(1, insulated) end)
    end)
    it("takes back what was in _G", function() assert.is_nil(insulated) end)
    it("takes back what was loaded", function() assert.is_nil(package.loaded.insulated) end)
end)

describe("a function of the file", function()
    function helper() return at_file end
    it("can be called", function() assert.equal("file", helper()) end)
    it("sees what the test sets", function()
        at_file = "test"
        assert.equal("test", helper())
    end)
    it("and is a global of the block", function() assert.is_nil(rawget(_G, "helper")) end)
end)

describe("loaded code", function()
    it("has the real globals", function()
        mine = 1
        assert.is_nil(loadstring("return mine")())
    end)
    it("sets the real globals", function()
        loadstring("from_loaded = 1")()
        assert.equal(1, _G.from_loaded)
    end)
end)

describe("an environment", function()
    it("can be set", function()
        local fn = setfenv(function() return x end, { x = 1 })
        assert.equal(1, fn())
    end)
end)

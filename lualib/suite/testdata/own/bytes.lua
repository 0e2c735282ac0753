-- Values that differ look different, whatever their bytes are.

describe("a byte that is not UTF-8", function()
    it("is not another one", function() assert.equals("a\128", "a\129") end)
    it("is not the text that stands for it", function() assert.equals("a\\128", "a\128") end)
    it("is not U+FFFD", function() assert.equals("\239\191\189", "\255") end)
    it("is not in a character", function() assert.equals("ä", "\195") end)
    it("is not the text, on several lines", function() assert.equals("one\n\\128", "one\n\128") end)
    it("is not another one, in a long line", function()
        assert.equals(("ä"):rep(40) .. "\128" .. ("ö"):rep(40), ("ä"):rep(40) .. "\129" .. ("ö"):rep(40))
    end)
    it("is not another one, in a table", function() assert.same({ ["\128"] = { "\128" } }, { ["\129"] = { "\129" } }) end)
    it("is raised", function() error("a\128 and a\\x80", 0) end)
    it("is a name \128", function() error("it is", 0) end)
    it("is a name \129", function() error("it is", 0) end)
end)

it("has an end", function() error("begin " .. ("x"):rep(300000) .. " end", 0) end)

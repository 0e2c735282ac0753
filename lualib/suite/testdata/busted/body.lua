-- A file that breaks while it is loaded.
describe("never", function()
    it("runs", function() end)
end)
error("the file breaks")

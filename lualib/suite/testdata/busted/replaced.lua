-- Modules such as compat53 replace the global assert. Tests keep luassert's.
describe("assert", function()
	it("is replaced", function()
		loadstring([[
			local before = assert
			assert = function(...)
				return before(...)
			end
		]])()
		assert(true)
		assert.same({ 1 }, { 1 })
		assert.is_not.equal(1, 2)
	end)

	it("is replaced, and fails", function()
		assert.same({ 1 }, { 2 })
	end)
end)

-- A helper takes finally to clean up, wherever it is called. Under busted it is nil in a hook.
describe("finally in a hook", function()
	local ended = {}

	before_each(function()
		if finally then
			finally(function()
				ended[#ended + 1] = "hook's"
			end)
		end
	end)

	it("may be replaced by the test's", function()
		finally(function()
			ended[#ended + 1] = "test's"
		end)
	end)

	it("is not called, then", function()
		assert.equals("test's", ended[1])
	end)

	it("is called otherwise", function()
		assert.equals(finally and ended[2] and "hook's", ended[2])
	end)
end)

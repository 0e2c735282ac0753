-- What only failures need is not loaded as long as all is well.
it("loads no texts", function()
    assert.equals(1, 1)
    assert.same({ a = 1 }, { a = 1 })
    assert.matches("a", "abc")
    assert.is_nil(package.loaded["luassert.languages.en"])
    assert.is_nil(package.loaded.say)
end)

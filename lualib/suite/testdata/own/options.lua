-- An option that there is not.
it("x", { retry = 1 }, function() end)

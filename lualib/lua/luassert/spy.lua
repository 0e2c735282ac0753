require("luassert")

return require("ave.test.spies")

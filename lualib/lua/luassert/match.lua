require("luassert")

return require("ave.test.matching")

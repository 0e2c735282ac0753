require("luassert")

return require("ave.test.stubs")

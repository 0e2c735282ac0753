require("luassert")

return require("ave.test.mocks")

require("luassert")

return require("ave.test.state")

return require("luassert")

return require("ave.test.fixtures")

return require("ave.test.busted")

return require("ave.test.words").registered

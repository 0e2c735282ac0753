local words = require("ave.test.words")

words.complete()

return words.registered

-- All that follows "assert.".

local assertions = require("ave.test.checks")
require("ave.test.spychecks")
require("ave.test.matchers")

return assertions

-- For suites that require luassert: the assert that scripts have anyway.

require("ave.test.checks")

return assert

-- luassert for suites that require it: the assert that scripts have anyway.

require("ave.test.checks")

return assert

-- What runs before the test files, and around their tests.
local calls = 0

before_each = before_each or require("busted").before_each
before_each(function() calls = calls + 1 end)

of_helper = true

require("luassert"):register("assertion", "helped", function() return calls > 0 end)

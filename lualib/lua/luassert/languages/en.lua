-- luassert's texts of failed assertions, by their keys in say, for suites that
-- check them.

local texts = {}

local function set(name, positive, negative)
	texts["assertion." .. name .. ".positive"] = positive
	texts["assertion." .. name .. ".negative"] = negative
end

-- For each assertion, the beginning of both texts and what follows.
local compared = {
	same = { "Expected objects to be the same.", "Expected objects to not be the same." },
	equals = { "Expected objects to be equal.", "Expected objects to not be equal." },
	near = { "Expected values to be near.", "Expected values to not be near.", " +/- %s" },
	matches = { "Expected strings to match.", "Expected strings not to match." },
}

for name, text in pairs(compared) do
	local more = text[3] or ""
	set(
		name,
		text[1] .. "\nPassed in:\n%s\nExpected:\n%s" .. more,
		text[2] .. "\nPassed in:\n%s\nDid not expect:\n%s" .. more
	)
end

set("unique", "Expected object to be unique:\n%s", "Expected object to not be unique:\n%s")
set("error", "Expected a different error.\nCaught:\n%s\nExpected:\n%s", "Expected no error, but caught:\n%s")
set("truthy", "Expected to be truthy, but value was:\n%s", "Expected to not be truthy, but value was:\n%s")
set("falsy", "Expected to be falsy, but value was:\n%s", "Expected to not be falsy, but value was:\n%s")
set(
	"called",
	"Expected to be called %s time(s), but was called %s time(s)",
	"Expected not to be called exactly %s time(s), but it was."
)
set(
	"called_with",
	"Function was never called with matching arguments.\nCalled with (last call if any):\n%s\nExpected:\n%s",
	"Function was called with matching arguments at least once.\nCalled with (last matching call):\n%s\nDid not expect:\n%s"
)
set(
	"returned_with",
	"Function never returned matching arguments.\nReturned (last call if any):\n%s\nExpected:\n%s",
	"Function returned matching arguments at least once.\nReturned (last matching call):\n%s\nDid not expect:\n%s"
)
set(
	"returned_arguments",
	"Expected to be called with %s argument(s), but was called with %s",
	"Expected not to be called with %s argument(s), but was called with %s"
)
set(
	"array_holes",
	"Expected array to have holes, but none was found.",
	"Expected array to not have holes, hole found at position: %s"
)

set("restart_under_load", "", "wanted a restart that clients notice")
set("screen", "%s", "expected another screen than\n%s")
set("snapshot", "%s", "expected another value than\n%s")

-- The negation of each of these is another one.
for _, how in ipairs({ "at least", "at most", "more than", "less than" }) do
	local key = "assertion.called_" .. how:gsub(" ", "_") .. ".positive"
	texts[key] = "Expected to be called " .. how .. " %s time(s), but was called %s time(s)"
end

texts["assertion.internal.argtolittle"] = "the '%s' function requires a minimum of %s arguments, got: %s"
texts["assertion.internal.badargtype"] = "bad argument #%s to '%s' (%s expected, got %s)"

return texts

-- The texts of reports for assertions that do not hold, in place of luassert's: by
-- the name of the assertion, first the normal text, then that of the negation. {1}
-- is the first argument that the assertion leaves.

local both = "expected: {2}\n  actual: {1}"
local no_error = "expected no such error\n  actual: {1}"

local templates = {
	same = { both, "expected anything but {2}" },
	equals = { both, "expected anything but {2}" },
	near = { "expected: {2}, give or take {3}\n  actual: {1}", "expected: not {2}, give or take {3}\n  actual: {1}" },
	matches = { "expected: a match of {2}\n  actual: {1}", "expected: no match of {2}\n  actual: {1}" },
	unique = { "expected unique values in {1}", "expected values that are not unique in {1}" },
	returned_arguments = { "expected {1} values, got {2}", "expected a number of values other than {1}" },
	error = { both, no_error },
	error_matches = { both, no_error },
	raises = { both, no_error },
	holes = { "expected a list with holes", "expected no holes, there is one at {1}" },
	truthy = { "expected a true value, got {1}", "expected nil or false, got {1}" },
	falsy = { "expected nil or false, got {1}", "expected a true value, got {1}" },
	["true"] = { "expected true, got {1}", "expected anything but true" },
	["false"] = { "expected false, got {1}", "expected anything but false" },
	["nil"] = { "expected nil, got {1}", "expected anything but nil" },
	called = { "expected {1} calls, got {2}", "expected a number of calls other than {1}" },
	called_with = { "expected a call with {2}\n   last call: {1}", "expected no call with {2}\n    there was: {1}" },
	returned_with = {
		"expected result: {2}\n    last result: {1}",
		"unexpected result: {2}\n result of a call: {1}",
	},
}

for _, name in ipairs({ "boolean", "number", "string", "table", "function", "userdata", "thread" }) do
	templates[name] = { "expected a " .. name .. ", got {1}", "expected no " .. name .. ", got {1}" }
end

return templates

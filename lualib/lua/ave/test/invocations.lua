-- Finds calls whose arguments or results match a list of values and matchers.

local arguments = require("ave.test.arguments")
local compare = require("ave.test.compare")
local matching = require("ave.test.matching")

local invocations = {}

-- fits tells whether an argument matches. A matcher that asks for identity gets the
-- argument itself, others get the copy that was made at the call.
local function fits(was, is, wanted)
	if matching.is_matcher(wanted) then
		return wanted(matching.is_ref_matcher(wanted) and is or was)
	end
	return wanted ~= nil and compare.deep(was, wanted)
end

local function all_fit(vals, refs, wanted)
	for i, was in pairs(vals) do
		if not fits(was, refs[i], wanted[i]) then
			return false
		end
	end
	for i, value in pairs(wanted) do
		if vals[i] == nil and not (matching.is_matcher(value) and value(nil)) then
			return false
		end
	end
	return true
end

-- find returns the last call that matches, or nil.
function invocations.find(calls, wanted)
	assert(not arguments.is(calls), "expected a list of arglist-object, got an arglist")
	for i = #calls, 1, -1 do
		if all_fit(calls[i].vals, calls[i].refs, wanted) then
			return calls[i]
		end
	end
end

-- find_rule returns the first rule of a stub that matches a call, or nil.
function invocations.find_rule(rules, given)
	for _, rule in ipairs(rules) do
		if all_fit(given, given, rule.vals) then
			return rule
		end
	end
end

return invocations

-- The common part of assertions that compare with a file of accepted text beside
-- the test.

local host = require("ave.test.host")

-- golden tells whether a text equals the content of its file; if not, it leaves the
-- explanation in the arguments. shown makes a text ready for a report.
return function(state, values, kind, name, text, shown)
	local problem, kept = host.golden(kind, name, text, state.mod)
	values[1], values.n, values.nofmt = problem or text, 1, { true }
	if kept then
		local own = state.failure_message
		state.failure_message = own and tostring(own) .. "\n" .. problem or problem
		state.compared = { actual = text, expected = kept }
		values[1] = "expected: " .. shown(kept) .. "\n  actual: " .. shown(text)
	end
	return problem == nil
end

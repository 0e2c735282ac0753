-- The status of a test, by its problems.

local verdict = {}

-- of returns the status of the first problem: a later problem does not turn a
-- failure into an error. Pending counts only if there is no other problem.
function verdict.of(problems)
	for _, problem in ipairs(problems) do
		if problem.status ~= "pending" then
			return problem.status
		end
	end
	return problems[1] and "pending" or "passed"
end

local good = { passed = true, pending = true, xfailed = true }

-- is_bad tells whether a status makes the run fail.
function verdict.is_bad(status) return not good[status] end

-- expected returns the verdict for a test that is expected to fail, if xfail is
-- set. Failures of hooks and of the run itself do not count as expected.
function verdict.expected(status, problems, xfail)
	if not xfail or status == "pending" then
		return status
	elseif status == "passed" then
		local why = type(xfail) == "string" and ": " .. xfail or ""
		table.insert(problems, { message = "it was expected to fail, but passed" .. why })
		return "xpassed"
	end
	for _, problem in ipairs(problems) do
		if problem.hook or problem.interrupted then
			return status
		end
	end
	return "xfailed"
end

return verdict

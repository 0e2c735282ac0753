-- What has become of a test, by its problems.

local verdict = {}

-- of is the status of the first problem: what goes wrong later does not make a
-- failure an error. Pending is no problem beside others.
function verdict.of(problems)
    for _, problem in ipairs(problems) do
        if problem.status ~= "pending" then
            return problem.status
        end
    end
    return problems[1] and "pending" or "passed"
end

local good = { passed = true, pending = true, xfailed = true }

-- is_bad tells whether a test with a status has gone wrong.
function verdict.is_bad(status) return not good[status] end

-- expected is the verdict on a test that is expected to go wrong, if xfail or its
-- reason is given. A hook is not expected to.
function verdict.expected(status, problems, xfail)
    if not xfail or status == "pending" then
        return status
    elseif status == "passed" then
        local why = type(xfail) == "string" and ": " .. xfail or ""
        table.insert(problems, { message = "it was expected to fail, and did not" .. why })
        return "xpassed"
    end
    for _, problem in ipairs(problems) do
        if problem.hook then
            return status
        end
    end
    return "xfailed"
end

return verdict

-- The end of assertions that compare with what was accepted before, which is kept
-- beside the test.

local host = require("ave.test.host")

-- golden(state, values, kind, name, text, shown) tells whether a text is what the
-- file of a name has, and leaves in the arguments what is wrong otherwise. shown is
-- how a report shows a text.
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

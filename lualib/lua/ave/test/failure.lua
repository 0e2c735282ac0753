-- How a test ends before its end: by an assertion that does not hold, by
-- pending(), or by any other error.

local host = require("ave.test.host")
local show = require("ave.test.show")

local failure = {}

-- Failure is what a failed assertion raises: message, and diff where two
-- values were compared. As text it has its position, like any error of Lua.
local Failure = {}
Failure.__index = Failure
Failure.__name = "AssertionError"

function Failure:__tostring()
    local text = self.where .. self.message
    if self.diff then
        text = text .. "\n" .. self.diff
    end
    return text
end

local Pending = {}

function Pending:__tostring() return "pending: " .. self.message end

-- raise ends a test because an assertion does not hold.
function failure.raise(message, diff)
    local file, line = host.caller()
    local where = file and file .. ":" .. line .. ": " or ""
    error(setmetatable({ message = message, diff = diff, where = where }, Failure))
end

-- pending ends a test that is not ready.
function failure.pending(reason)
    error(setmetatable({ message = reason == nil and "" or tostring(reason) }, Pending))
end

-- text is a raised value as a report says it: an exception with its type.
function failure.text(value)
    if type(value) ~= "table" then
        return tostring(value)
    end
    local text = show(value)
    local named, kind = pcall(function() return value.is and value.type end)
    return named and type(kind) == "string" and kind .. ": " .. text or text
end

local plain_assert = assert

-- describe makes the problem of a raised value, while the stack of the call
-- that raised it is still there.
local function describe(value, raiser)
    local meta = type(value) == "table" and debug.getmetatable(value)
    local problem = { stack = host.stack() }
    if meta == Failure then
        problem.status, problem.message, problem.diff = "failed", value.message, value.diff
    elseif meta == Pending then
        problem.status, problem.message = "pending", value.message
    else
        problem.status = raiser == plain_assert and "failed" or "error"
        problem.message = failure.text(value)
    end
    return problem
end

-- catch calls fn. It returns nil, or a problem: status, message, diff, stack.
function failure.catch(fn)
    local problem
    local ok, value = xpcall(fn, function(value)
        problem = describe(value, (debug.getinfo(2, "f") or {}).func)
    end)
    if ok then
        return nil
    end
    return problem or { status = "error", message = tostring(value) }
end

return failure

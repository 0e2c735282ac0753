-- How a test ends early: by an assertion that does not hold, by pending(), or by
-- any other error.

local host = require("ave.test.host")
local lazy = require("ave.test.lazy")

local show = lazy("ave.test.show")

local failure = {}

-- Failure is what a failed assertion raises. Code that catches it sees a message
-- with its position, like any Lua error; text and diff are for the report.
local Failure = {}
Failure.__name = "AssertionError"

function Failure:__tostring() return tostring(self.message) end

local Pending = {}

function Pending:__tostring() return "pending: " .. self.message end

local noted -- failures of soft assertions in the running test; false if there are none yet

local trying = false -- whether soft assertions raise errors too

local expected -- whether the test that is running is to fail

-- expect says that the test which is running is to fail, or not.
function failure.expect(is) expected = is end

-- note starts to collect the failures of soft assertions.
function failure.note()
	noted, trying = false, false
end

-- noted adds the collected failures to problems, and stops collecting.
function failure.noted(problems)
	for _, problem in ipairs(noted or {}) do
		table.insert(problems, problem)
	end
	noted = nil
end

-- raise ends a test because an assertion does not hold. If there is a text, a
-- report shows it instead of the message. With soft, the test continues.
function failure.raise(message, text, diff, soft)
	if soft and noted ~= nil and not trying then
		noted = noted or {}
		local problem = { status = "failed", message = text or message, diff = diff, stack = host.stack() }
		table.insert(noted, problem)
		host.hold(problem, expected, true)
		return
	end
	local file, line = host.caller()
	local where = file and file .. ":" .. line .. ": " or ""
	error(setmetatable({ message = where .. message, where = where, text = text or message, diff = diff }, Failure))
end

local function tried(before, ...)
	trying = before
	return ...
end

-- try is pcall(fn) in which soft assertions raise errors too, because fn may be
-- tried again.
function failure.try(fn)
	local before = trying
	trying = true
	return tried(before, pcall(fn))
end

-- pending ends a test that is not ready.
function failure.pending(reason)
	error(setmetatable({ message = reason == nil and "" or tostring(reason) }, Pending))
end

-- text returns a raised value as a report shows it: an exception with its type.
function failure.text(value)
	if type(value) ~= "table" then
		return tostring(value)
	elseif debug.getmetatable(value) == Failure then
		return value.where .. value.text .. (value.diff and "\n" .. value.diff or "")
	end
	local text = show(value)
	local named, kind = pcall(function() return value.is and value.type end)
	return named and type(kind) == "string" and kind .. ": " .. text or text
end

local plain_assert = assert

-- describe makes the problem of a raised value, while the stack of the call that
-- raised it still exists.
local function describe(value, raiser)
	local meta = type(value) == "table" and debug.getmetatable(value)
	local problem = { stack = host.stack() }
	if meta == Failure then
		problem.status, problem.message, problem.diff = "failed", value.text, value.diff
	elseif meta == Pending then
		problem.status, problem.message = "pending", value.message
	else
		problem.status = raiser == plain_assert and "failed" or "error"
		problem.message = failure.text(value)
	end
	if meta ~= Pending then
		host.hold(problem, expected)
	end
	return problem
end

local caught -- the last problem that was described

local function handle(value) caught = describe(value, (debug.getinfo(2, "f") or {}).func) end

-- catch calls fn. It returns nil, or a problem: status, message, diff, stack.
function failure.catch(fn)
	caught = nil
	local ok, value = xpcall(fn, handle)
	if not ok then
		return caught or { status = "error", message = tostring(value) }
	end
end

return failure

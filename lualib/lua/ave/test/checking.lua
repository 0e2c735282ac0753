-- Checks of arguments, for assertions and matchers.

local failure = require("ave.test.failure")
local lazy = require("ave.test.lazy")

local say = lazy("say")

local checking = {}

-- count raises an error if there are too few arguments.
function checking.count(values, wanted, name)
	if values.n < wanted then
		failure.raise(say("assertion.internal.argtolittle", { name, wanted, values.n }))
	end
end

-- type raises an error for an argument unless ok is true.
function checking.type(ok, position, name, wanted, got)
	if not ok then
		failure.raise(say("assertion.internal.badargtype", { position, name, wanted, got }))
	end
end

-- message stores the test's own message of an assertion.
function checking.message(state, message)
	if message ~= nil then
		state.failure_message = message
	end
end

local function meta_field(v, field)
	local meta = debug.getmetatable(v)
	return type(meta) == "table" and type(meta[field]) == "function"
end

function checking.callable(v) return type(v) == "function" or meta_field(v, "__call") end

-- says_itself tells whether v is a string or has a __tostring.
function checking.says_itself(v) return type(v) == "string" or meta_field(v, "__tostring") end

-- text returns v as a string, if possible.
function checking.text(v)
	if type(v) == "number" or checking.says_itself(v) then
		return tostring(v)
	end
end

-- options reads (init, plain, message) as loosely as luassert does: the message is
-- the first argument after the second that can be neither init nor plain.
function checking.options(state, values, name)
	local rest, position = { unpack(values, 3, values.n) }, 3
	for i = 1, values.n - 2 do
		local v = rest[i]
		if v and type(v) ~= "boolean" and not tonumber(v) then
			position = i == 1 and 4 or 3
			state.failure_message = table.remove(rest, i)
			break
		end
	end
	checking.type(rest[1] == nil or tonumber(rest[1]), position, name, "number", type(rest[1]))
	return rest[1], rest[2]
end

-- find returns whether the pattern matches, and the captures.
function checking.find(subject, pattern, init, plain)
	if plain then
		local found = subject:find(pattern, init, true) ~= nil
		return found, found and { pattern } or {}
	end
	local captures = { subject:match(pattern, init) }
	return captures[1] ~= nil, captures
end

return checking

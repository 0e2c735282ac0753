-- Tokens of a fleet: "SEQ.INDEX", two whole numbers. A claim that was made later has
-- a higher token. The numbers may be larger than those of Lua, so they stay text.

local checks = require("ave.broker.checks")

local token = {}

local function plain(digits)
	return (digits:gsub("^0+(%d)", "%1"))
end

-- Reads a token, and returns it in its only form.
function token.check(value, what)
	local seq, index
	if type(value) == "string" then
		seq, index = value:match("^(%d+)%.(%d+)$")
	end
	if not seq then
		checks.wanted(what, "a token such as '12.0'", value)
	end
	return plain(seq) .. "." .. plain(index)
end

local function smaller(a, b)
	if #a ~= #b then
		return #a < #b
	end
	return a < b
end

-- Tells whether one token is lower than another.
function token.lower(a, b)
	local seq_a, index_a = a:match("^(%d+)%.(%d+)$")
	local seq_b, index_b = b:match("^(%d+)%.(%d+)$")
	if seq_a ~= seq_b then
		return smaller(seq_a, seq_b)
	end
	return smaller(index_a, index_b)
end

return token

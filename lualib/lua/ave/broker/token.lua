-- Tokens of a fleet: "SEQ.INDEX", two whole numbers of 64 and 32 bits. A claim that was
-- made later has a higher token. The numbers may be larger than those of Lua, so they
-- stay text.

local checks = require("ave.broker.checks")

local token = {}

local function plain(digits)
	return (digits:gsub("^0+(%d)", "%1"))
end

local function smaller(a, b)
	if #a ~= #b then
		return #a < #b
	end
	return a < b
end

local MOST_SEQ, MOST_INDEX = "18446744073709551615", "4294967295"

-- Reads a token, and returns it in its only form. One that is too large for the hub of a
-- fleet could never be followed by a higher one.
function token.check(value, what)
	local seq, index
	if type(value) == "string" then
		seq, index = value:match("^(%d+)%.(%d+)$")
	end
	if seq then
		seq, index = plain(seq), plain(index)
	end
	if not seq or smaller(MOST_SEQ, seq) or smaller(MOST_INDEX, index) then
		checks.wanted(what, "a token such as '12.0'", value)
	end
	return seq .. "." .. index
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

-- Matchers stand for arguments whose exact value is not known: match.is_string(),
-- match.is_not.equals(5). They are chains of words too.

local arguments = require("ave.test.arguments")
local copies = require("ave.test.copies")
local formatters = require("ave.test.formatters")
local words = require("ave.test.words")

local Matcher = {}

copies.keep(Matcher)
formatters.Matcher = Matcher

function Matcher:__call(value) return self.callback(value) == self.mod end

function Matcher:__tostring()
	if not self.name then
		return "match._"
	end
	return "match." .. (self.mod and "is_" or "is_not_") .. self.name .. tostring(self.arguments)
end

local function new(fields) return setmetatable(fields, Matcher) end

local Chain = { __index = words.follow }

function Chain.__call(self, ...)
	local chain, told = words.parse("matcher", self[1]), words.state(self[2])
	local values = arguments.of(...)
	for _, modifier in ipairs(chain.modifiers) do
		modifier.callback(told, not chain.last and values or nil, 2)
	end
	local matcher = chain.last
	if not matcher then
		return words.chain(Chain, "", told)
	end
	local callback = matcher.callback(told, values, 2)
	return new({ name = matcher.name, mod = told.mod, callback = callback, arguments = values })
end

local matching = {
	_ = new({ mod = true, callback = function() return true end }), -- matches anything
}

function matching.state() return words.chain(Chain, "") end

function matching.is_matcher(v) return type(v) == "table" and getmetatable(v) == Matcher end

function matching.is_ref_matcher(v) return matching.is_matcher(v) and v.name == "ref" end

local root = matching.state()

return setmetatable(matching, { __index = function(_, word) return root[word] end })

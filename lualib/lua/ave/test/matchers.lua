-- The matchers: functions of a state and a list of arguments. They return the
-- function that is called with a value.

local checking = require("ave.test.checking")
local compare = require("ave.test.compare")
local matching = require("ave.test.matching")
local show = require("ave.test.show")
local words = require("ave.test.words")

local matchers = {}

for _, name in ipairs({ "nil", "boolean", "number", "string", "table", "function", "userdata", "thread" }) do
	matchers[name] = function()
		return function(value) return type(value) == name end
	end
end

for _, wanted in ipairs({ true, false }) do
	matchers[tostring(wanted)] = function()
		return function(value) return value == wanted end
	end
end

function matchers.truthy()
	return function(value) return value ~= nil and value ~= false end
end

function matchers.falsy()
	return function(value) return not value end
end

function matchers.equals(_, values)
	checking.count(values, 1, "equals")
	return function(value) return value == values[1] end
end

function matchers.same(_, values)
	checking.count(values, 1, "same")
	return function(value) return (compare.same(value, values[1])) end
end

-- ref matches this object, and no other object with the same contents.
function matchers.ref(_, values)
	local kind = type(values[1])
	local is_object = kind == "table" or kind == "function" or kind == "thread" or kind == "userdata"
	checking.count(values, 1, "ref")
	checking.type(is_object, 1, "ref", "object", kind)
	return function(value) return value == values[1] end
end

function matchers.near(_, values)
	checking.count(values, 2, "near")
	local expected, tolerance = tonumber(values[1]), tonumber(values[2])
	local wanted = "number or object convertible to a number"
	checking.type(expected, 1, "near", wanted, show(values[1]))
	checking.type(tolerance, 2, "near", wanted, show(values[2]))
	return function(value)
		local actual = tonumber(value)
		return actual ~= nil and actual >= expected - tolerance and actual <= expected + tolerance
	end
end

function matchers.matches(_, values)
	checking.count(values, 1, "matches")
	local pattern, init, plain = values[1], values[2], values[3]
	checking.type(type(pattern) == "string", 1, "matches", "string", type(pattern))
	checking.type(init == nil or tonumber(init), 2, "matches", "number", type(init))
	return function(value)
		local text = checking.text(value)
		return text ~= nil and text:find(pattern, init, plain) ~= nil
	end
end

function matchers.unique(_, values)
	return function(value) return checking.is_unique(value, values[1]) end
end

-- composite makes a matcher of matchers. count gets the number of matchers that
-- match a value, and the number of all of them.
local function composite(name, count)
	return function(_, values)
		checking.count(values, 1, name)
		for i = 1, values.n do
			checking.type(matching.is_matcher(values[i]), 1, name, "matcher", type(values[i]))
		end
		return function(value)
			local satisfied = 0
			for _, matcher in ipairs(values) do
				satisfied = satisfied + (matcher(value) and 1 or 0)
			end
			return count(satisfied, values.n)
		end
	end
end

matchers.all_of = composite("all", function(n, all) return n == all end)
matchers.any_of = composite("any", function(n) return n > 0 end)
matchers.none_of = composite("none", function(n) return n == 0 end)

matchers.match, matchers.equal = matchers.matches, matchers.equals

for name, callback in pairs(matchers) do
	words.register("matcher", name, { callback = callback, name = name:lower() })
end

return matching

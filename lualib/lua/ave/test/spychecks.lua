-- The assertions about spies: assert.spy(s).was.called_with(1, 2).

local arguments = require("ave.test.arguments")
local copies = require("ave.test.copies")
local words = require("ave.test.words")

-- assert.spy(s): the words that follow are about s.
local function set_spy(state, values)
	if values then
		state.payload = values[1]
		if values[2] ~= nil then
			state.failure_message = values[2]
		end
	end
end

-- payload returns the spy that an assertion is about.
local function payload(state, name, level)
	local spy = state.payload
	if type(spy) == "function" then
		local hint = "must not be the original function, but the spy function replacing the original"
		error("When calling 'spy(aspy)', 'aspy' " .. hint, level + 1)
	elseif type(spy) ~= "table" or not spy[name] then
		error("'" .. name .. "' must be chained after 'spy(aspy)'", level + 1)
	end
	return spy
end

-- with makes an assertion about the arguments or results of a call. It leaves the
-- matching ones, or those of the last call, and the expected ones.
local function with(name)
	return function(state, values, level)
		local spy = payload(state, name, (level or 1) + 1)
		local wanted = copies.shallow(values)
		local holds, found = spy[name](spy, values)
		arguments.clear(values)
		values[1], values[2], values.n, values.shown = found, wanted, 2, { found == nil and "none" or nil }
		return holds
	end
end

-- counting makes an assertion about the number of calls. "not called" without a
-- number means never.
local function counting(compare)
	return function(state, values, level)
		local times = values[1]
		if not times and not state.mod then
			state.mod, times = true, 0
		end
		local spy = payload(state, "called", (level or 1) + 1)
		local holds, count = spy:called(times, compare)
		values[1] = tostring(times or ">0")
		arguments.insert(values, 2, tostring(count))
		values.nofmt = { true, true }
		return holds
	end
end

words.register("modifier", "spy", { callback = set_spy, name = "spy" })
words.register("modifier", "stub", { callback = set_spy, name = "stub" })

-- register adds an assertion. The keys are those of luassert's texts.
local function register(name, callback, positive, negative)
	words.register("assertion", name, {
		callback = callback,
		name = name,
		positive_message = "assertion." .. positive,
		negative_message = "assertion." .. negative,
	})
end

register("called", counting(), "called.positive", "called.negative")
for _, name in ipairs({ "called_with", "returned_with" }) do
	register(name, with(name), name .. ".positive", name .. ".negative")
end

-- For each, how it decides, and its negation.
local bounds = {
	{ "called_at_least", function(count, n) return count >= n end, "called_less_than" },
	{ "called_at_most", function(count, n) return count <= n end, "called_more_than" },
	{ "called_more_than", function(count, n) return count > n end, "called_at_most" },
	{ "called_less_than", function(count, n) return count < n end, "called_at_least" },
}

for _, bound in ipairs(bounds) do
	register(bound[1], counting(bound[2]), bound[1] .. ".positive", bound[3] .. ".positive")
end

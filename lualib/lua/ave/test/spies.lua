-- Spies: callables that call a function and record the calls. A spy in a table can
-- be removed again, by itself or with a snapshot.

local arguments = require("ave.test.arguments")
local checking = require("ave.test.checking")
local copies = require("ave.test.copies")
local invocations = require("ave.test.invocations")
local state = require("ave.test.state")

local Spy = {}

copies.keep(Spy)

function Spy:__call(...)
	table.insert(self.calls, copies.call(arguments.of(...)))
	local results = arguments.of(self.callback(...))
	table.insert(self.returnvals, copies.call(results))
	return unpack(results, 1, results.n)
end

local methods = {}

-- revert puts the original function back, and returns it.
function methods:revert()
	if not self.reverted then
		if self.target_table and self.target_key ~= nil then
			self.target_table[self.target_key] = self.callback
		end
		self.reverted = true
	end
	return self.callback
end

function methods:clear()
	self.calls, self.returnvals = {}, {}
	return self
end

-- called tells whether the spy was called, or was called this many times, and
-- returns the number of calls. With compare, compare(calls, times) decides.
function methods:called(times, compare)
	local count = #self.calls
	if compare then
		return compare(count, times), count
	elseif times then
		return count == times, count
	end
	return count > 0, count
end

-- match searches for a list that matches values, from the last one on. It returns
-- whether there is one, and that list, or the last one.
local function match(lists, values)
	local found = invocations.find(lists, values)
	local shown = found or lists[#lists]
	return found ~= nil, shown and shown.vals
end

function methods:called_with(values) return match(self.calls, values) end

function methods:returned_with(values) return match(self.returnvals, values) end

local spies = {}

-- new makes a spy that calls a function, by default one that does nothing.
function spies.new(callback)
	callback = callback or function() end
	if not checking.callable(callback) then
		error("Cannot spy on type '" .. type(callback) .. "', only on functions or callable elements", 2)
	end
	local spy = { calls = {}, returnvals = {}, callback = callback }
	for name, method in pairs(methods) do
		spy[name] = method
	end
	setmetatable(spy, Spy)
	state.add_spy(spy)
	return spy
end

function spies.is_spy(v) return type(v) == "table" and getmetatable(v) == Spy end

-- on replaces a function in a table by a spy.
function spies.on(target, key)
	local spy = spies.new(target[key])
	target[key] = spy
	spy.target_table, spy.target_key = target, key
	return spy
end

return setmetatable(spies, { __call = function(_, ...) return spies.new(...) end })

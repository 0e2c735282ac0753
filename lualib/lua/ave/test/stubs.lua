-- Stubs: spies that replace a function and do what the test chooses.

local arguments = require("ave.test.arguments")
local checking = require("ave.test.checking")
local copies = require("ave.test.copies")
local failure = require("ave.test.failure")
local invocations = require("ave.test.invocations")
local spies = require("ave.test.spies")

local stubs = {}

local function returning(...)
	local results = arguments.pack(...)
	return function() return unpack(results, 1, results.n) end
end

local function invoking(fn)
	return function(...) return fn(...) end
end

-- behaviour is what a stub does: rules for certain arguments, and a default. It can
-- be changed later.
local function behaviour(...)
	local told = { rules = {}, default = returning(...) }
	if select("#", ...) == 1 and checking.callable((...)) then
		told.default = (...)
	end
	function told.call(...)
		local rule = invocations.find_rule(told.rules, arguments.of(...))
		return (rule and rule.answer or told.default)(...)
	end
	return told
end

-- rule makes the result of on_call_with.
local function rule(told, stub, values)
	local made = copies.call(values)
	local function answer(fn)
		made.answer = fn
		table.insert(told.rules, made)
		return stub
	end
	return {
		returns = function(...) return answer(returning(...)) end,
		invokes = function(fn) return answer(invoking(fn)) end,
	}
end

-- equip turns a spy into a stub.
local function equip(stub, told)
	function stub.returns(...)
		told.default = returning(...)
		return stub
	end
	function stub.invokes(fn)
		told.default = invoking(fn)
		return stub
	end
	function stub.on_call_with(...) return rule(told, stub, arguments.of(...)) end
	stub.by_default = { returns = stub.returns, invokes = stub.invokes }
end

-- new(object, key, ...) puts a stub into a table. The stub returns the values; a
-- function that is the only value is called for the result. Without an object, the
-- stub is in a table of its own.
function stubs.new(object, key, ...)
	if object == nil and key == nil then
		object, key = {}, ""
	end
	if type(object) ~= "table" or key == nil then
		failure.raise("stub.new(): Can only create stub on a table key, call with 2 params; table, key")
	end
	local original = object[key]
	if original ~= nil and not checking.callable(original) then
		failure.raise("stub.new(): The element for which to create a stub must either be callable, or be nil")
	end
	local told = behaviour(...)
	object[key] = told.call
	local stub = spies.on(object, key)
	local revert = stub.revert
	function stub.revert(self)
		if not self.reverted then
			revert(self)
			object[key] = original
		end
		return original
	end
	equip(stub, told)
	return stub
end

return setmetatable(stubs, { __call = function(_, ...) return stubs.new(...) end })

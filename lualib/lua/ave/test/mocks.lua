-- Mocks: tables whose functions are spies or stubs, at any depth.

local spies = require("ave.test.spies")
local stubs = require("ave.test.stubs")

local mocks = {}

-- replace returns what a mock has in place of a value.
local function replace(value, stub, answer, holder, key, seen)
	if type(value) == "function" then
		if stub then
			return stubs(holder, key, answer)
		end
		return holder == nil and spies.new(value) or spies.on(holder, key)
	elseif type(value) == "table" and not spies.is_spy(value) and not seen[value] then
		seen[value] = true
		for k, v in pairs(value) do
			value[k] = replace(v, stub, answer, value, k, seen)
		end
	end
	return value
end

-- new(object, stub, answer) replaces the functions in a table by spies; with stub,
-- by stubs that return answer.
function mocks.new(object, stub, answer, holder, key) return replace(object, stub, answer, holder, key, {}) end

-- each calls a method of all spies in a mock.
local function each(object, method, seen)
	if spies.is_spy(object) then
		return object[method](object)
	elseif type(object) == "table" and not seen[object] then
		seen[object] = true
		for _, v in pairs(object) do
			each(v, method, seen)
		end
		return object
	end
end

function mocks.clear(object) return each(object, "clear", {}) end

function mocks.revert(object) return each(object, "revert", {}) end

return setmetatable(mocks, { __call = function(_, ...) return mocks.new(...) end })

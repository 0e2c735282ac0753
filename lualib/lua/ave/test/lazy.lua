-- lazy(name) returns a stand-in for a module, which is loaded when it is first
-- used: each test file has its own interpreter, and most files need few modules.

local require = require -- tests may replace it

return function(name)
	return setmetatable({}, {
		__index = function(_, key) return require(name)[key] end,
		__call = function(_, ...) return require(name)(...) end,
	})
end

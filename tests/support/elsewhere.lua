-- Calls a function in a process of its own and returns the list of its results,
-- by way of JSON.

local json = require("ave.json")
local Pipe = require("ave.network.pipe").Pipe
local Process = require("ave.network.process").Process

return function(fn, ...)
	local ours, theirs = Pipe.pair()
	local child = Process {
		target = function(...)
			theirs:put(json.list { fn(...) })
		end,
		args = { ... },
	}
	child:start()
	theirs:close()
	local arrived, results = pcall(ours.get, ours, 20)
	ours:close()
	assert.equal(0, child:join(20))
	assert(arrived, results)
	return results
end

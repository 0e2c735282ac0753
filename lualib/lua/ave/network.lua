-- The modules below ave.network in one table, under the names of the document.

local known = { connection = true, control = true, exceptions = true, fdtx = true, pipe = true, process = true }

return setmetatable({}, {
	__index = function(network, name)
		if known[name] then
			network[name] = require("ave.network." .. name)
			return network[name]
		end
	end,
})

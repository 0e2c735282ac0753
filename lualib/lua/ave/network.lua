-- The modules below ave.network as fields of one table, so that the names of
-- the document can be written as they stand there.

local known = { connection = true, control = true, exceptions = true, fdtx = true, pipe = true, process = true }

return setmetatable({}, {
	__index = function(network, name)
		if known[name] then
			network[name] = require("ave.network." .. name)
			return network[name]
		end
	end,
})

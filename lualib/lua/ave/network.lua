-- The modules below ave.network as fields of one table, so that the names of
-- the document can be written as they stand there.
return setmetatable({}, {
	__index = function(network, name)
		local known = { connection = true, control = true, exceptions = true, process = true }
		if not known[name] then
			return nil
		end
		network[name] = require("ave.network." .. name)
		return network[name]
	end,
})

-- Iterates over the contents of a table. An object that is partly in Go lists them
-- itself; for all others they are the raw contents, whatever their metatables say.

local host = require("ave.test.host")

return function(t)
	if host.is_object(t) then
		return pairs(t)
	end
	return next, t
end

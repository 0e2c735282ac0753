-- What is in a table, as a loop over it: an object of which a part is Go's says
-- that itself; of all others it is what Lua keeps, whatever their metatables say.

local host = require("ave.test.host")

return function(t)
    if host.is_object(t) then
        return pairs(t)
    end
    return next, t
end

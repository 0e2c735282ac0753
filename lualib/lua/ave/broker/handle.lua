-- A handle is what a client has leased: profile, lease (its number), and the
-- methods of the resource. Those that the resource class has a client's side for
-- come from there; any other name is called in the session.

local exceptions = require("ave.exceptions")
local json = require("ave.json")

local Handle = {}

function Handle.__index(handle, name)
	local own = Handle[name] or handle.methods[name]
	if own then
		return own
	end
	return function(self, ...)
		return Handle.call(self, name, ...)
	end
end

-- Calls a method of the resource.
function Handle:call(method, ...)
	if not rawget(self, "remote") then
		error(exceptions.Exception(("a %s has no methods here: there is no resource class for it"):format(self.profile.type)), 0)
	end
	return self.remote:invoke(self.resource, method, json.list { ... })
end

-- Gives the lease back.
function Handle:yield()
	self.client:yield(self)
end

function Handle:__tostring()
	return ("%s (lease %s)"):format(tostring(self.profile.type), tostring(self.lease))
end

return Handle

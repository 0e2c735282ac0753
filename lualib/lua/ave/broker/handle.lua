-- A handle is something that a client has leased: its profile, its lease (a
-- number), and the methods of the resource. If the resource class has a client's
-- side for a method, that is called; all other names are called in the session.

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

function Handle:call(method, ...)
	if not rawget(self, "remote") then
		error(exceptions.Exception(("a %s has no methods: there is no resource class for its type"):format(self.profile.type)), 0)
	end
	return self.remote:invoke(self.resource, method, json.list { ... })
end

function Handle:yield()
	self.client:yield(self)
end

function Handle:__tostring()
	return ("%s (lease %s)"):format(tostring(self.profile.type), tostring(self.lease))
end

return Handle

-- Resource classes are plug-ins that serve leases of one type. They run in the
-- client's session. A class is a table, or the name of a module that returns one.
-- Its functions get the resource, self, which has the fields `profile` and
-- `directory`, and whatever the class stores there:
--
-- * open(self) is called when the lease begins, and close(self) when it ends. Both
--   are optional. If open raises an error, the client gets the error and the lease
--   ends.
-- * Functions that are marked with Control.rpc can be called by the client.
--   Arguments that it leaves out are nil.
-- * client, a table, has the client's side of methods that need one.
-- * check(profile) is optional. It raises an error for equipment that the class
--   could not open, and is called when a configuration is read.
-- * made = true says that the type is not equipment: a resource is made for each
--   lease.

local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local Method = require("ave.network.control").Method

local resources = {}

-- What ships with avescript.
resources.shipped = { workspace = "ave.broker.workspace", command = "ave.broker.command" }

-- Reads a table of resource classes by type.
function resources.check(classes, what)
	local all = {}
	for kind, class in pairs(resources.shipped) do
		all[kind] = class
	end
	if type(classes) ~= "table" then
		checks.wanted(what, "a table of resource classes by type", classes)
	end
	for kind, class in pairs(classes) do
		if type(kind) ~= "string" or type(class) ~= "table" and type(class) ~= "string" then
			checks.wanted(what .. ": " .. tostring(kind), "a resource class, or the name of a module", class)
		end
		all[kind] = class
		resources.load(class)
	end
	return all
end

-- Returns the class for the name of a module; a class is returned as it is.
function resources.load(class)
	if type(class) == "string" then
		local ok, found = pcall(require, class)
		if not ok then
			error(exceptions.Exception(("the resource class '%s': %s"):format(class, tostring(found))), 0)
		elseif type(found) ~= "table" then
			checks.wanted("the resource class '" .. class .. "'", "a table", found)
		end
		return found
	end
	return class
end

-- Returns the set of types that are made for each lease.
function resources.made(classes)
	local made = {}
	for kind, class in pairs(classes) do
		made[kind] = resources.load(class).made or nil
	end
	return made
end

-- Opens a resource. It belongs to the session.
function resources.open(class, profile, directory)
	local resource = setmetatable({ profile = profile, directory = directory }, { __index = resources.load(class) })
	if resource.open then
		resource:open()
	end
	return resource
end

-- Returns the method of a resource, if the client may call it.
function resources.method(resource, name)
	local method = resource[name]
	local may = type(method) == "table" and getmetatable(method) == Method and method.rpc
	if not may then
		error(exceptions.Exception(("no such method of a %s: %s"):format(resource.profile.type, tostring(name))), 0)
	end
	return method
end

return resources

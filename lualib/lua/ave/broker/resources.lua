-- Resource classes are plug-ins that make a lease of some type useful. They live
-- in the client's session. A class is a table, or the name of a module that is
-- one. Its functions get the resource, self, which has `profile` and `directory`
-- and whatever the class puts there:
--
-- * open(self) is called with the lease, and close(self) at its end. Both may be
--   missing. What open raises, the client gets, and the lease is given up.
-- * What is marked with Control.rpc can be called by the client. Arguments that it
--   leaves out are nil.
-- * client, a table, has the client's side of methods that need one.
-- * made = true says that the type is no equipment, and made for each lease.

local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local Method = require("ave.network.control").Method

local resources = {}

-- What ships with avescript.
resources.shipped = { workspace = "ave.broker.workspace", command = "ave.broker.command" }

-- Reads the classes by the types that they are for.
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

-- The class that is meant by a name; a class is itself.
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

-- The types that are made for each lease, as a set.
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

-- The method of a resource that a client may call.
function resources.method(resource, name)
	local method = resource[name]
	local may = type(method) == "table" and getmetatable(method) == Method and method.rpc
	if not may then
		error(exceptions.Exception(("no such method of a %s: %s"):format(resource.profile.type, tostring(name))), 0)
	end
	return method
end

return resources

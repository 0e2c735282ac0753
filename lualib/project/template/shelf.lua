-- The service: a shelf that lends tools. The tools of a client come back when it
-- disconnects.

local ave = require("ave")
local Control, rpc = ave.Control, ave.Control.rpc

local Shelf = Control:subclass("Shelf")

function Shelf:init(options)
	self.tools = options.tools
	options.tools = nil -- the other options are for Control
	Control.init(self, options)
	self.borrowers = {} -- clients by tool
end

-- Lists the tools that can be borrowed.
Shelf.list = rpc(function(self)
	local list = ave.json.list()
	for _, tool in ipairs(self.tools) do
		if not self.borrowers[tool] then
			list[#list + 1] = tool
		end
	end
	return list
end)

-- Lends a tool to the client.
Shelf.borrow = rpc(function(self, tool)
	for _, free in ipairs(self:list()) do
		if free == tool then
			self.borrowers[tool] = self.current_connection
			return tool
		end
	end
	error(ave.exceptions.AveException { message = "cannot borrow " .. tostring(tool) .. ": it is not on the shelf" })
end)

-- Ends the service. Only clients with the key can call it.
Shelf.stop = rpc(Control.auth(function(self)
	self:shutdown("the shelf was stopped")
end))

function Shelf:lost_connection(client)
	for tool, borrower in pairs(self.borrowers) do
		if borrower == client then
			self.borrowers[tool] = nil
		end
	end
end

return Shelf

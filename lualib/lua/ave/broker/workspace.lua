-- A workspace is a directory on the broker's host that is made for a lease and
-- removed at its end. Its profile is that of the configuration. No path leads
-- out of it, also not through a link; what its commands do is not restricted.

local cmd = require("ave.cmd")
local host = require("ave.broker.host")
local rpc = require("ave.network.control").Control.rpc

local Workspace = {}

-- It is not equipment: there is one for everybody who wants one.
Workspace.made = true

function Workspace:open()
	self.path = self.directory .. "/workspace-" .. host.secret():lower()
	host.make_directory(self.path)
end

function Workspace:close()
	host.remove_directory(self.path)
end

-- Runs a command in the directory. Options: timeout, env.
Workspace.run = rpc(function(self, command, options)
	options = options or {}
	local status, output = cmd.run(command, { cwd = self.path, timeout = options.timeout, env = options.env })
	return { status, output }
end)

-- The absolute path of the directory, for those on the same host.
Workspace.get_path = rpc(function(self)
	return self.path
end)

-- Writes a file, whose content comes in base64: JSON has no bytes.
Workspace.put_file = rpc(function(self, path, content)
	host.write(self.path, path, host.unbase64(content))
end)

-- Reads a file, as base64.
Workspace.get_file = rpc(function(self, path)
	return host.base64(host.read(self.path, path))
end)

-- Lists a directory, sorted; the names of directories end in a slash.
Workspace.list = rpc(function(self, path)
	return host.list(self.path, path or ".")
end)

-- The client's side: here, files are bytes, and a command has two results.
Workspace.client = {
	run = function(self, command, options)
		return unpack(self:call("run", command, options))
	end,
	put_file = function(self, path, content)
		self:call("put_file", path, host.base64(content))
	end,
	get_file = function(self, path)
		return host.unbase64(self:call("get_file", path))
	end,
}

return Workspace

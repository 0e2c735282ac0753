-- A workspace is a directory on the broker's host. It is made for a lease and
-- removed when the lease ends. Its profile comes from the configuration. Paths
-- cannot lead out of it, not even through symbolic links; its commands are not
-- restricted.

local cmd = require("ave.cmd")
local host = require("ave.broker.host")
local rpc = require("ave.network.control").Control.rpc

local Workspace = {}

-- Workspaces are not equipment: everybody who wants one gets one.
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

-- Returns the absolute path of the directory, for clients on the same host.
Workspace.get_path = rpc(function(self)
	return self.path
end)

-- Writes a file. The content is sent in base64, because JSON has no bytes.
Workspace.put_file = rpc(function(self, path, content)
	host.write(self.path, path, host.unbase64(content))
end)

-- Returns the content of a file in base64.
Workspace.get_file = rpc(function(self, path)
	return host.base64(host.read(self.path, path))
end)

-- Returns the names in a directory, sorted; those of directories end in a slash.
Workspace.list = rpc(function(self, path)
	return host.list(self.path, path or ".")
end)

-- The client's side: files are bytes here, and run returns two results.
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

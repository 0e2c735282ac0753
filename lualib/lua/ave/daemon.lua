-- A background process that runs only once at a time: it holds a lock on its pid
-- file while it runs, and its output goes to a log file.

local Process = require("ave.network.process").Process
local host = require("ave.daemon.host")
local exceptions = require("ave.exceptions")

local Daemon = Process:subclass("Daemon")

local MOMENT = 5 -- seconds; a busy host ends processes late

-- Options: those of Process, and the paths pid_file and log_file.
function Daemon:init(options)
	local settings = {}
	for name, value in pairs(options or {}) do
		settings[name] = value
	end
	for _, name in ipairs { "pid_file", "log_file" } do
		local path = settings[name]
		if path ~= nil and type(path) ~= "string" or name == "pid_file" and not path then
			error(exceptions.TypeError(("Daemon: option '%s': wanted a path, got %s"):format(name, tostring(path))), 2)
		end
		self[name], settings[name] = path and host.absolute(path), nil
	end
	Process.init(self, settings)
end

function Daemon:start()
	if self.pid and not self:status() then
		pcall(self.join, self, MOMENT) -- it has released its pid file and is about to end
	end
	Process.start(self, { daemonize = true, synchronize = true })
	return self.pid
end

function Daemon:redirect()
	host.redirect(self.log_file)
end

function Daemon:initialize()
	host.hold(self.pid_file)
end

function Daemon:status()
	return host.holder(self.pid_file)
end

function Daemon:stop(timeout)
	return host.stop(self.pid_file, timeout or 10)
end

function Daemon:restart(timeout)
	self:stop(timeout)
	return self:start()
end

return { Daemon = Daemon }

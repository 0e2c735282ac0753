-- A process in the background that there is one of at a time: its pid file is
-- locked as long as it lives, and its output goes to a log file.

local Process = require("ave.network.process").Process
local host = require("ave.daemon.host")
local exceptions = require("ave.exceptions")

local Daemon = Process:subclass("Daemon")

-- Daemon(options): those of Process, and the paths pid_file and log_file.
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
		self[name], settings[name] = path, nil
	end
	Process.init(self, settings)
end

-- Starts the daemon and returns its pid. Raises an Exception if it runs
-- already, and whatever its initialization raises.
function Daemon:start()
	Process.start(self, { daemonize = true, synchronize = true })
	return self.pid
end

function Daemon:redirect()
	host.redirect(self.log_file)
end

function Daemon:initialize()
	host.hold(self.pid_file)
end

-- The pid of the daemon, or nil if none is running.
function Daemon:status()
	return host.holder(self.pid_file)
end

-- Ends the daemon, by SIGTERM and after the timeout by SIGKILL, and waits for
-- it. Returns whether one was running.
function Daemon:stop(timeout)
	return host.stop(self.pid_file, timeout or 10)
end

-- Ends the daemon if it runs, and starts it.
function Daemon:restart(timeout)
	self:stop(timeout)
	return self:start()
end

return { Daemon = Daemon }

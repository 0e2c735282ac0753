---@meta ave.daemon

--- Processes in the background that there is one of at a time.
local daemon = {}

--- What `Daemon` takes beside the options of `Process`.
---@class ave.DaemonOptions: ave.ProcessOptions
---@field pid_file string The file with the daemon's number. It is locked as long as the daemon lives, so a file that a killed daemon left behind stops nobody.
---@field log_file? string Where the daemon's output is appended. Default: nowhere.

--- A process in the background. Its pid file is locked as long as it lives, and
--- its output goes to a log file.
---
---     local daemon = Daemon{ pid_file = "/run/lab.pid", log_file = "/var/log/lab", target = work }
---     daemon:start()     --> 4711
---     daemon:status()    --> 4711, in any other process, too
---     daemon:stop()      --> true
---
--- A child of the class that has a `redirect` or `initialize` of its own calls
--- those of `Daemon` in it.
---@class ave.Daemon: ave.Process
---@overload fun(options: ave.DaemonOptions): ave.Daemon
local Daemon = {}
daemon.Daemon = Daemon

--- The constructor: `Daemon(options)`.
---
--- Raises `TypeError` without a pid file.
---@param options ave.DaemonOptions
function Daemon:init(options) end

--- Starts the daemon, and returns when it is initialized.
---
--- Raises `Exception` if it runs already, naming its pid; of several that are
--- started at once one wins. Raises whatever `redirect` and `initialize` raise.
---@return integer pid
function Daemon:start() end

--- Tells whether the daemon runs, whoever has started it.
---@return integer? pid Nil if it does not run.
function Daemon:status() end

--- Ends the daemon, by SIGTERM and, when it has not ended in time, by SIGKILL.
---@param timeout? ave.Seconds Default: 10.
---@return boolean stopped Whether a daemon was running.
function Daemon:stop(timeout) end

--- Ends the daemon if it runs, and starts it.
---@param timeout? ave.Seconds As in `stop`. Default: 10.
---@return integer pid
function Daemon:restart(timeout) end

--- Sends the daemon's output to the log file. Called in the daemon.
function Daemon:redirect() end

--- Takes the pid file. Called in the daemon.
function Daemon:initialize() end

return daemon

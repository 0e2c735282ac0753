---@meta ave.daemon

--- Background processes that run only once at a time.
local daemon = {}

--- The options of `Daemon`, in addition to those of `Process`.
---@class ave.DaemonOptions: ave.ProcessOptions
---@field pid_file string The file for the pid of the daemon. The daemon holds a lock on it, so a file that a killed daemon left behind does not prevent a new start. A daemon that ends in any other way removes it.
---@field log_file? string The file that the output of the daemon is appended to. Default: the output is discarded.

--- A background process. It holds a lock on its pid file while it runs, and its
--- output goes to a log file. Its current directory is `/`; see `daemonize` in
--- `ave.StartOptions`.
---
---     local daemon = Daemon{ pid_file = "/run/lab.pid", log_file = "/var/log/lab", target = work }
---     daemon:start()     --> 4711
---     daemon:status()    --> 4711, in any other process, too
---     daemon:stop()      --> true
---
--- A child of the class that implements `redirect` or `initialize` must call the
--- method of `Daemon` in it.
---@class ave.Daemon: ave.Process
---@overload fun(options: ave.DaemonOptions): ave.Daemon
local Daemon = {}
daemon.Daemon = Daemon

--- The constructor: `Daemon(options)`.
---
--- Raises `TypeError` if there is no `pid_file`.
---@param options ave.DaemonOptions
function Daemon:init(options) end

--- Starts the daemon. Returns when `initialize` is done.
---
--- Raises `Exception` if it is running already; the message names its pid. If
--- several are started at the same time, only one succeeds. Also raises what
--- `redirect` and `initialize` raise.
---@return integer pid
function Daemon:start() end

--- Tells whether the daemon is running, no matter which process started it.
---@return integer? pid Nil if it is not running.
function Daemon:status() end

--- Ends the daemon with SIGTERM, or with SIGKILL if it has not ended after the
--- timeout.
---@param timeout? ave.Seconds 0 sends SIGKILL right after SIGTERM; `math.huge` never sends it. Default: 10.
---@return boolean stopped Whether a daemon was running.
function Daemon:stop(timeout) end

--- Ends the daemon if it is running, and starts it.
---@param timeout? ave.Seconds As for `stop`. Default: 10.
---@return integer pid
function Daemon:restart(timeout) end

--- Redirects the output to the log file. It is called in the daemon.
function Daemon:redirect() end

--- Locks and writes the pid file. It is called in the daemon.
function Daemon:initialize() end

return daemon

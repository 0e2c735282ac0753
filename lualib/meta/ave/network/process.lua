---@meta ave.network.process

--- Runs Lua functions and classes in processes of their own.
---
--- A process is a new interpreter. It gets copies of its function, of the locals
--- that the function uses, of the globals that it names, and of the process object.
--- Values that are shared in the original are shared in the copy too. The parent
--- does not see changes that the process makes. Modules are loaded again there: a
--- function that the script has put into a module is copied if it is used by name,
--- but is not in the module of the new process.
---
--- A `Pipe`, `Socket`, `Connection` or `BlockingConnection` is passed to the
--- process if it is in its `args`, in the object, or in a local or global that one
--- of its functions names. The process inherits the descriptor under the same
--- number, and the part of a message that was read already. The parent keeps its
--- own descriptor until it closes it. Of a connection without a socket, only the
--- address is passed. The only files that can be passed are `io.stdin`, `io.stdout`
--- and `io.stderr`.
---
--- `start` raises an error for something that cannot be copied, such as another
--- open file or a `RemoteControl`, and says where it was found. The same holds for
--- a closed pipe or socket, and for a connection or pipe that has sent a message
--- only in part.
local process = {}

--- The options of `Process`.
---@class ave.ProcessOptions
---@field target? function The function to run. Default: the method `run`.
---@field args? any[] The arguments of `target` or `run`. Default: none.
---@field logging? boolean Print to stderr when the process starts, ends or gets SIGTERM, and the messages of `log`. Default: false.
---@field proc_name? string The name that `ps` shows, cut at 15 bytes. Default: "ave-" and the name of the class.

--- How a process is started.
---@class ave.StartOptions
---@field daemonize? boolean Make the process a daemon: the leader of a session of its own, with init as its parent and `/` as its directory. Relative paths become absolute first: those of its sources, in `package.path`, and of its log, home, pid file and certificates. Default: false.
---@field synchronize? boolean Wait until `redirect` and `initialize` are done, and raise their errors. Default: false.

--- The base class of all AVE processes.
---
---     local child = Process{ target = function(n) os.exit(n) end, args = { 3 } }
---     child:start()
---     child:join(5)    --> 3
---
--- The new process calls `redirect`, then `initialize`, then the target or `run`.
--- It exits with 0 when that returns; after an error it writes a report to stderr
--- and exits with 1. It dies with its parent: the kernel then sends it SIGKILL, or,
--- if its class has its own `handle_SIGTERM`, SIGTERM and half a second later
--- SIGKILL. This works for a stopped process too.
---
--- `tostring` gives its class, pid and state: `Echo (process 4711, running)`; for a
--- service, also its port.
---@class ave.Process: ave.Class
---@field pid? integer The pid, set by `start`. It is also set in the process itself.
---@field logging boolean Whether `log` prints.
---@field proc_name string The name of the process.
---@field adopted? boolean True for a process of a service that this service has taken over.
---@field target? function The function that the process runs: see the option.
---@field args? any[] The arguments of `target` or `run`.
---@overload fun(options?: ave.ProcessOptions): ave.Process
local Process = {}
process.Process = Process

--- The constructor: `Process(options)`. In the document, the options are arguments.
---@param options? ave.ProcessOptions
function Process:init(options) end

--- Chooses the descriptors that the process inherits, besides 0, 1, 2 and those of
--- the pipes, sockets and connections that are passed to it.
---
--- Implement it in a class whose objects store the number of a descriptor: append
--- the number to `exclude`, and call the parent's method. In the document it is
--- called in the new process; here `start` calls it before the process exists.
---
---     function Reader:close_fds(exclude)
---         table.insert(exclude, self.number)
---         Process.close_fds(self, exclude)
---     end
---@param exclude integer[] The list to append to.
function Process:close_fds(exclude) end

--- Lets the process live when its parent dies. Only the process itself can call it.
function Process:disable_death_signalling() end

--- Ends the process at once, as `os.exit` does. Only the process itself can call
--- it.
---@param status? integer Default: 0.
function Process:exit(status) end

--- Ends the process at once with SIGTERM. A class can implement a method of this
--- name: it is called in the process on SIGTERM, even while Lua code loops, and can
--- call this one when it is done. If no class implements it, the signal ends the
--- process without a call.
---
--- Raises `Exception` outside the process.
---@param signum? integer The number of the signal.
---@param frame? any Always nil; it is here because Python has it.
function Process:handle_SIGTERM(signum, frame) end

--- Called in the process on SIGUSR1, even while Lua code loops or waits. It writes
--- a report to `.ave/hickup/<time>-<proc_name>-<pid>` below the field `home` or the
--- user's home directory: what every Lua thread is doing, with its locals, the
--- connections of its services, and the stacks of Go. Then it sends SIGUSR1 to the
--- children whose names begin with "ave-".
---
--- Only the owner can read the file (0600, in a directory with 0700). It gets its
--- name when it is complete. Secrets in it are replaced by `<masked>`: the keys of
--- the process's services and clients and of `authkeys.json`, wherever they appear,
--- and the values of names that are `authkey`, `authkeys` or `alt_keys` or contain
--- `password`, `secret` or `token`. A key shorter than 6 bytes is masked only where
--- it is a whole string.
---
--- An error in this method is printed to stderr, and the process continues.
---@param signum integer
function Process:handle_SIGUSR1(signum) end

--- Called in the new process after `redirect` and before the target. It does
--- nothing. Implement it to prepare what must be ready when `start` with
--- `synchronize` returns.
function Process:initialize() end

--- Tells whether the process is running. Only the process that started it can call
--- it.
---
--- Raises `Exception` if the process was never started or is not a child of this
--- process.
---@return boolean
function Process:is_alive() end

--- Waits until the process has ended. Only the process that started it can call it.
--- If it is called again, it returns the same.
---
--- Raises `Timeout` if the process does not end in time, and `Exception` if it was
--- never started or is not a child of this process, such as a daemon.
---@param timeout? ave.Seconds 0 raises at once if the process is running. Default: no limit.
---@return integer status The exit status, or the negative number of the signal that ended the process.
function Process:join(timeout) end

--- Sends SIGKILL to the process. Does nothing if the process has ended. Not in the
--- document.
---
--- Raises `Exception` if the process was never started or is not a child of this
--- process.
function Process:kill() end

--- Prints a message to stderr if the process was made with `logging`:
--- `Sun Nov 22 14:03:05 2026 ave-Echo 4711 -- message`. The message is made safe by
--- `ave.text.printable`; lines after the first are indented.
---@param message string
function Process:log(message) end

--- Sets the signal that the process gets when its parent dies; no other signal
--- follows it. `perform_prctl()` and `perform_prctl(0)` remove the death signal. It
--- is called before `redirect`, with the signal that is set already. A class can
--- implement it and call the parent's method with another signal. Only the process
--- itself can call it.
---@param death_signal? integer The number of a signal; 0 means no signal. Default: 0.
function Process:perform_prctl(death_signal) end

--- Called first in the new process. It does nothing. Implement it to redirect
--- stderr to a file.
function Process:redirect() end

--- Called if the process has no `target`. Implement it in a class; this one raises
--- `Exception`.
---@param ... any The `args` of the constructor.
function Process:run(...) end

--- Starts the process.
---
--- Raises:
---
--- * `Exception` if the process is running already, if the `init` of its class did
---   not call its parent's, if something that it needs cannot be copied, or if it
---   ended before `initialize` was done.
--- * With `synchronize`, the errors of `redirect` and `initialize`.
---@param options? ave.StartOptions
function Process:start(options) end

--- Sends SIGTERM to the process. Does nothing if the process has ended.
---
--- Raises `Exception` if the process was never started or is not a child of this
--- process.
function Process:terminate() end

return process

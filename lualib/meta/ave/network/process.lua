---@meta ave.network.process

--- Lua functions and classes in processes of their own.
---
--- A process is a fresh interpreter that is handed its work. The function goes
--- there with the values of the locals that it uses, the globals that it names
--- and the object itself; what two of them share stays shared in the copy.
--- Nothing that the process changes is seen by its parent. Modules are required
--- anew: a function that a script has put into one goes along where it is named
--- itself, but is not in the module there.
---
--- A `Pipe`, `Socket`, `Connection` or `BlockingConnection` goes along if the
--- process has a use for it: among its `args`, in the object, or in a local or
--- global that one of its functions names. It inherits the descriptor under the
--- same number, and the part of a message that was read already; its starter
--- keeps its own until that is closed. A connection that has no socket goes as its
--- address. Of the files, `io.stdin`, `io.stdout` and `io.stderr` go along.
---
--- What cannot be copied, such as an open file or a `RemoteControl`, is refused
--- at `start`, with the way that leads to it. So are a pipe and a socket that were
--- closed, and what has sent a message only in part.
local process = {}

--- What a `Process` is made with.
---@class ave.ProcessOptions
---@field target? function What the process does. Default: the method `run`.
---@field args? any[] The arguments of `target` or `run`. Default: none.
---@field logging? boolean Let `log` print to stderr. Default: false.
---@field proc_name? string The name that `ps` shows, cut at 15 bytes. Default: "ave-" and the class's name.

--- How a process is started.
---@class ave.StartOptions
---@field daemonize? boolean Make the process the leader of a session of its own, whose parent is init. Default: false.
---@field synchronize? boolean Wait until `redirect` and `initialize` are done, and raise what they raise. Default: false.

--- The parent of all AVE processes.
---
---     local child = Process{ target = function(n) os.exit(n) end, args = { 3 } }
---     child:start()
---     child:join(5)    --> 3
---
--- In the new process come, in this order: `redirect`, `initialize`, and the
--- target or `run`. It exits with 0 when that returns, and with 1 and a report
--- on stderr when it raises an error. It dies with its parent: the kernel sends
--- it SIGKILL then, or SIGTERM if its class has a method `handle_SIGTERM`, which
--- has half a second until SIGKILL comes. Both hold for a stopped process, too.
---@class ave.Process: ave.Class
---@field pid? integer The process, once it was started. In the process too.
---@field logging boolean Whether `log` prints.
---@field proc_name string The name of the process.
---@field adopted? boolean True for a process that was started by a service which this one has taken over.
---@field target? function
---@field args? any[]
---@field handle_SIGTERM? fun(self: ave.Process, signum: integer) Called in the process on SIGTERM, also while its Lua code loops. Without it the signal ends the process at once, as the document has it. There is no argument `frame`.
---@overload fun(options?: ave.ProcessOptions): ave.Process
local Process = {}
process.Process = Process

--- The constructor: `Process(options)`. In the document these are arguments.
---@param options? ave.ProcessOptions
function Process:init(options) end

--- Says which descriptors the process inherits, besides 0, 1, 2 and those of the
--- pipes, sockets and connections that go along.
---
--- A class whose objects know a descriptor by its number alone implements it: it
--- appends the number to `exclude` and then calls its parent's. The document has
--- it called in the new process; here `start` calls it, before there is one.
---
---     function Reader:close_fds(exclude)
---         table.insert(exclude, self.number)
---         Process.close_fds(self, exclude)
---     end
---@param exclude integer[] The list to append to.
function Process:close_fds(exclude) end

--- Lets the process live when its parent dies. For the new process alone.
function Process:disable_death_signalling() end

--- Ends the process at once, as `os.exit` does. For the new process alone.
---@param status? integer Default: 0.
function Process:exit(status) end

--- Called in the process on SIGUSR1, also while its Lua code loops or waits. It
--- writes `.ave/hickup/<time>-<proc_name>-<pid>` below the field `home` or the
--- user's home directory: what every Lua thread is doing, with its locals, the
--- connections of its services, and Go's stacks. Then it sends SIGUSR1 to the
--- children whose names begin with "ave-". What it raises is printed to stderr, and
--- the process goes on.
---@param signum integer
function Process:handle_SIGUSR1(signum) end

--- Called in the new process after `redirect`, and before the target. It does
--- nothing here. A class may implement it to prepare what must be ready when a
--- synchronized `start` returns.
function Process:initialize() end

--- Tells whether the process is running. For the one that has started it alone.
---
--- Raises `Exception` if the process is not a child of this one or was never
--- started.
---@return boolean
function Process:is_alive() end

--- Waits for the process to end. For the one that has started it alone. It may
--- be called again, and returns the same.
---
--- Raises `Timeout` if the process does not end in time, and `Exception` if it
--- is not a child of this one, as a daemon, or was never started.
---@param timeout? ave.Seconds
---@return integer status What it exited with, or the negative number of the signal that ended it.
function Process:join(timeout) end

--- Sends SIGKILL to the process. One that has ended already is no error. Not in
--- the document.
---
--- Raises `Exception` if the process is not a child of this one or was never
--- started.
function Process:kill() end

--- Prints a message to stderr, if the process was made with `logging`:
--- `Sun Nov 22 14:03:05 2026 ave-Echo 4711 -- message`.
---@param message string
function Process:log(message) end

--- Chooses the signal that the process gets when its parent dies. It is called
--- without one before `redirect`, which changes nothing; a class may implement it
--- and give its parent's another signal, after which no other one follows. For the
--- new process alone.
---@param death_signal? integer The number of a signal; 0 is none.
function Process:perform_prctl(death_signal) end

--- Called in the new process before anything else of its own. It does nothing
--- here. A class may implement it to send stderr to a file.
function Process:redirect() end

--- What the process does if it has no `target`. A class implements it; this one
--- raises `Exception`.
---@param ... any The `args` of the constructor.
function Process:run(...) end

--- Starts the process.
---
--- Raises:
---
--- * `Exception` if the process is running already, if something that it needs
---   cannot be copied, or if it ended before it was initialized.
--- * With `synchronize`, whatever `redirect` and `initialize` raise.
---@param options? ave.StartOptions
function Process:start(options) end

--- Sends SIGTERM to the process. One that has ended already is no error.
---
--- Raises `Exception` if the process is not a child of this one or was never
--- started.
function Process:terminate() end

return process

---@meta ave.posix

--- Bare processes and file descriptors, for those who have started a command
--- with `cmd.run_bg` or were given a descriptor.
---
--- A descriptor is a number, or an object with a method `fileno`. Whoever has
--- made one here closes it: the garbage collector doesn't. Descriptors that
--- belong to an object, such as a connection or a file, are the object's to
--- close. All that are made here are not inherited by other programs, unless
--- `cloexec` says so.
---
--- What waits lets other Lua code run, and takes up a thread. What the operating
--- system refuses is an `OSError`, with `errno`, the name of the error.
local posix = {}

--- A number, or an object with a method `fileno` that gives it.
---@alias ave.Descriptor integer|table

--- Tells whether other programs do not inherit a descriptor, and says whether
--- they shall not.
---@param fd ave.Descriptor
---@param on? boolean
---@return boolean was
function posix.cloexec(fd, on) end

--- Closes a descriptor.
---@param fd ave.Descriptor
function posix.close(fd) end

--- Makes another descriptor for the same open file, 3 or higher.
---@param fd ave.Descriptor
---@return integer copy
function posix.dup(fd) end

--- Makes the descriptor `to` one for the same open file as `fd`. What it was
--- before is closed; take care that it was nobody else's.
---@param fd ave.Descriptor
---@param to ave.Descriptor
---@return integer to
function posix.dup2(fd, to) end

--- The user whose rights this process has.
---@return integer uid
function posix.geteuid() end

--- The group of this process.
---@return integer gid
function posix.getgid() end

--- The number of this process.
---@return integer pid
function posix.getpid() end

--- The number of the parent of this process.
---@return integer pid
function posix.getppid() end

--- The user to whom this process belongs.
---@return integer uid
function posix.getuid() end

--- Tells whether a descriptor is one of a terminal.
---@param fd ave.Descriptor
---@return boolean
function posix.isatty(fd) end

--- Sends a signal to a process, to all of a process group if `pid` is its
--- negative number, or to those that kill(2) says for 0 and -1. Signal 0 only
--- asks whether it can be sent.
---@param pid integer
---@param signal string|integer "TERM", "SIGTERM" or 15.
function posix.kill(pid, signal) end

--- Tells whether reading from and writing to an open file never waits, and says
--- whether it shall not. `posix.read` and `posix.write` wait in either case.
---@param fd ave.Descriptor
---@param on? boolean
---@return boolean was
function posix.nonblock(fd, on) end

--- Opens a file. It does not wait for the other end of a named pipe; writing to
--- one that nobody reads from is the error `ENXIO`.
---@param path string
---@param mode? string "r", the default, "w" or "a", each with "+" for the other direction too, as for io.open; "wx" and "w+x" refuse a file that there is.
---@param permissions? string Those of a new file in octal digits, less the umask. Default: "0666".
---@return integer fd
function posix.open(path, mode, permissions) end

--- Makes a pipe.
---@return integer read The end to read from.
---@return integer write The end to write to.
function posix.pipe() end

--- Waits until one of several descriptors is ready.
---
---     local ready = posix.poll({ fd, { other, "w" } }, 5)
---     if ready[fd] then ... end
---
--- What was seen is letters: "r" it can be read from, "w" written to, "h" hung
--- up, "e" error, "n" not open. The last three come without being asked for.
---@param fds (ave.Descriptor|{ [1]: ave.Descriptor, [2]: "r"|"w"|"rw" })[] A descriptor alone is waited for to be readable.
---@param timeout? ave.Seconds Default: for ever.
---@return table<integer, string> ready What was seen, by descriptor; empty when the time has passed.
function posix.poll(fds, timeout) end

--- Waits for data and reads some of it. Raises `Timeout`.
---@param fd ave.Descriptor
---@param n integer How many bytes at most; 1048576 are read at once.
---@param timeout? ave.Seconds Default: for ever.
---@return string data "" at the end: of a file, of a pipe that nobody has open for writing, of a terminal that nobody has open.
function posix.read(fd, n, timeout) end

--- What the kernel says of itself and the machine.
---@return { sysname: string, nodename: string, release: string, version: string, machine: string }
function posix.uname() end

--- Waits for a command that was started with `cmd.run_bg`, and for no other
--- process: its status belongs to whoever has started it. Of several who wait at
--- once all get the status. Raises `Timeout`; and `OSError` with the errno
--- "ECHILD" for another process and for one that has been waited for.
---@param pid integer
---@param timeout? ave.Seconds Default: for ever.
---@return integer status As `cmd.run` returns it: 0 to 255, or the negative number of the signal that ended the command.
function posix.wait(pid, timeout) end

--- Asks for the size of a terminal, and sets it, which the foreground job is
--- told by SIGWINCH.
---@param fd ave.Descriptor
---@param size? ave.TerminalSize
---@return integer cols
---@return integer rows
function posix.winsize(fd, size) end

--- Waits and writes all of the data. If that fails, `written` of the error tells
--- how many bytes were written. Raises `Timeout`.
---@param fd ave.Descriptor
---@param data string
---@param timeout? ave.Seconds Default: for ever.
---@return integer written
function posix.write(fd, data, timeout) end

return posix

---@meta ave.posix

--- Functions of the operating system for processes and file descriptors, such as
--- those of `cmd.run_bg`.
---
--- A descriptor is a number, or an object with a method `fileno`. Close every
--- descriptor that you make here: the garbage collector does not do it. Do not
--- close a descriptor that belongs to an object, such as a connection or a file:
--- close the object. Descriptors that are made here are not inherited by other
--- programs, unless `cloexec` changes that.
---
--- While a function waits, other tasks run. If the operating system refuses
--- something, the functions raise an `OSError` whose field `errno` is the name of
--- the error.
local posix = {}

--- The number of a descriptor, or an object with a method `fileno` that returns it.
---@alias ave.Descriptor integer|table

--- Gets, and with `on` also sets, whether a descriptor is closed when another
--- program is executed, so that the program does not inherit it.
---@param fd ave.Descriptor
---@param on? boolean The new setting. Default: no change.
---@return boolean was The setting before the call.
function posix.cloexec(fd, on) end

--- Closes a descriptor.
---@param fd ave.Descriptor
function posix.close(fd) end

--- Makes another descriptor, 3 or higher, for the same open file.
---@param fd ave.Descriptor
---@return integer copy
function posix.dup(fd) end

--- Makes `to` a descriptor for the same open file as `fd`. If `to` was open, it is
--- closed first; make sure that nothing else uses it.
---@param fd ave.Descriptor
---@param to ave.Descriptor
---@return integer to
function posix.dup2(fd, to) end

--- Returns the effective user of this process.
---@return integer uid
function posix.geteuid() end

--- Returns the group of this process.
---@return integer gid
function posix.getgid() end

--- Returns the pid of this process.
---@return integer pid
function posix.getpid() end

--- Returns the pid of the parent of this process.
---@return integer pid
function posix.getppid() end

--- Returns the real user of this process.
---@return integer uid
function posix.getuid() end

--- Tells whether a descriptor refers to a terminal.
---@param fd ave.Descriptor
---@return boolean
function posix.isatty(fd) end

--- Sends a signal to a process. A negative `pid` means all processes of that
--- process group; 0 and -1 mean what kill(2) says. Signal 0 sends nothing: it only
--- checks whether a signal could be sent.
---@param pid integer
---@param signal string|integer "TERM", "SIGTERM" or 15.
function posix.kill(pid, signal) end

--- Gets, and with `on` also sets, whether an open file is non-blocking.
--- `posix.read` and `posix.write` wait in both cases.
---@param fd ave.Descriptor
---@param on? boolean The new setting. Default: no change.
---@return boolean was The setting before the call.
function posix.nonblock(fd, on) end

--- Opens a file. It does not wait for the other end of a named pipe; opening one
--- for writing that no process has open for reading raises `ENXIO`.
---@param path string
---@param mode? string As for `io.open`: "r", "w" or "a", each with "+" to read and write. "wx" and "w+x" fail if the file exists. Default: "r".
---@param permissions? string The permissions of a new file, in octal digits; the umask is applied. Default: "0666".
---@return integer fd
function posix.open(path, mode, permissions) end

--- Makes a pipe of the operating system.
---@return integer read The end to read from.
---@return integer write The end to write to.
function posix.pipe() end

--- Waits until one of several descriptors is ready.
---
---     local ready = posix.poll({ fd, { other, "w" } }, 5)
---     if ready[fd] then ... end
---
--- Each result is a string of letters: "r" readable, "w" writable, "h" hung up, "e"
--- error, "n" not open. The last three are always reported.
---@param fds (ave.Descriptor|{ [1]: ave.Descriptor, [2]: "r"|"w"|"rw" })[] What to wait for. A descriptor alone is waited for until it is readable.
---@param timeout? ave.Seconds 0 only checks. Default: no limit.
---@return table<integer, string> ready The letters by descriptor; empty after the timeout.
function posix.poll(fds, timeout) end

--- Waits for data and reads some of it. Raises `Timeout`.
---@param fd ave.Descriptor
---@param n integer The largest number of bytes to read. One call reads at most 1048576.
---@param timeout? ave.Seconds 0 only reads what is available already. Default: no limit.
---@return string data "" at the end of a file, of a pipe that no process has open for writing, or of a terminal that no process has open.
function posix.read(fd, n, timeout) end

--- Returns what uname(2) says about the kernel and the machine.
---@return { sysname: string, nodename: string, release: string, version: string, machine: string }
function posix.uname() end

--- Waits for a command that was started with `cmd.run_bg`. If several tasks wait
--- for it at the same time, all get its status.
---
--- Raises `Timeout`; and `OSError` with `errno` "ECHILD" for any other process, and
--- for a command that was waited for already.
---@param pid integer The pid that `cmd.run_bg` returned.
---@param timeout? ave.Seconds 0 raises at once if the process is running. Default: no limit.
---@return integer status As of `cmd.run`: 0 to 255, or the negative number of the signal that ended the command.
function posix.wait(pid, timeout) end

--- Gets the size of a terminal, and sets it if `size` is given. After a change the
--- foreground job gets SIGWINCH.
---@param fd ave.Descriptor
---@param size? ave.TerminalSize The new size. Default: no change.
---@return integer cols
---@return integer rows
function posix.winsize(fd, size) end

--- Writes all of the data, and waits until that is done. Raises `Timeout`. The
--- field `written` of an error is the number of bytes that were written before it.
---@param fd ave.Descriptor
---@param data string
---@param timeout? ave.Seconds 0 only writes what can be written at once. Default: no limit.
---@return integer written
function posix.write(fd, data, timeout) end

return posix

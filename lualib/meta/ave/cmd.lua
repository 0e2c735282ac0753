---@meta ave.cmd

--- Runs external programs on pseudoterminals.
---
--- A program on a terminal writes as it would for a person. What it says on
--- stdout and stderr is one stream, in order and unbuffered, and its lines end
--- in "\r\n". Its input is the terminal too, and nothing is typed there but the
--- option `input`.
---
--- The command is a list of words, which are passed as they are, or a string
--- that is split at white space; a string has no quoting. Numbers in a list are
--- words: `cmd.run { "kill", pid }`. No shell is involved, except by `cmd.sh`.
---
--- The document warns that `adb` does not daemonize correctly, so that an ADB
--- server cannot be started with these functions. That has not changed.
local cmd = {}

--- How many characters a terminal shows.
---@class ave.TerminalSize
---@field cols? integer 1 to 65535. Default: 80.
---@field rows? integer 1 to 65535. Default: 24.

--- How a command is run. The document has the first four.
---@class ave.CmdOptions
---@field timeout? ave.Seconds Ends the command, with all its processes. 0, the default, waits for ever. While `on_output` runs nobody looks at it.
---@field debug? boolean Write the command and what it says to stderr. Default: false.
---@field cwd? string The directory to run in. Default: the current one.
---@field output_file? file* A file that is open for writing; it gets the output as it comes. If that fails, the command is ended.
---@field env? table<string, string> Environment variables above those of this process.
---@field clear_env? boolean Give the command no environment variables but those of `env`. Default: false.
---@field size? ave.TerminalSize The size of the terminal.
---@field input? string Is typed, and then the key for the end of input, so "" is an empty input. The terminal echoes it: it is part of the output unless the command turns that off. Control characters are keys: "\3" interrupts. A line may have 4095 bytes. A command that throws away what was typed before it asked, as most do for a password, needs `cmd.spawn`.
---@field on_output? fun(piece: string) Is called with each piece of the output as it comes, in which lines and characters may be cut anywhere. The command's output is not read meanwhile. An error in it ends the command and is raised by `run`.
---@field keep? number How many bytes of the end of the output are returned, and kept in memory at most twice. Default: all, `math.huge`; with `output_file` or `on_output`, which get all, 1048576.
---@field check? boolean Raise RunError for any status but 0. Default: false.
---@field user? string The name or number of the user to run as, with all groups; HOME, USER and LOGNAME are set. Needs root.
---@field kill_after? ave.Seconds How long those of its processes that a hang-up should end may take for it before they are killed. Default: 0.1.
---@field ladder? { [1]: string|integer, [2]: ave.Seconds }[] Instead of `kill_after`: the signals that they get, and how long they may take after each. After the last they are killed. `{ { "HUP", 0.1 } }` is the default.

--- How a command is started in the background. They mean what they mean for
--- `run`.
---@class ave.CmdBackgroundOptions
---@field debug? boolean Write the command to stderr. Default: false.
---@field cwd? string
---@field env? table<string, string>
---@field clear_env? boolean
---@field size? ave.TerminalSize
---@field user? string

--- Makes a word safe for the shell: quoted, unless nothing in it has a meaning
--- there.
---
---     cmd.sh("grep -c " .. cmd.quote(pattern) .. " < " .. cmd.quote(path))
---
---@param word string
---@return string quoted
function cmd.quote(word) end

--- Runs a command to its end.
---
--- When it returns, nothing of the command is left, background jobs included,
--- whether they ignore signals, lead process groups or sessions of their own, or
--- go on forking. Only a process that has daemonized correctly lives on: one
--- that has lost its parent and leads a session of its own.
---
---     local status, output = cmd.run("ls -l", { timeout = 5, cwd = "/tmp" })
---     local _, sorted = cmd.run("sort", { input = "b\na\n" }) -- with an echo
---
--- The earlier system returned a third value, which was always "". It returned
--- 0 for a command that a signal had ended, and a negative number for one that
--- exited with 128 or more. Here the status is what happened.
---
--- Raises:
---
--- * `RunError` if the command could not be started, which says so if this
---   process or the machine has run out of pseudoterminals, processes, file
---   descriptors or memory; or, with `check`, if it failed. It has `cmd` (a
---   list), `out` and, as its older name, `ptyout`; if it failed also `status`.
--- * `Timeout` if the command took longer than `timeout`. It has `cmd` (a list)
---   and `out`, what the command had written so far, or the end of it: see
---   `keep`.
---@param cmd string|(string|number)[] The command.
---@param options? ave.CmdOptions
---@return integer status What the command exited with, 0 to 255, or the negative number of the signal that ended it.
---@return string output All that was written on the terminal, byte for byte, or the end of it: see `keep`.
function cmd.run(cmd, options) end

--- Starts a command and returns at once.
---
--- The caller must wait for the process and close the descriptor, as the
--- document says; `ave.posix` has the functions. Closing the descriptor hangs
--- the command up. It is non-blocking; `posix.read` gives "" from it when nobody
--- has the terminal open any more.
---
---     local pid, fd = cmd.run_bg("make all")
---     repeat
---         local piece = posix.read(fd, 4096)
---         io.write(piece)
---     until piece == ""
---     local status = posix.wait(pid)
---     posix.close(fd)
---
--- Raises `RunError` if the command could not be started.
---@param cmd string|(string|number)[] The command.
---@param options? ave.CmdBackgroundOptions
---@return integer pid The process, the leader of a session of its own.
---@return integer fd The descriptor of its pseudoterminal, with all that is written to stdout and stderr.
function cmd.run_bg(cmd, options) end

--- Runs a script of the shell, `sh -c`, as `cmd.run` runs a command.
---
---     local status, output = cmd.sh("dmesg | tail -1")
---
---@param script string
---@param options? ave.CmdOptions
---@return integer status
---@return string output
function cmd.sh(script, options) end

return cmd

---@meta ave.cmd

--- Runs external programs on pseudoterminals.
---
--- A program on a terminal writes as it would for a person. What it says on
--- stdout and stderr is one stream, in order and unbuffered, and its lines end
--- in "\r\n". Its input is the terminal too, and nothing is ever typed there.
---
--- The command is a list of words, or a string that is split at white space; a
--- string has no quoting. No shell is involved. For one:
---
---     cmd.run({ "sh", "-c", "dmesg | tail -1" })
---
--- The document warns that `adb` does not daemonize correctly, so that an ADB
--- server cannot be started with these functions. That has not changed.
local cmd = {}

--- How a command is run. The document has all of these but `env`.
---@class ave.CmdOptions
---@field timeout? ave.Seconds Ends the command, with all its processes. 0, the default, waits for ever. Without meaning for `run_bg`.
---@field debug? boolean Write the command and what it says to stderr. Default: false.
---@field cwd? string The directory to run in. Default: the current one.
---@field output_file? file* A file that is open for writing; it gets the output as it comes. If that fails, the command is ended. Without meaning for `run_bg`.
---@field env? table<string, string> Environment variables above those of this process.

--- Runs a command to its end.
---
--- When it returns, nothing of the command is left, background jobs included.
--- Only a process that has daemonized correctly lives on: one that has lost its
--- parent and leads a session of its own.
---
---     local status, output = cmd.run("ls -l", { timeout = 5, cwd = "/tmp" })
---
--- The earlier system returned a third value, which was always "". It returned
--- 0 for a command that a signal had ended, and a negative number for one that
--- exited with 128 or more. Here the status is what happened.
---
--- Raises:
---
--- * `RunError` if the command could not be started. It has `cmd` (a list),
---   `out` and, as its older name, `ptyout`.
--- * `Timeout` if the command took longer than `timeout`. It has `cmd` (a list)
---   and `out`, what the command had written so far.
---@param cmd string|string[] The command.
---@param options? ave.CmdOptions
---@return integer status What the command exited with, 0 to 255, or the negative number of the signal that ended it.
---@return string output All that was written on the terminal, byte for byte.
function cmd.run(cmd, options) end

--- Starts a command and returns at once.
---
--- The caller must wait for the process and close the descriptor, as the
--- document says. Closing it hangs the command up. Reading from it gives an
--- input/output error when nobody writes to the terminal any more. Of the
--- options, `cwd`, `env` and `debug` have a meaning here.
---
--- Raises `RunError` if the command could not be started.
---@param cmd string|string[] The command.
---@param options? ave.CmdOptions
---@return integer pid The process, the leader of a session of its own.
---@return integer fd The descriptor of its pseudoterminal, with all that is written to stdout and stderr.
function cmd.run_bg(cmd, options) end

return cmd

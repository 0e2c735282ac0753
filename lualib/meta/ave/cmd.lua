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
---@field record? string A file to record the run in, as asciicast, for asciinema.
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

--- Something that a program can be expected to write, or a screen to show, which
--- is no plain text. `cmd.pattern` and `cmd.regex` make it.
---@class ave.Pattern: ave.Class
local Pattern = {}
cmd.Pattern = Pattern

--- Raises `TypeError`: patterns are made by `cmd.pattern` and `cmd.regex`.
function Pattern:init() end

--- Matches when the program has ended and all that it wrote is looked through.
--- `before` is the rest then.
---@type ave.Pattern
cmd.EOF = nil

--- Matches when the time is over. It takes nothing from the output; `before` is
--- all that is left there.
---@type ave.Pattern
cmd.TIMEOUT = nil

--- Makes a pattern of Lua, as `string.find` has it, for `Session:expect`. `^` is
--- the beginning of what nobody has taken yet.
---
---     local _, percent = session:expect(cmd.pattern("(%d+)%% done"))
---
--- Raises `TypeError` for a pattern that is malformed, or has a `()`.
---@param pattern string
---@return ave.Pattern
function cmd.pattern(pattern) end

--- Makes a regular expression, with the syntax of RE2 as `ave.regex` has it, for
--- `Session:expect`. Only this kind of pattern takes a time that is linear in the
--- output whatever it is; a search for one of Lua's is given up a second after the
--- timeout.
---
--- Raises `TypeError` for an expression that is malformed.
---@param expression string
---@return ave.Pattern
function cmd.regex(expression) end

--- How a session is started.
---@class ave.SpawnOptions
---@field clear_env? boolean Give the program nothing of this process's environment. Default: false.
---@field cwd? string The directory to run in. Default: the current one.
---@field env? table<string, string> Environment variables above those of this process.
---@field keep? integer Bounds the memory for output: of what was looked through in vain only about so many bytes stay, and `Session:dropped` counts the others. What nothing has looked through yet is never dropped; the program waits instead. Default: everything stays.
---@field ladder? table As for `cmd.run`: how the program is ended.
---@field output_file? file* A file that is open for writing; it gets the output as it comes.
---@field record? string A file to record the session in, as asciicast, for asciinema. What is typed is not recorded.
---@field screen? boolean Have the screen from the beginning, so that it answers all queries of the program. By default it is made when a method needs it, from the last 256 KiB of the output at least.
---@field size? { cols?: integer, rows?: integer } Of the terminal. Default: 80 columns, 24 rows.
---@field timeout? ave.Seconds How long the session's methods wait if they are not told. `math.huge` is for ever. Default: 30.
---@field user? string The user to run as, by name or number. It needs root.

--- Starts a program to talk to.
---
---     local session = cmd.spawn("sqlite3", { timeout = 5 })
---     session:expect("sqlite> ")
---     session:sendline("select 6 * 7;")
---     local _, answer = session:expect(cmd.pattern("\n(%d+)\r\n"))
---     session:sendeof()
---     local status = session:wait()
---
--- When the program has ended, all that it has left behind is ended as `cmd.run`
--- does. Sessions that are still there when the script ends are closed.
---
--- Raises `RunError` if the program could not be started.
---@param cmd string|(string|number)[] The program, as for `cmd.run`.
---@param options? ave.SpawnOptions
---@return ave.Session
function cmd.spawn(cmd, options) end

--- A program on a terminal, and a script in front of it.
---
--- What it writes is read all the time and kept until an expectation takes it. If
--- it writes 16 MiB that nobody waits for, it has to wait itself.
---
--- Where something takes too long, a `Timeout` is raised, and where the program
--- ends too early, an `EOF`. Their messages tell what was wanted, what the
--- program does, and what it wrote last. They have `cmd`, a list, and `out`, the
--- output that nobody has taken, its last 64 KiB.
---@class ave.Session: ave.Class
---@field pid integer The program's, the leader of a session of its own.
---@field before? string What came before the last match.
---@field match? string The last match.
---@field captures? string[] Those of the last match.
---@field after string What has come after it by now, and is still to be expected.
local Session = {}
cmd.Session = Session

--- Raises `TypeError`: sessions are made by `cmd.spawn`.
function Session:init() end

--- Ends the program, if it has not ended, and everything that it has started, as
--- `cmd.run` does. The output is still there to be expected. Closing again does
--- nothing.
---@return integer status As `cmd.run` has it.
function Session:close() end

--- Presses a key together with Ctrl: `session:control "c"`.
---@param key string A letter, or one of `@ [ \ ] ^ _ ?`.
function Session:control(key) end

--- Returns how many bytes of output were dropped: see the option `keep`.
---@return integer
function Session:dropped() end

--- How long to wait.
---@class ave.WaitOptions
---@field timeout? ave.Seconds Default: that of `cmd.spawn`. 0 takes what has come by now.

--- Waits until the program writes one of some patterns, and takes the output up to
--- its end. What comes after it is there for the next expectation.
---
---     local which, name = session:expect({ "login: ", cmd.pattern("welcome, (%w+)"), cmd.EOF })
---
--- A string is plain text. What programs write, and prompts above all, is full of
--- the characters that mean something in patterns, and not the same in Lua's and
--- in regular expressions: "$ ", "(gdb) ", "Continue? [y/n]". So who wants a
--- pattern says which kind.
---
--- The match that begins first in the output counts; if several begin there,
--- that of the pattern which is first in the list. A match that could be another
--- one with more output, as that of "%d+" at the end, is taken when nothing has
--- come for 20 ms. Characters of UTF-8 are not cut apart.
---
--- One task may expect at a time; others wait for their turn, at most as long as
--- their timeout. Those that wait for the screen or the end do so beside them.
---
--- Raises `Timeout`, unless `cmd.TIMEOUT` is in the list, and `EOF`, unless
--- `cmd.EOF` is.
---@param patterns string|ave.Pattern|(string|ave.Pattern)[]
---@param options? ave.WaitOptions
---@return integer which The pattern's place in the list.
---@return string ... Its captures. One that took no part in the match is "".
function Session:expect(patterns, options) end

--- Does the same as `expect`, and takes texts, `cmd.EOF` and `cmd.TIMEOUT` alone:
--- for those who know it from pexpect.
---@param texts string|(string|ave.Pattern)[]
---@param options? ave.WaitOptions
---@return integer which
function Session:expect_exact(texts, options) end

--- Where to look on the screen, and how long.
---@class ave.ExpectScreenOptions
---@field row? integer The row; 1 is the first, -1 the last. Default: anywhere; then there is "\n" between rows.
---@field timeout? ave.Seconds

--- Waits until the screen shows something. It takes nothing from the output.
---
---     session:expect_screen("-- INSERT --", { row = -1 })
---
--- Raises as `expect` does, with the screen in the message.
---@param pattern string|ave.Pattern
---@param options? ave.ExpectScreenOptions
---@return ave.Screen
function Session:expect_screen(pattern, options) end

--- How a person takes over.
---@class ave.InteractOptions
---@field escape? string The key that ends it, together with Ctrl. Default: "]".

--- Lets the person in front of this process's terminal talk to the program, until
--- Ctrl-] is typed or the program ends. The output is shown and taken.
---@param options? ave.InteractOptions
function Session:interact(options) end

--- Tells whether the program runs, or something that it wrote last is still to be
--- read.
---@return boolean
function Session:is_alive() end

--- Iterates over the lines to come, without their ends, until the program has
--- ended. Each may take as long as the timeout.
---
---     for line in session:lines() do print(line) end
---
--- Raises `Timeout`.
---@param options? ave.WaitOptions
---@return fun(): string?
function Session:lines(options) end

--- Presses keys by their names, one after the other, as the program wants to have
--- them at present: "Down", "F5", "PageUp", "Enter", "a", "Ctrl-X", "Alt-b".
---
---     session:press("Down", "Down", "Enter")
---
--- Raises `TypeError` for a key that there is not; none is pressed then.
---@param ... string
function Session:press(...) end

--- Changes the size of the terminal, which the program is told by a SIGWINCH.
---@param cols integer
---@param rows integer
function Session:resize(cols, rows) end

--- Returns what a person would see.
---@return ave.Screen
function Session:screen() end

--- How to type.
---@class ave.SendOptions
---@field delay? ave.Seconds The time between two characters. Default: 0.
---@field timeout? ave.Seconds

--- Types a text as it is.
---
--- The kernel cuts off a line after 4095 bytes, unless the program has turned the
--- editing of lines off.
---
--- Raises `Timeout` if the program does not read it, and `EOF` if it has ended.
---@param text string
---@param options? ave.SendOptions
function Session:send(text, options) end

--- Types the terminal's character for the end of the input, usually Ctrl-D. It
--- means that at the beginning of a line.
function Session:sendeof() end

--- Types a text and the Enter key, which is "\r" as on every keyboard; programs
--- read it as "\n" unless they want it otherwise.
---@param text? string
---@param options? ave.SendOptions
function Session:sendline(text, options) end

--- Waits until the program has ended. Its output is still there to be expected.
---
--- Raises `Timeout` if it has not ended in time.
---@param timeout? ave.Seconds Default: that of `cmd.spawn`.
---@return integer status As `cmd.run` has it.
function Session:wait(timeout) end

--- Waits until the program has turned the echo of the terminal off, as it does
--- before it reads a password: what is typed earlier is to be seen in the output.
---
---     session:expect("Password: ")
---     session:wait_noecho()
---     session:sendline(password)
---
--- Raises `Timeout` and `EOF`.
---@param options? ave.WaitOptions
function Session:wait_noecho(options) end

--- How long a screen has to stay the same.
---@class ave.StableOptions
---@field quiet? ave.Seconds Default: 0.2.
---@field timeout? ave.Seconds

--- Waits until the screen has not changed for a while.
---
--- Raises `Timeout`.
---@param options? ave.StableOptions
---@return ave.Screen
function Session:wait_stable(options) end

return cmd

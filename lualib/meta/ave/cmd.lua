---@meta ave.cmd

--- Runs other programs on pseudoterminals.
---
--- On a terminal, a program writes as it does for a person. Its stdout and stderr
--- are one stream, in order and unbuffered, and lines end in "\r\n". The terminal
--- is also its input; nothing is typed there except the option `input`.
---
--- A command is a list of words, which are passed unchanged, or a string, which is
--- split at white space. Quotes in a string have no meaning. Numbers in a list
--- become words: `cmd.run { "kill", pid }`. Only `cmd.sh` uses a shell.
---
--- `adb` does not daemonize correctly, so these functions cannot start an ADB
--- server. The document warns of that; it is still true.
local cmd = {}

--- The size of a terminal, in characters.
---@class ave.TerminalSize
---@field cols? integer 1 to 65535. Default: 80.
---@field rows? integer 1 to 65535. Default: 24.

--- How a command is run. The first four are in the document.
---@class ave.CmdOptions
---@field timeout? ave.Seconds End the command, with all its processes, after this time. 0 means no limit, as in the document. It is not checked while `on_output` runs. Default: 0.
---@field debug? boolean Write the command and its output to stderr. Default: false.
---@field cwd? string The directory to run in. Default: the current one.
---@field output_file? file* A file that is open for writing. The output is written to it as it comes; if that fails, the command is ended. The output is also returned: see `keep` for commands with much output.
---@field env? table<string, string> Environment variables to set, in addition to those of this process.
---@field clear_env? boolean Give the command only the environment variables in `env`. Default: false.
---@field size? ave.TerminalSize The size of the terminal.
---@field input? string Text to type, followed by the key for the end of input; "" is an empty input. The terminal echoes it, so it is part of the output unless the command turns the echo off. Control characters act as keys: "\3" interrupts. A line can have at most 4095 bytes. A command that discards what was typed before its prompt, as most do for a password, needs `cmd.spawn`.
---@field on_output? fun(piece: string) Called with each piece of the output as it comes. A piece may begin and end inside a line or a character. While it runs, no output is read. If it raises an error, the command is ended and `run` raises the error.
---@field keep? number Return only the last bytes of the output, this many. The output takes up to twice as much memory. Default: `math.huge`, all of it; with `on_output`, which gets all of it, 1048576.
---@field record? string A file to record the run in, in the asciicast format of asciinema.
---@field check? boolean Raise `RunError` if the status is not 0. Default: false.
---@field user? string The name or number of the user to run as, with all of the user's groups. HOME, USER and LOGNAME are set. Only root can use it. Default: the user of this process.
---@field kill_after? ave.Seconds How long processes may take to end after the terminal hangs up, before they are killed. Default: 0.1.
---@field ladder? { [1]: string|integer, [2]: ave.Seconds }[] Instead of `kill_after`: the signals to send, and how long to wait after each one. Processes that are still running after the last one are killed. Default: `{ { "HUP", 0.1 } }`.

--- How a command is started in the background. The options are those of `run`.
---@class ave.CmdBackgroundOptions
---@field debug? boolean Write the command to stderr. Default: false.
---@field cwd? string The directory to run in. Default: the current one.
---@field env? table<string, string> Environment variables to set, in addition to those of this process.
---@field clear_env? boolean Give the command only the environment variables in `env`. Default: false.
---@field size? ave.TerminalSize The size of the terminal.
---@field user? string The name or number of the user to run as. Only root can use it. Default: the user of this process.

--- Quotes a word for the shell. A word without special characters stays as it is.
---
---     cmd.sh("grep -c " .. cmd.quote(pattern) .. " < " .. cmd.quote(path))
---
---@param word string
---@return string quoted
function cmd.quote(word) end

--- Runs a command to its end.
---
--- When it returns, no process of the command is running any more. This includes
--- background jobs that ignore signals, lead process groups or sessions of their
--- own, or keep forking. Only a process that has daemonized correctly lives on: one
--- whose parent has ended and which leads a session of its own.
---
---     local status, output = cmd.run("ls -l", { timeout = 5, cwd = "/tmp" })
---     local _, sorted = cmd.run("sort", { input = "b\na\n" }) -- with an echo
---
--- Differences from the earlier system: it returned a third value, which was always
--- "". It returned 0 for a command that a signal had ended, and a negative number
--- for one that exited with 128 or more. Here the status is always the real one.
---
--- Raises:
---
--- * `RunError` if the command could not be started, or, with `check`, if it
---   failed. The message says if this process or the machine has run out of
---   pseudoterminals, processes, file descriptors or memory. Fields: `cmd` (a
---   list), `out`, `ptyout` (the older name of `out`), and, if the command failed,
---   `status`.
--- * `Timeout` if the command took longer than `timeout`. Fields: `cmd` (a list)
---   and `out`, what the command had written until the timeout, or the end of it:
---   see `keep`.
---@param cmd string|(string|number)[] The command.
---@param options? ave.CmdOptions
---@return integer status The exit status of the command, 0 to 255, or the negative number of the signal that ended it.
---@return string output Everything that was written to the terminal, byte for byte, or the end of it: see `keep`.
function cmd.run(cmd, options) end

--- Starts a command and returns at once.
---
--- The caller must wait for the process and close the descriptor, as the document
--- says; `ave.posix` has functions for both. Closing the descriptor hangs up the
--- command's terminal. The descriptor is non-blocking. `posix.read` returns "" from
--- it once no process has the terminal open any more.
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
---@return integer pid The process. It leads a session of its own.
---@return integer fd The descriptor of its pseudoterminal, from which all its output can be read.
function cmd.run_bg(cmd, options) end

--- Runs a shell script with `sh -c`. Options, results and errors are those of
--- `cmd.run`.
---
---     local status, output = cmd.sh("dmesg | tail -1")
---
---@param script string
---@param options? ave.CmdOptions
---@return integer status
---@return string output
function cmd.sh(script, options) end

--- A pattern for `Session:expect` and `Session:expect_screen`. `cmd.pattern` and
--- `cmd.regex` make patterns.
---@class ave.Pattern: ave.Class
local Pattern = {}
cmd.Pattern = Pattern

--- Raises `TypeError`: patterns are made by `cmd.pattern` and `cmd.regex`.
function Pattern:init() end

--- For `Session:expect`: matches when the program has ended and nothing else in its
--- output has matched. `before` is then the rest of the output.
---@type ave.Pattern
cmd.EOF = nil

--- For `Session:expect`: matches after the timeout. It takes nothing from the
--- output; `before` is then all output that nobody has taken yet.
---@type ave.Pattern
cmd.TIMEOUT = nil

--- Makes a pattern from a Lua pattern, as for `string.find`. `^` matches at the
--- beginning of the output that nobody has taken yet.
---
---     local _, percent = session:expect(cmd.pattern("(%d+)%% done"))
---
--- Raises `TypeError` if the pattern is malformed or contains `()`.
---@param pattern string
---@return ave.Pattern
function cmd.pattern(pattern) end

--- Makes a pattern from a regular expression, in the syntax of `ave.regex`.
--- Searching for it takes time linear in the output. Some Lua patterns take much
--- longer; the search for one is given up a second after the timeout.
---
--- Raises `TypeError` if the expression is malformed.
---@param expression string
---@return ave.Pattern
function cmd.regex(expression) end

--- How a session is started.
---@class ave.SpawnOptions
---@field clear_env? boolean Give the program only the environment variables in `env`. Default: false.
---@field cwd? string The directory to run in. Default: the current one.
---@field env? table<string, string> Environment variables to set, in addition to those of this process.
---@field keep? integer Limits the memory for output: of output that was searched without a match, keep only about this many bytes; `Session:dropped` counts the rest. Output that was not searched yet is never dropped: the program waits instead. Default: keep everything.
---@field ladder? table How the program is ended, as for `cmd.run`.
---@field output_file? file* A file that is open for writing. The output is written to it as it comes.
---@field record? string A file to record the session in, in the asciicast format of asciinema. What is typed is not recorded.
---@field screen? boolean Make the screen at the start, so that it can answer all queries of the program. Otherwise it is made when a method first needs it, from at least the last 256 KiB of the output. Default: false.
---@field size? { cols?: integer, rows?: integer } The size of the terminal. Default: 80 columns, 24 rows.
---@field timeout? ave.Seconds How long the methods of the session wait if they are not given a timeout. `math.huge` means no limit; 0 does not wait at all, unlike in `run`. Default: 30.
---@field user? string The name or number of the user to run as. Only root can use it. Default: the user of this process.

--- Starts a program for a dialogue: the script reads what the program writes, and
--- types answers.
---
---     local session = cmd.spawn("sqlite3", { timeout = 5 })
---     session:expect("sqlite> ")
---     session:sendline("select 6 * 7;")
---     local _, answer = session:expect(cmd.pattern("\n(%d+)\r\n"))
---     session:sendeof()
---     local status = session:wait()
---
--- When the program ends, the processes that it leaves behind are ended, as by
--- `cmd.run`. Sessions that are still open when the script ends are closed.
---
--- Raises `RunError` if the program could not be started.
---@param cmd string|(string|number)[] The program, as for `cmd.run`.
---@param options? ave.SpawnOptions
---@return ave.Session
function cmd.spawn(cmd, options) end

--- A program on a terminal that a script reads from and types to.
---
--- The program's output is read all the time and kept until `expect` takes it. Once
--- 16 MiB are kept that nothing has searched, the program has to wait.
---
--- Methods raise `Timeout` if something takes too long, and `EOF` if the program
--- ends too early. The messages say what was expected, whether the program is
--- running, and what it wrote last. Fields of both: `cmd` (a list) and `out`, the
--- last 64 KiB of the output that nobody has taken.
---@class ave.Session: ave.Class
---@field pid integer The process of the program. It leads a session of its own.
---@field before? string The output before the last match.
---@field match? string The last match.
---@field captures? string[] The captures of the last match.
---@field after string The output after the last match, as far as it has come. The next `expect` searches it.
local Session = {}
cmd.Session = Session

--- Raises `TypeError`: sessions are made by `cmd.spawn`.
function Session:init() end

--- Ends the program, unless it has ended, and everything that it started, as
--- `cmd.run` does. `expect` can still read the output. Closing a session twice does
--- nothing.
---@return integer status As of `cmd.run`.
function Session:close() end

--- Presses a key together with Ctrl: `session:control "c"`.
---@param key string A letter, or one of `@ [ \ ] ^ _ ?`.
function Session:control(key) end

--- Returns the number of bytes of output that were dropped: see the option `keep`.
---@return integer
function Session:dropped() end

--- How long to wait.
---@class ave.WaitOptions
---@field timeout? ave.Seconds 0 only looks at output that has come already. Default: the timeout of `cmd.spawn`.

--- Waits until the output contains a match of one of the patterns, and takes the
--- output up to the end of the match. The rest is left for the next call.
---
---     local which, name = session:expect({ "login: ", cmd.pattern("welcome, (%w+)"), cmd.EOF })
---
--- A string is plain text, not a pattern: prompts such as "$ ", "(gdb) " or
--- "Continue? [y/n]" are full of special characters, which also differ between Lua
--- patterns and regular expressions. Use `cmd.pattern` or `cmd.regex` for a
--- pattern.
---
--- The match that begins first in the output counts; if several begin at the same
--- place, the pattern that is first in the list. If more output could change a
--- match, such as a match of "%d+" at the end of the output, it is taken only after
--- 20 ms without output. UTF-8 characters are never split.
---
--- Only one task can expect at a time; others wait for their turn, at most for
--- their timeout. Tasks that wait for the screen or for the end of the program do
--- not have to take turns.
---
--- Raises `Timeout` unless `cmd.TIMEOUT` is in the list, and `EOF` unless `cmd.EOF`
--- is in the list.
---@param patterns string|ave.Pattern|(string|ave.Pattern)[]
---@param options? ave.WaitOptions
---@return integer which The position of the pattern in the list.
---@return string ... Its captures. A capture that took no part in the match is "".
function Session:expect(patterns, options) end

--- The same as `expect`, but takes only plain text, `cmd.EOF` and `cmd.TIMEOUT`. It
--- is here for users of pexpect.
---@param texts string|(string|ave.Pattern)[]
---@param options? ave.WaitOptions
---@return integer which
function Session:expect_exact(texts, options) end

--- Where on the screen to look, and how long.
---@class ave.ExpectScreenOptions
---@field row? integer The only row to look at; 1 is the first row, -1 the last. Default: all rows, joined by "\n".
---@field timeout? ave.Seconds 0 looks at the screen once. Default: the timeout of `cmd.spawn`.

--- Waits until the screen shows a match. It takes nothing from the output.
---
---     session:expect_screen("-- INSERT --", { row = -1 })
---
--- Raises `Timeout` and `EOF`. The message contains the screen.
---@param pattern string|ave.Pattern
---@param options? ave.ExpectScreenOptions
---@return ave.Screen
function Session:expect_screen(pattern, options) end

--- Options of `Session:interact`.
---@class ave.InteractOptions
---@field escape? string The key that ends it when pressed together with Ctrl. Default: "]".

--- Connects the terminal of this process with the program, until the user presses
--- Ctrl-] or the program ends. The output is shown, and so taken from the session.
---@param options? ave.InteractOptions
function Session:interact(options) end

--- Tells whether the program is running, or has ended but its last output is not
--- read yet.
---@return boolean
function Session:is_alive() end

--- Iterates over the lines of the output until the program ends. Lines come without
--- "\r\n". The timeout applies to each line.
---
---     for line in session:lines() do print(line) end
---
--- Raises `Timeout` if a line takes too long.
---@param options? ave.WaitOptions
---@return fun(): string?
function Session:lines(options) end

--- Presses keys, one after the other, given by their names: "Down", "F5", "PageUp",
--- "Enter", "a", "Ctrl-X", "Alt-b". They are sent in the form that the program has
--- currently asked for.
---
---     session:press("Down", "Down", "Enter")
---
--- Raises `TypeError` for a key that does not exist; no key is pressed then.
---@param ... string The names of the keys.
function Session:press(...) end

--- Changes the size of the terminal. The program gets a SIGWINCH.
---@param cols integer
---@param rows integer
function Session:resize(cols, rows) end

--- Returns what a person would see on the terminal now.
---@return ave.Screen
function Session:screen() end

--- How to type a text.
---@class ave.SendOptions
---@field delay? ave.Seconds The time between two characters. Default: 0.
---@field timeout? ave.Seconds How long the program may take to read it; 0 gives it no time. Default: the timeout of `cmd.spawn`.

--- Types a text, exactly as it is given.
---
--- The kernel cuts a line after 4095 bytes, unless the program has turned line
--- editing off.
---
--- Raises `Timeout` if the program does not read the text in time, and `EOF` if the
--- program has ended.
---@param text string
---@param options? ave.SendOptions
function Session:send(text, options) end

--- Types the character for the end of the input, usually Ctrl-D. It has this
--- meaning only at the beginning of a line.
function Session:sendeof() end

--- Types a text and the Enter key. Enter sends "\r", as on every keyboard; programs
--- read "\n", unless they have changed that.
---@param text? string Default: "".
---@param options? ave.SendOptions
function Session:sendline(text, options) end

--- Waits until the program has ended. `expect` can still read the output.
---
--- Raises `Timeout` if it does not end in time.
---@param timeout? ave.Seconds 0 raises at once if the program is running. Default: the timeout of `cmd.spawn`.
---@return integer status As of `cmd.run`.
function Session:wait(timeout) end

--- Waits until the program has turned off the terminal's echo, as programs do
--- before they read a password. A password that is typed earlier appears in the
--- output.
---
---     session:expect("Password: ")
---     session:wait_noecho()
---     session:sendline(password)
---
--- Raises `Timeout`, and `EOF` if the program has ended.
---@param options? ave.WaitOptions
function Session:wait_noecho(options) end

--- Options of `Session:wait_stable`.
---@class ave.StableOptions
---@field quiet? ave.Seconds How long the screen must stay the same. Default: 0.2.
---@field timeout? ave.Seconds 0 always raises, because `quiet` takes time. Default: the timeout of `cmd.spawn`.

--- Waits until the screen has stopped changing.
---
--- Raises `Timeout` if it does not stop in time.
---@param options? ave.StableOptions
---@return ave.Screen
function Session:wait_stable(options) end

return cmd

---@meta ave.debug

--- Looking into a script that runs.
local debug = {}

--- Opens the prompt where it is called, and returns when that is left. `ave.repl()` is
--- the same.
---
---     local function measure(port)
---         local volts = read(port)
---         ave.repl()      -- shows volts, and port; both can be set
---         return volts
---     end
---
--- Names are at first those of the local variables of the function that has called it,
--- then of its upvalues, and then global ones; all can be set. `:frames` lists the calls
--- that have led there, `:up` and `:down` go through them, `:locals` shows the variables,
--- and `:help` all commands. Ctrl-D goes on with the script.
---
--- Tasks of the script run meanwhile, and Ctrl-C stops what was typed, not the script. A
--- function that was made at the prompt has, after that is left, the values that the local
--- variables had then.
---
--- Without a terminal, lines are read from standard input as they come. At its end the
--- script goes on at once.
---
--- In a service, or another process that a script has started, it is an error: nobody can
--- type there. So it is in tests that run in worker processes, except with
--- `avescript test --debug-on-failure`.
function debug.repl() end

return debug

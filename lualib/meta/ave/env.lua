---@meta ave.env

--- The environment variables of this process. All tasks share them, and commands
--- and processes that are started later inherit them.
local env = {}

--- Returns all variables, in a new table.
---@return table<string, string> variables
function env.all() end

--- Replaces variables in a text: `$NAME`, `${NAME}`, `${NAME:-default}` (the
--- default is used if the variable is not set or empty), and `$$`, which gives a
--- dollar sign.
---
---     env.expand("${TMPDIR:-/tmp}/lab")    --> "/tmp/lab"
---
--- Raises `Exception` if a variable without a default is not set, and for a `${`
--- without a name or without an end.
---@param text string
---@return string text
function env.expand(text) end

--- Returns the value of a variable, or the default if it is not set.
---@param name string
---@param default? any Returned if the variable is not set. Default: nil.
---@return any value
function env.get(name, default) end

--- Sets a variable. Raises `Exception` if the name is empty or contains "=", or if
--- name or value contains a zero byte.
---@param name string
---@param value string
function env.set(name, value) end

--- Removes a variable. Nothing happens if it is not set.
---@param name string
function env.unset(name) end

--- Changes variables for the time of one call: `env.with(settings)(fn, ...)` sets
--- them, calls `fn(...)`, restores them, even after an error, and returns what `fn`
--- returns.
---
---     local status = env.with{ LANG = "C", DISPLAY = false }(cmd.run, "make")
---
--- Raises `Exception` as `set` does.
---@param settings table<string, string|false> The values by name; false removes a variable.
---@return fun(fn: function, ...): ... call
function env.with(settings) end

return env

---@meta ave.env

--- The environment variables of the process. Commands and processes that are
--- started from now on get them too. They belong to the process: all tasks see a
--- change at once.
local env = {}

--- Returns all variables, as a table that may be changed.
---@return table<string, string> variables
function env.all() end

--- Puts variables into a text: `$NAME`, `${NAME}`, `${NAME:-default}` for one
--- that is not set or empty, and `$$` for a dollar. Raises `Exception` for
--- variables that are not set and have no default, and for a `${` without a name
--- or an end.
---@param text string
---@return string text
function env.expand(text) end

--- Returns the value of a variable, or the default if it is not set.
---@param name string
---@param default? any
---@return any value
function env.get(name, default) end

--- Sets a variable. Raises `Exception` if the name is empty or has a "=", or if
--- one of them has a zero byte.
---@param name string
---@param value string
function env.set(name, value) end

--- Removes a variable. One that is not set is fine.
---@param name string
function env.unset(name) end

--- Returns a function that calls another one while variables have other values,
--- and returns what that returns. They are set back in any case.
---
---     local status = env.with{ LANG = "C", DISPLAY = false }(cmd.run, "make")
---
--- Raises `Exception` as `set` does.
---@param settings table<string, string|false> False is for a variable that is not to be set.
---@return fun(fn: function, ...): ... call
function env.with(settings) end

return env

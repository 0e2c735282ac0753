---@meta ave.json

--- JSON that loses nothing. Calls between services use the same rules.
---
--- * **Null** inside a list or an object is `json.null`, because a nil would not
---   be there. A null that stands alone is nil.
--- * **Lists and objects** stay what they are when they are empty. A table that
---   was decoded remembers its kind. Any other is a list if it has the keys 1
---   to n alone, and an object if all its keys are strings. A new empty table is
---   the empty list; `json.object()` makes the empty object.
--- * **Numbers** that a Lua number cannot hold exactly, such as
---   9007199254740993 or 1e400, become values that can be printed, compared with
---   each other and sent on, but not reckoned with.
--- * **Text** that is not valid UTF-8 gets U+FFFD in place of the bad bytes.
---
--- A metatable may have `__tojson`, a function that is given the value and
--- returns another one to write in its place; and `__jsontype`, "list" or
--- "object".
---
--- The module `json`, which can be required too, is gopher-json as it is: it
--- writes {} as [] and drops nulls.
local json = {}

--- Null inside a list or an object. It counts as true, like every value but
--- nil and false; compare with it: `if value == json.null then ... end`.
---@type userdata
json.null = nil

--- How JSON is written. With one of these, the keys are sorted.
---@class ave.JsonOptions
---@field sort? boolean Sort the keys, for people and for comparing. Default: false.
---@field indent? integer Put every value on a line of its own, with this many spaces for each level, at most 16. Default: 0, all on one line.

--- Reads a JSON text.
---
--- Of two equal keys in an object the last one wins. Raises `Exception` if the
--- text is not JSON, with the line and column; lists and objects may be nested
--- 1000 deep.
---@param text string
---@return any value
function json.decode(text) end

--- Writes a value as JSON.
---
---     json.encode({ b = 1, a = { 2, 3 } }, { indent = 2 })
---
--- Raises `TypeError` for what JSON has no form for, with the way that leads to
--- it: functions, NaN and the infinities, a table with both kinds of keys, one
--- that contains itself.
---@param value any
---@param options? ave.JsonOptions
---@return string text
function json.encode(value, options) end

--- Makes a table a list, also while it is empty.
---
--- Raises `Exception` if the table has a metatable of its own; set `__jsontype`
--- in that.
---@param values? table Changed and returned. Default: a new table.
---@return table values
function json.list(values) end

--- Reads a number exactly, however many digits it has.
---
---     json.encode({ json.number("9007199254740993") })    --> [9007199254740993]
---
--- Raises `Exception` if the text is not a JSON number.
---@param text string
---@return number|userdata number A Lua number if it holds the value exactly.
function json.number(text) end

--- Makes a table an object, also while it is empty.
---
--- Raises `Exception` if the table has a metatable of its own; set `__jsontype`
--- in that.
---@param values? table Changed and returned. Default: a new table.
---@return table values
function json.object(values) end

return json

---@meta ave.json

--- Reads and writes JSON without losing anything. Calls between services follow the
--- same rules, but allow NaN.
---
--- * **Null** inside a list or object is `json.null`, because Lua tables cannot
---   hold nil. A text that is only `null` gives nil.
--- * **Lists and objects** stay different even when they are empty. A decoded table
---   remembers which one it is. Any other table is a list if its keys are 1 to n,
---   and an object if all its keys are strings. A new empty table is a list; use
---   `json.object()` for an empty object.
--- * **Numbers** that a Lua number cannot hold exactly, such as 9007199254740993 or
---   1e400, become special values. They can be printed, compared with each other
---   and encoded again, but not used in arithmetic.
--- * **NaN and infinity** are refused, because JSON cannot express them. With the
---   option `allow_nan` they are written as `NaN`, `Infinity` and `-Infinity`, as
---   by Python's json module, and read in that form.
--- * **Text** that is not valid UTF-8 is written with U+FFFD in place of the
---   invalid bytes.
---
--- A metatable can have `__tojson`, a function that gets the value and returns
--- another one to write in its place, and `__jsontype`, which is "list" or
--- "object".
---
--- `require("json")` gives another module, gopher-json, unchanged: it writes {} as
--- [] and drops nulls.
local json = {}

--- Null inside a list or object. In a condition it counts as true, so compare with
--- it: `if value == json.null then ... end`.
---@type userdata
json.null = nil

--- How JSON is read.
---@class ave.JsonReadOptions
---@field allow_nan? boolean Accept `NaN`, `Infinity` and `-Infinity` as numbers. Default: false.

--- How JSON is written.
---@class ave.JsonOptions
---@field allow_nan? boolean Write NaN and infinity as `NaN`, `Infinity` and `-Infinity`, which many programs cannot read. Default: false.
---@field sort? boolean Sort the keys of objects, so that the text is easy to read and to compare. Default: false.
---@field indent? integer Put every value on a line of its own, indented by this many spaces for each level, at most 16; the keys are then sorted too. Default: 0, everything on one line.

--- Reads a JSON text.
---
---     json.decode('{"ports": [4000, 4001]}').ports[2]    --> 4001
---
--- If an object has a key twice, the last value wins.
---
--- Raises `Exception`, with line and column, if the text is not valid JSON or is
--- nested more than 1000 levels deep.
---@param text string
---@param options? ave.JsonReadOptions
---@return any value
function json.decode(text, options) end

--- Writes a value as JSON.
---
---     json.encode({ b = 1, a = { 2, 3 } }, { indent = 2 })
---
--- Raises `TypeError`, with the path to the value, for what JSON cannot express:
--- functions, NaN and infinity without `allow_nan`, a table with both kinds of
--- keys, and a table that contains itself.
---@param value any
---@param options? ave.JsonOptions
---@return string text
function json.encode(value, options) end

--- Marks a table as a list, so that it is written as one even if it is empty.
---
---     json.encode({ tags = json.list() })    --> {"tags":[]}
---
--- Raises `Exception` if the table has a metatable already; set `__jsontype` there
--- instead.
---@param values? table Changed and returned. Default: a new table.
---@return table values
function json.list(values) end

--- Converts text to a number without losing digits.
---
---     json.encode({ json.number("9007199254740993") })    --> [9007199254740993]
---
--- Raises `Exception` if the text is not a JSON number.
---@param text string A JSON number.
---@return number|userdata number A Lua number if that is exact, otherwise a special value: see above.
function json.number(text) end

--- Marks a table as an object, so that it is written as one even if it is empty.
---
---     json.encode({ tags = json.object() })    --> {"tags":{}}
---
--- Raises `Exception` if the table has a metatable already; set `__jsontype` there
--- instead.
---@param values? table Changed and returned. Default: a new table.
---@return table values
function json.object(values) end

return json

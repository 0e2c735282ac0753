---@meta ave.regex

--- Regular expressions, with alternatives and repeated groups, which Lua's
--- patterns lack. Arguments and results are those of the functions of `string`
--- with the same name.
---
---     regex.match("eth0: up", [[(\w+): (up|down)]])        --> "eth0", "up"
---
--- The syntax is that of RE2 (https://github.com/google/re2/wiki/Syntax): no
--- references back and no looking around; therefore the time grows with the
--- length of the text alone. `(?i)` in front ignores case, `(?s)` lets `.` match a
--- newline, `(?m)` lets `^` and `$` match at lines. The text is UTF-8; positions
--- are in bytes. In `[[...]]` a backslash needs no other.
---
--- All functions raise `Exception` if the pattern is not right. A group that took
--- no part in a match is false.
local regex = {}

--- Returns a pattern that matches just the text.
---@param text string
---@return string pattern
function regex.escape(text) end

--- Finds the first match. Returns nothing if there is none.
---@param text string
---@param pattern string
---@param init? integer Where to begin; negative from the end. Default: 1. `^` matches there.
---@return integer? first
---@return integer? last
---@return string|false ... The groups.
function regex.find(text, pattern, init) end

--- Goes through all matches: their groups, or the whole match of a pattern that
--- has none.
---
---     for name, value in regex.gmatch("a=1 b=2", [[(\w+)=(\w+)]]) do ... end
---@param text string
---@param pattern string
---@return fun(): string|false, ... next
function regex.gmatch(text, pattern) end

--- Returns the groups of the first match by number and name, or nothing. Number 0
--- is the whole match.
---
---     regex.groups("eth0: up", [[(?P<name>\w+): (?P<state>\w+)]]).state    --> "up"
---@param text string
---@param pattern string
---@param init? integer As for `find`.
---@return table<integer|string, string|false>? groups
function regex.groups(text, pattern, init) end

--- Replaces the matches.
---
--- The replacement is a text in which `%1` to `%9` are the groups, `%0` the whole
--- match and `%%` a percent sign; a table that is asked for the first group; or a
--- function that is called with the groups. From these, nil and false leave the
--- match as it is. Raises `TypeError` for any other, and `Exception` for a group
--- that the pattern does not have.
---@param text string
---@param pattern string
---@param replacement string|table|fun(...): string|false|nil
---@param limit? integer How many to replace. Default: all.
---@return string text
---@return integer count How many were replaced.
function regex.gsub(text, pattern, replacement, limit) end

--- Returns the groups of the first match, or the whole match of a pattern that
--- has none; nothing if there is no match.
---@param text string
---@param pattern string
---@param init? integer As for `find`.
---@return string|false|nil ...
function regex.match(text, pattern, init) end

--- Returns what is between the matches.
---
---     regex.split("a, b;c", "[,;] *")    --> { "a", "b", "c" }
---@param text string
---@param pattern string
---@param limit? integer How many parts at most, of which the last is the rest. Default: all.
---@return string[] parts
function regex.split(text, pattern, limit) end

return regex

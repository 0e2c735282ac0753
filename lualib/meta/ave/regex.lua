---@meta ave.regex

--- Regular expressions. Unlike Lua patterns they have alternatives and repeated
--- groups. Arguments and results are those of the functions with the same name in
--- `string`.
---
---     regex.match("eth0: up", [[(\w+): (up|down)]])        --> "eth0", "up"
---
--- The syntax is that of RE2 (https://github.com/google/re2/wiki/Syntax). It has no
--- backreferences and no lookaround, so the time is linear in the length of the
--- text. `(?i)` at the beginning ignores case, `(?s)` lets `.` match a newline,
--- `(?m)` lets `^` and `$` match at each line. The text is UTF-8; positions count
--- bytes. Write patterns in `[[...]]`, so that backslashes need not be doubled.
---
--- All functions raise `Exception` if the pattern is malformed. A group that took
--- no part in a match is false.
local regex = {}

--- Returns a pattern that matches exactly this text.
---@param text string
---@return string pattern
function regex.escape(text) end

--- Finds the first match. Returns nothing if there is no match.
---@param text string
---@param pattern string
---@param init? integer The position to start at; `^` matches there. Negative positions count from the end. Default: 1.
---@return integer? first The position of the first byte.
---@return integer? last The position of the last byte.
---@return string|false ... The groups.
function regex.find(text, pattern, init) end

--- Iterates over all matches. Each step gives the groups, or the whole match if the
--- pattern has no groups.
---
---     for name, value in regex.gmatch("a=1 b=2", [[(\w+)=(\w+)]]) do ... end
---@param text string
---@param pattern string
---@return fun(): string|false, ... next
function regex.gmatch(text, pattern) end

--- Returns the groups of the first match, by number and by name; nothing if there
--- is no match. Number 0 is the whole match.
---
---     regex.groups("eth0: up", [[(?P<name>\w+): (?P<state>\w+)]]).state    --> "up"
---@param text string
---@param pattern string
---@param init? integer As for `find`.
---@return table<integer|string, string|false>? groups
function regex.groups(text, pattern, init) end

--- Replaces the matches.
---
--- The replacement is a text, in which `%1` to `%9` are the groups, `%0` is the
--- whole match and `%%` a percent sign; or a table in which the first group is
--- looked up; or a function that is called with the groups. If the table or
--- function gives nil or false, the match stays as it is.
---
---     regex.gsub("eth0 eth1", [[eth(\d)]], "en%1")    --> "en0 en1", 2
---
--- Raises `TypeError` if a table or function gives anything else but a string or
--- number, and `Exception` for a group that the pattern does not have.
---@param text string
---@param pattern string
---@param replacement string|table|fun(...): string|false|nil
---@param limit? integer The largest number of replacements. Default: no limit.
---@return string text
---@return integer count The number of replacements.
function regex.gsub(text, pattern, replacement, limit) end

--- Returns the groups of the first match, or the whole match if the pattern has no
--- groups; nothing if there is no match.
---@param text string
---@param pattern string
---@param init? integer As for `find`.
---@return string|false|nil ...
function regex.match(text, pattern, init) end

--- Splits a text at the matches.
---
---     regex.split("a, b;c", "[,;] *")    --> { "a", "b", "c" }
---@param text string
---@param pattern string
---@param limit? integer The largest number of parts; the last part is then the rest of the text. Default: no limit.
---@return string[] parts
function regex.split(text, pattern, limit) end

return regex

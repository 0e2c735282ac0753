---@meta ave.time

--- Clocks, dates, durations and deadlines. All times are in seconds. Calendar times
--- count from 1970, with a precision of about a microsecond.
---
--- A time zone is "local", "UTC", an offset such as "+02:00", or a name from the
--- system's time zone database, such as "Europe/Stockholm".
local time = {}

--- Reads a duration, such as "1h30m", "250ms", "1.5d" or "-10s". The units are w,
--- d, h, m, s, ms, us and ns. A number without a unit means seconds. Raises
--- `Exception` for anything else.
---@param text string
---@return number seconds
function time.duration(text) end

--- Formats a point in time.
---
---     time.format()                                  --> "2026-11-22T14:30:00.25+01:00"
---     time.format(0, "%Y-%m-%d %H:%M:%S", "UTC")     --> "1970-01-01 00:00:00"
---@param when? number Seconds since 1970. Default: now.
---@param format? string As for `os.date`. Default: RFC 3339, with a fraction of the second unless it is 0.
---@param zone? string Default: "local".
---@return string text
function time.format(when, format, zone) end

--- Formats a duration for people: "1d2h3m4.5s", "250ms". `duration` can read the
--- result.
---@param seconds number
---@return string text
function time.format_duration(seconds) end

--- Returns the time since the program started, from a clock that never jumps. Use
--- it to measure how long something takes.
---@return number seconds
function time.monotonic() end

--- Returns the current time.
---@return number seconds Since 1970.
function time.now() end

--- Reads a point in time from text.
---
---     time.parse("2026-11-22T14:30:00+01:00")
---     time.parse("22.11.2026 14:30", "%d.%m.%Y %H:%M", "Europe/Stockholm")
---
--- The format can contain the conversions a A b B c d D e F h H I j m M p r R S T x
--- X y Y z of `os.date`, or be "%s". %S also accepts a fraction. Raises `Exception`
--- if the text does not have this format, or if the date does not exist.
---@param text string
---@param format? string Default: RFC 3339.
---@param zone? string The time zone of a text that contains no offset. Default: "local".
---@return number seconds Since 1970.
function time.parse(text, format, zone) end

--- Waits. Other tasks run in the meantime, even if the time is 0. A deadline,
--- Ctrl-C or the cancelling of the task ends it early.
---@param seconds ave.Seconds
function time.sleep(seconds) end

--- Calls a function with a time limit, and returns what it returns. After the time
--- limit the function is interrupted, whatever it is doing. A `pcall` in it cannot
--- prevent that.
---
---     local page = time.within(5, function()
---         return http.get(url):check().body
---     end)
---
--- Raises `Timeout` after the time limit, and what the function raises.
---@param seconds ave.Seconds The time limit; `math.huge` means no limit.
---@param fn fun(...): ...
---@param ... any The function's arguments.
---@return any ...
function time.within(seconds, fn, ...) end

return time

---@meta ave.time

--- Clocks, dates, durations and deadlines. All times are numbers of seconds:
--- those of the calendar since 1970, to about a microsecond.
---
--- A time zone is "local", "UTC", an offset such as "+02:00", or a name from the
--- system's database such as "Europe/Stockholm".
local time = {}

--- Reads a duration, such as "1h30m", "250ms", "1.5d" or "-10s". The units are
--- w, d, h, m, s, ms, us and ns; a number without one is of seconds. Raises
--- `Exception` for anything else.
---@param text string
---@return number seconds
function time.duration(text) end

--- Writes a point in time.
---
---     time.format()                                  --> "2026-11-22T14:30:00.25+01:00"
---     time.format(0, "%Y-%m-%d %H:%M:%S", "UTC")     --> "1970-01-01 00:00:00"
---@param when? number Default: now.
---@param format? string As for `os.date`. Default: RFC 3339, with a fraction if there is one.
---@param zone? string Default: "local".
---@return string text
function time.format(when, format, zone) end

--- Writes a duration for people: "1d2h3m4.5s", "250ms". `duration` reads it.
---@param seconds number
---@return string text
function time.format_duration(seconds) end

--- Returns the time since the program began, by a clock that never jumps: for
--- measuring how long something takes.
---@return number seconds
function time.monotonic() end

--- Returns the time of the calendar.
---@return number seconds Since 1970.
function time.now() end

--- Reads a point in time.
---
---     time.parse("2026-11-22T14:30:00+01:00")
---     time.parse("22.11.2026 14:30", "%d.%m.%Y %H:%M", "Europe/Stockholm")
---
--- The format may have the conversions a A b B c d D e F h H I j m M p r R S T x
--- X y Y z of `os.date`, or be "%s"; %S also takes a fraction. Raises `Exception`
--- if the text has another form, or there is no such day.
---@param text string
---@param format? string Default: RFC 3339.
---@param zone? string Where a time is meant that has no offset itself. Default: "local".
---@return number seconds Since 1970.
function time.parse(text, format, zone) end

--- Waits. Others run meanwhile, also if the time is 0. A deadline, Ctrl-C or the
--- end of the task ends it.
---@param seconds ave.Seconds
function time.sleep(seconds) end

--- Calls a function that has to return in time, and returns what it does. After
--- that it is interrupted, in whatever it does; no `pcall` in it can stop that.
---
---     local page = time.within(5, function()
---         return http.get(url):check().body
---     end)
---
--- Raises `Timeout`, and what the function raises.
---@param seconds ave.Seconds math.huge is for ever.
---@param fn fun(...): ...
---@param ... any The function's arguments.
---@return any ...
function time.within(seconds, fn, ...) end

return time

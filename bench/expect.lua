-- Waits for the end of a program's long output, and prints the bytes per second:
-- expect.lua BYTES text|regex

local cmd = require("ave.cmd")
local time = require("ave.time")

local size, kind = arg[1], arg[2]
local pattern = kind == "regex" and cmd.regex("[A-Z]+ END") or "THE END"
local begin = time.monotonic()
local session = cmd.spawn({ "sh", "-c", "yes 'what a program may write' | head -c " .. size .. "; echo THE END" }, { timeout = 600 })
session:expect(pattern)
print(#session.before / (time.monotonic() - begin))
session:wait()

-- Runs a command repeatedly, and prints the rate per second:
-- commands.lua SECONDS PROGRAM

local cmd = require("ave.cmd")
local time = require("ave.time")

local length, program = tonumber(arg[1]), arg[2]
local begin, runs = time.monotonic(), 0
while time.monotonic() - begin < length do
	assert(cmd.run { program } == 0)
	runs = runs + 1
end
print(runs / (time.monotonic() - begin))

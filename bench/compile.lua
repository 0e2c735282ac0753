-- Prints the processor time in seconds that it takes to compile a file.

local file = assert(io.open(arg[1], "rb"))
local text = file:read("*a")
file:close()

local times = 0
local begin = os.clock()
repeat
	assert(loadstring(text, "=text"))
	times = times + 1
until os.clock() - begin > 0.3
print((os.clock() - begin) / times)

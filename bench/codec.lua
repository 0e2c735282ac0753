-- codec.lua FILE: prints the processor times for decoding and encoding the JSON of a file,
-- in seconds.
local json = require("ave.json")
local file = assert(io.open(arg[1]))
local text = file:read("*a")
file:close()

local function took(fn, ...)
	collectgarbage()
	local begin = os.clock()
	local result = fn(...)
	return os.clock() - begin, result
end

local decode, value = took(json.decode, text)
local encode, again = took(json.encode, value)
assert(#again > #text / 2)
print(("%.6f %.6f"):format(decode, encode))

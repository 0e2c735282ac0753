-- Runs programs, one after the other, under lua5.1 and under avescript. The first argument
-- is a file with their names. A line with the second argument and the name comes before
-- what a program prints, and its error after that.

local list, mark = ...
local write, type, tostring, pairs, select = io.write, type, tostring, pairs, select
local pcall, loadstring, format = pcall, loadstring, string.format
local getmetatable = getmetatable

-- Zero as the result of a calculation: compilers do not fold it.
ZERO = 0

-- The sign of a NaN is C's.
local function text(v)
	if v ~= v then
		return "nan"
	elseif v == 0 then
		return 1 / v < 0 and "-0" or "0"
	elseif type(v) == "number" then
		return format("%.14g", v)
	elseif type(v) == "string" then
		return '"' .. v .. '"'
	end
	return type(v) == "boolean" and tostring(v) or type(v)
end

-- Prints each value on a line of its own.
function show(...)
	for i = 1, select("#", ...) do
		write(text((select(i, ...))), "\n")
	end
	if select("#", ...) == 0 then
		write("(nothing)\n")
	end
end

-- Calls a function, and shows its results or its error.
function try(f, ...)
	show(pcall(f, ...))
end

-- A program may change what is global; the next one begins with what it was.
local known = {}
for name, value in pairs(_G) do
	known[name] = value
end
local libraries = {}
for _, name in pairs { "string", "table", "math", "os", "io", "coroutine", "debug" } do
	libraries[_G[name]] = {}
	for key, value in pairs(_G[name]) do
		libraries[_G[name]][key] = value
	end
end
libraries[_G] = known

local function restore()
	for library, entries in pairs(libraries) do
		for key in pairs(library) do
			if entries[key] == nil then
				library[key] = nil
			end
		end
		for key, value in pairs(entries) do
			library[key] = value
		end
	end
	getmetatable("").__index = string
	math.randomseed(1)
end

for name in io.lines(list) do
	local file = assert(io.open(name, "rb"))
	local source = file:read("*a")
	file:close()
	write(mark, name, "\n")
	io.stdout:flush()
	local program, message = loadstring(source, "=program")
	if program then
		local ok, err = pcall(program)
		message = not ok and text(err) or nil
	else
		write("(does not compile)\n")
	end
	if message then
		write("error: ", message, "\n")
	end
	restore()
end
write(mark, "end\n")

-- Runs one file of a test suite, under any interpreter: driver.lua FILE REPORT. An assert
-- that fails is noted in REPORT, a line each, and the file goes on. An error ends it, and
-- is noted, too.

local assert, collectgarbage, error, loadfile, select, tostring, xpcall = assert, collectgarbage, error, loadfile, select, tostring, xpcall
local getinfo, max = debug.getinfo, math.max
local file, report = arg[1], assert(io.open(arg[2], "w"))
report:setvbuf("line")

local function line_of(level)
	local info = getinfo(level + 1, "Sl")
	return info and info.source == "@" .. file and info.currentline or nil
end

-- The lines of the file that are being executed, innermost first: where an assert is in a
-- function that the file uses often, the caller's line tells more.
local function lines()
	local list, level = {}, 3
	while getinfo(level, "S") do
		list[#list + 1] = line_of(level)
		level = level + 1
	end
	return table.concat(list, " from ")
end

local concat, write = table.concat, report.write

local function note(...)
	write(report, concat({ ... }, "\t"), "\n")
end

function _G.assert(...)
	if select("#", ...) > 0 and not (...) then
		note(lines(), "assertion failed", tostring((select(2, ...))))
	elseif select("#", ...) == 0 then
		error("bad argument #1 to 'assert' (value expected)", 2)
	end
	return ...
end

-- The suite compares memory in use with figures for a process that has nothing but Lua
-- in it.
local gcinfo = _G.gcinfo
collectgarbage()
local base = gcinfo()
function _G.gcinfo()
	return max(gcinfo() - base, 0)
end

-- What the suite's own all.lua defines for its files.
function _G.Message() end

local chunk, problem = loadfile(file)
if not chunk then
	note("", "not compiled", problem)
	return
end
if file == "big.lua" then -- it yields
	local whole = chunk
	chunk = function()
		local resume = coroutine.wrap(whole)
		assert(resume() == "b")
		assert(resume() == "a")
	end
end
local ok = xpcall(chunk, function(err)
	local level, line = 2, nil
	while not line and getinfo(level, "S") do
		line = line_of(level)
		level = level + 1
	end
	note(line or "", "stopped", tostring(err))
end)
if ok then
	note("", "end")
end

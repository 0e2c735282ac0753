#!/usr/bin/env avescript
-- Runs the official test suite of Lua 5.1, or another one, with avescript and, to compare,
-- with lua5.1, and prints which statements failed. The suites are not part of the
-- repository: name the directories that contain them.

local ave = require("ave")
local fs, cmd = ave.fs, ave.cmd

local options = ave.args.parse {
	summary = "Runs test suites of Lua with avescript and lua5.1, and prints which statements failed.",
	options = {
		{ name = "avescript", value = "FILE", default = "bin/avescript", help = "the binary to test" },
		{ name = "only", value = "FILE", help = "run only this file of the suites" },
		{ name = "timeout", type = "number", value = "SECONDS", default = 120, help = "how long a file may take" },
	},
	positionals = { { name = "dir", repeated = true, help = "directory with the files of a suite" } },
}

-- Files that the others use.
local helpers = { ["all.lua"] = true, ["checktable.lua"] = true }

local function absolute(path)
	local _, out = cmd.run({ "realpath", path }, { check = true })
	return (out:gsub("\r\n$", ""))
end

local avescript = absolute(options.avescript)
local driver = absolute(fs.join(fs.dirname(arg[0]), "official", "driver.lua"))

-- Runs a file in a directory, and returns the notes of the driver as a list. A complete
-- run has the note "end", which is removed.
local function run(interpreter, dir, file)
	local report = fs.join(dir, "report")
	fs.remove(report, { missing_ok = true })
	local ok, status = pcall(cmd.run, { interpreter, driver, file, "report" }, {
		cwd = dir,
		timeout = options.timeout,
		env = { LUA_PATH = "?;./?.lua", LUA_INIT = "" },
		keep = 1000,
	})
	local notes = {}
	if fs.exists(report) then
		for line in io.lines(report) do
			notes[#notes + 1] = (line:gsub("\t", ": "))
		end
	end
	if notes[#notes] == ": end" then
		notes[#notes] = nil
	elseif not ok then
		notes[#notes + 1] = "no end: " .. tostring(status)
	elseif #notes == 0 or not notes[#notes]:find(": stopped: ", 1, true) then
		notes[#notes + 1] = ("no end: exit status %d"):format(status)
	end
	return notes
end

local function contains(list, note)
	for _, other in ipairs(list) do
		if other:match("^[^:]*") == note:match("^[^:]*") then
			return true
		end
	end
end

-- Prints a line for a file, and returns whether it passes wherever lua5.1 does.
local function show(file, ours, reference)
	local failed = 0
	for _, note in ipairs(ours) do
		if not contains(reference, note) then
			failed = failed + 1
		end
	end
	local result = failed == 0 and "pass" or ("%d failed"):format(failed)
	if #reference > 0 then
		result = ("%s; lua5.1: %d failed"):format(result, #reference)
	end
	print(("  %-16s %s"):format(file, result))
	for _, note in ipairs(ours) do
		print(("      %s%s"):format(note, contains(reference, note) and "  (lua5.1, too)" or ""))
	end
	return failed == 0
end

local files, passed = 0, 0
for _, suite in ipairs(options.dir) do
	print(suite)
	for _, path in ipairs(fs.glob(fs.join(suite, "*.lua"))) do
		local file = fs.basename(path)
		if not helpers[file] and (not options.only or options.only == file) then
			local function fresh(interpreter)
				return fs.tempdir(function(dir)
					cmd.run({ "cp", "-r", "--no-preserve=mode", suite .. "/.", dir }, { check = true })
					fs.mkdir(fs.join(dir, "libs/P1"), { parents = true }) -- empty, so Git does not keep it
					return run(interpreter, dir, file)
				end)
			end
			files = files + 1
			if show(file, fresh(avescript), fresh("lua5.1")) then
				passed = passed + 1
			end
		end
	end
end
print(("%d of %d files pass"):format(passed, files))
os.exit(passed == files and 0 or 1)

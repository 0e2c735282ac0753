#!/usr/bin/env avescript
-- Runs all tests many times, half of the runs with two busy loops at the same time, and
-- prints which tests failed and how often. Run it in the root of the repository.

local ave = require("ave")
local fs = ave.fs

local options = ave.args.parse {
	summary = "Runs all tests many times and prints which of them failed, and how often.",
	options = {
		{ name = "runs", type = "integer", default = 30, help = "how often to run the tests in Lua; those in Go run a third as often" },
		{ name = "logs", value = "DIR", default = "flaky", help = "directory for the output of failed runs" },
	},
	positionals = { { name = "package", repeated = true, optional = true, help = "Go packages to test; default all" } },
}
local packages = #options.package > 0 and options.package or { "./..." }

local failures = {} -- by the name of the test

local function count(name)
	failures[name] = (failures[name] or 0) + 1
end

-- Iterates over the lines of JSON that a run has written.
local function events(path)
	local lines = io.lines(path)
	return function()
		for line in lines do
			local ok, event = pcall(ave.json.decode, line)
			if ok and type(event) == "table" then
				return event
			end
		end
	end
end

-- Runs a command, with its output in a file.
local function run(words, path, env)
	local file = assert(io.open(path, "w"))
	local status = ave.cmd.run(words, { output_file = file, env = env })
	file:close()
	return status
end

local function run_lua(name, binary)
	local path, log = options.logs .. "/" .. name .. ".json", options.logs .. "/" .. name .. ".log"
	local status = run({ binary, "test", "--leaks", "fail", "--report", "json=" .. path, "tests" }, log)
	for event in events(path) do
		if event.event == "test_finished" and (event.status == "failed" or event.status == "error") then
			count(event.file .. ": " .. table.concat(event.path, " "))
		end
	end
	fs.remove(path)
	return status, log
end

local function run_go(name, race)
	local log = options.logs .. "/" .. name .. ".log"
	local words = { "go", "test", "-json", "-count=1", "-timeout=60m" }
	for _, word in ipairs(packages) do
		table.insert(words, word)
	end
	local status = run(words, log, { GOFLAGS = race and "-race" or "" })
	for event in events(log) do
		if event.Action == "fail" and event.Test then
			count(event.Package .. ": " .. event.Test)
		elseif event.Action == "fail" then
			count(event.Package)
		end
	end
	return status, log
end

local function busy_loop()
	while true do end
end

-- Calls a function while two busy loops run, which end with it, or with this process.
local function beside_busy_loops(fn, ...)
	local loops = {}
	for i = 1, 2 do
		loops[i] = ave.Process { target = busy_loop }
		loops[i]:start()
	end
	local results = { pcall(fn, ...) }
	for _, loop in ipairs(loops) do
		loop:kill()
		loop:join()
	end
	assert(results[1], results[2])
	return unpack(results, 2)
end

-- Makes a number of runs, the second half of them with busy loops.
local function series(kind, runs, fn)
	for n = 1, runs do
		local name = kind .. "-" .. n
		local busy = n > runs / 2
		local status, log
		if busy then
			status, log = beside_busy_loops(fn, name, n)
		else
			status, log = fn(name, n)
		end
		print(("%-5s %s%s"):format(status == 0 and "ok" or "FAIL", name, busy and ", with busy loops" or ""))
		if status == 0 then
			fs.remove(log)
		else
			count(kind .. ": failed runs")
		end
	end
end

fs.mkdir(options.logs, { parents = true })
local binary = options.logs .. "/avescript"
ave.cmd.run({ "go", "build", "-o", binary, "./cmd/avescript" }, { check = true })
series("lua", options.runs, function(name) return run_lua(name, binary) end)
series("go", math.ceil(options.runs / 3), function(name, n) return run_go(name, n % 2 == 1) end)

local names = {}
for name in pairs(failures) do
	table.insert(names, name)
end
table.sort(names, function(a, b)
	return failures[a] > failures[b] or failures[a] == failures[b] and a < b
end)
for _, name in ipairs(names) do
	print(("%4d  %s"):format(failures[name], name))
end
print(#names == 0 and "no test failed" or "the output of the failed runs is in " .. options.logs)
os.exit(#names == 0 and 0 or 1)

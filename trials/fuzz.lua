#!/usr/bin/env avescript
-- Runs each fuzz target of the Go packages for a while, and prints a line for each.
-- Inputs that a target finds are in the testdata/fuzz of its package afterwards: commit
-- them with the fix. Run it in the root of the repository.

local ave = require("ave")

local options = ave.args.parse {
	summary = "Runs each fuzz target for a while.",
	options = {
		{ name = "time", type = "seconds", default = 60, help = "how long to run each target" },
		{ name = "jobs", type = "integer", default = 2, help = "how many targets to run at the same time" },
	},
	positionals = { { name = "name", optional = true, default = "", help = "run only targets with this text in their name" } },
}

local BUILDING = 600 -- seconds, in addition to the time that a target runs

local function targets()
	local list = {}
	local _, found = ave.cmd.run({ "grep", "-ro", "--include=*_test.go", "^func Fuzz[A-Za-z0-9]*", "core", "lualib" }, { check = true })
	for directory, name in found:gmatch("([^\r\n]+)/[^/]+:func (%w+)") do
		if name:find(options.name, 1, true) then
			table.insert(list, { directory = directory, name = name })
		end
	end
	table.sort(list, function(a, b) return a.directory .. a.name < b.directory .. b.name end)
	return list
end

local failed = 0

-- Sometimes Go's fuzzer fails a target because the time is over while it tries an input.
-- Such a run has found nothing.
local function is_late(output)
	return output:find("%-%-%- FAIL: [^\n]*\n%s*context deadline exceeded\r?\n") and not output:find("Failing input", 1, true)
end

-- Runs a target, and prints the result.
local function run(target)
	local words = { "go", "test", "-run", "^$", "-fuzz", "^" .. target.name .. "$", "-fuzztime", options.time .. "s",
		"-fuzzminimizetime", "10x", "-parallel", "1", "./" .. target.directory }
	local ok, status, output = pcall(ave.cmd.run, words, { timeout = options.time + BUILDING, env = { GOFLAGS = "" } })
	local passed = ok and (status == 0 or is_late(output))
	local inputs = passed and output:match(".*execs: (%d+)") or "0"
	print(("%-5s %-20s %-16s %9s inputs"):format(passed and "ok" or "FAIL", target.directory, target.name, inputs))
	if not passed then
		failed = failed + 1
		print(ok and output or tostring(status))
	end
end

local list = targets()
ave.task.group(function(group)
	for _, target in ipairs(list) do
		group:spawn(run, target)
	end
end, { limit = options.jobs })
print(("%d targets, %d failed"):format(#list, failed))
os.exit((failed > 0 or #list == 0) and 1 or 0)

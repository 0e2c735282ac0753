-- Runs test suites of others under busted or lua5.1 and under avescript, and prints a table
-- of what differs:
--
--     bin/avescript bench/compat.lua DIR [NAME ...]
--
-- DIR has checkouts of the projects below, in directories of their names; NAMEs choose among
-- them. Tests of busted are compared one by one, other scripts only by whether their exit
-- status is 0; of what they print, the end is shown if that differs. The suites run in copies,
-- and nothing is written into DIR.

local ave = require("ave")
local fs = ave.fs

-- handler is for busted: it writes a line for each test.
local handler = [[
return function()
	local busted = require("busted")
	local handler = require("busted.outputHandlers.base")()
	local file = io.open(os.getenv("COMPAT_VERDICTS"), "w")
	local words = { success = "passed", failure = "failed" }
	local function line(element, status)
		file:write(words[status] or status, "\t", (handler.getFullName(element):gsub("%s+", " ")), "\n")
		file:flush()
	end
	busted.subscribe({ "test", "end" }, function(element, _, status)
		line(element, status)
		return nil, true
	end)
	for _, kind in ipairs({ "file", "describe", "error" }) do
		busted.subscribe({ "error", kind }, function(element)
			line(element, "error")
			return nil, true
		end)
	end
	return handler
end
]]

-- offline is a helper for the tests of luarocks: their own one first installs rocks from the
-- network.
local offline = [[
local had = arg
arg = { [-1] = arg[-1], [0] = arg[0], "lua_dir=/usr", "lua=lua5.1", "noreset" }
local env = require("spec.util.test_env")
arg = had
env.setup_specs = function() env.setup_done = true end
local idle = function() end
package.preload["luacov.runner"] = function() return { init = idle, save_stats = idle } end
]]

-- started is a helper for the tests of luacheck, which start their interpreter as lua5.1 -e CODE
-- FILE ARGS. Under avescript, what follows CODE are its arguments.
local started = [[
if pcall(require, "ave") then
	local path = os.tmpname()
	local file = io.open(path, "w")
	file:write('#!/bin/sh\ncode=$2\nshift 2\nexec ', arg[-1], [=[ -e "$code
	arg = { [-1] = arg[-1], [0] = arg[1], select(2, ...) }
	assert(loadfile(arg[0]))(select(2, ...))" "$@"]=], "\n")
	file:close()
	os.execute("chmod +x " .. path)
	local had = arg
	arg = { [-1] = path }
	require("spec.helper").luacheck_command()
	arg = had
end
]]

-- projects are the suites. One with tests is for busted; one with scripts is for lua5.1.
local projects = {
	{ name = "busted", tests = "spec", path = "./?.lua;./?/init.lua" },
	{ name = "luassert", tests = "spec", helper = "./spec/helper.lua" },
	{ name = "Penlight", tests = "spec", path = "./lua/?.lua;./lua/?/init.lua" },
	{ name = "Penlight", scripts = "tests/test-*.lua", path = "./lua/?.lua;./lua/?/init.lua;./tests/?.lua" },
	{ name = "luacheck", tests = "spec", path = "./src/?.lua;./src/?/init.lua", helper = "./compat_helper.lua", helper_text = started },
	{ name = "luarocks", tests = "spec/unit", path = "./src/?.lua", helper = "./compat_helper.lua", helper_text = offline },
	{ name = "tl", tests = "spec", path = "./?.lua" },
	{ name = "argparse", tests = "spec", path = "./src/?.lua" },
	{ name = "luaunit", scripts = "run_unit_tests.lua", path = "./?.lua" },
	{ name = "middleclass", tests = "spec", path = "./?.lua" },
	{ name = "serpent", scripts = "t/test.lua", path = "./src/?.lua" },
	{ name = "inspect.lua", tests = "spec", path = "./?.lua" },
	{ name = "say", tests = "spec", path = "./src/?.lua;./src/?/init.lua" },
	{ name = "lua_cliargs", tests = "spec", path = "./src/?.lua;./src/cliargs/?.lua;./spec/?.lua" },
	{ name = "mediator_lua", tests = "spec", path = "./src/?.lua" },
	{ name = "date", tests = "spec", path = "./src/?.lua" },
	{ name = "ansicolors.lua", tests = "specs", path = "./?.lua" },
	{ name = "semver.lua", tests = "spec", path = "./?.lua" },
	{ name = "luafilesystem", scripts = "tests/test.lua", path = "./?.lua" },
	{ name = "lua-cjson", scripts = "tests/test.lua", path = "./lua/?.lua;./tests/?.lua", dir = "tests" },
	{ name = "json.lua", scripts = "test/test.lua", dir = "test", path = "../?.lua" },
	{ name = "lume", scripts = "test/test.lua", dir = "test", path = "../?.lua" },
}


local options = ave.args.parse {
	summary = "Runs test suites of others under busted or lua5.1 and under avescript, and prints what differs.",
	options = {
		{ name = "timeout", type = "number", default = 300, help = "how many seconds a suite may take" },
		{ name = "program", value = "FILE", default = arg[-1], help = "the avescript to try" },
	},
	positionals = {
		{ name = "dir", help = "directory of the checkouts" },
		{ name = "name", repeated = true, optional = true, help = "which projects; default all" },
	},
}

-- shell runs a command in a directory. It returns the exit status and the output, without a
-- terminal.
local function shell(dir, path, line, temp)
	local out = fs.join(temp, "out")
	local script = ("LUA_PATH=%s exec %s > %s 2>&1 < /dev/null"):format(ave.cmd.quote(path .. ";;"), line, ave.cmd.quote(out))
	local environment = { COMPAT_VERDICTS = fs.join(temp, "verdicts") }
	local limits = { cwd = dir, timeout = options.timeout, env = environment }
	local ok, status = pcall(ave.cmd.run, { "sh", "-c", script }, limits)
	return ok and status or "too slow", fs.read(out)
end

-- count adds a verdict to those of a test; several tests may have one name.
local function count(verdicts, name, verdict)
	name = name:gsub("%s+", " ")
	local list = verdicts[name] or {}
	verdicts[name] = list
	list[#list + 1] = verdict
	table.sort(list)
end

local function under_busted(project, dir, temp)
	fs.write(fs.join(temp, "handler.lua"), handler)
	local line = { "busted", "--no-coverage", "-o", fs.join(temp, "handler.lua") }
	if project.helper then
		line[#line + 1] = "--helper=" .. project.helper
	end
	line[#line + 1] = project.tests
	shell(dir, project.path or "./?.lua", table.concat(line, " "), temp)
	local verdicts = {}
	if fs.exists(fs.join(temp, "verdicts")) then
		for row in io.lines(fs.join(temp, "verdicts")) do
			local verdict, name = row:match("^(%S+)\t(.*)$")
			count(verdicts, (name:gsub("^suite ", "")), verdict) -- of a file that cannot be loaded
		end
	end
	return verdicts
end

local function under_ours(project, dir, temp)
	local events = fs.join(temp, "events")
	local line = { options.program, "test", "--report", "json=" .. events, "--report", "terminal" }
	if project.helper then
		line[#line + 1] = "--helper=" .. project.helper
	end
	line[#line + 1] = project.tests
	local _, out = shell(dir, project.path or "./?.lua", table.concat(line, " "), temp)
	local verdicts, messages = {}, {}
	for row in (fs.exists(events) and io.lines(events) or function() end) do
		local event = ave.json.decode(row)
		if event.event == "test_finished" or event.event == "block_failed" then
			local name = table.concat(event.path or { event.file or "the run" }, " "):gsub("%s+", " ")
			count(verdicts, name, event.status)
			local problem = event.problems and event.problems[1]
			messages[name] = problem and problem.message
		end
	end
	return verdicts, out, messages
end

local function scripts_under(program, project, dir, temp)
	local verdicts, outputs = {}, {}
	for _, file in ipairs(fs.glob(fs.join(dir, project.scripts))) do
		local below = fs.join(dir, project.dir or ".")
		local name = project.dir and fs.basename(file) or file:sub(#dir + 2)
		local status, out = shell(below, project.path or "./?.lua", program .. " " .. name, temp)
		count(verdicts, name, status == 0 and "passed" or "failed")
		outputs[name] = out
	end
	return verdicts, outputs
end

local function copy_of(project, temp)
	local dir = fs.join(temp, project.name)
	ave.cmd.run({ "cp", "-r", fs.join(options.dir, project.name), dir }, { check = true })
	if project.helper_text then
		fs.write(fs.join(dir, project.helper), project.helper_text)
	end
	return dir
end

local function compare(project, temp)
	local theirs_temp, ours_temp = fs.join(temp, "theirs"), fs.join(temp, "ours")
	fs.mkdir(theirs_temp)
	fs.mkdir(ours_temp)
	local theirs_dir, ours_dir = copy_of(project, theirs_temp), copy_of(project, ours_temp)
	local theirs, ours, ours_out, messages
	if project.tests then
		theirs = under_busted(project, theirs_dir, theirs_temp)
		ours, ours_out, messages = under_ours(project, ours_dir, ours_temp)
	else
		theirs = scripts_under("lua5.1", project, theirs_dir, theirs_temp)
		ours, ours_out = scripts_under(options.program, project, ours_dir, ours_temp)
		messages = {}
	end
	return { theirs = theirs, ours = ours, ours_out = ours_out, messages = messages }
end

-- tally counts verdicts.
local function tally(verdicts)
	local tests, passed = 0, 0
	for _, list in pairs(verdicts) do
		tests = tests + #list
		for _, verdict in ipairs(list) do
			passed = passed + (verdict == "passed" and 1 or 0)
		end
	end
	return tests, passed
end

local function names_of(...)
	local seen, names = {}, {}
	for _, verdicts in ipairs({ ... }) do
		for name in pairs(verdicts) do
			if not seen[name] then
				names[#names + 1] = name
			end
			seen[name] = true
		end
	end
	table.sort(names)
	return names
end

local function report(project, result)
	local differing = 0
	local lines = {}
	for _, name in ipairs(names_of(result.theirs, result.ours)) do
		local theirs = table.concat(result.theirs[name] or { "missing" }, ",")
		local ours = table.concat(result.ours[name] or { "missing" }, ",")
		if theirs ~= ours then
			differing = differing + 1
			lines[#lines + 1] = ("  %s: %s, here %s"):format(name, theirs, ours)
			local why = result.messages[name] or project.scripts and result.ours_out[name]:sub(-400)
			if why and ours ~= "passed" then
				lines[#lines + 1] = "    " .. ave.text.printable(why:sub(1, 600), 4)
			end
		end
	end
	local tests, passed = tally(result.theirs)
	local our_tests, our_passed = tally(result.ours)
	print(("%-16s %6d %6d %6d %6d %6d"):format(project.name, tests, passed, our_tests, our_passed, differing))
	for _, text in ipairs(lines) do
		print(text)
	end
	if our_tests == 0 then
		print(project.tests and result.ours_out or "  no scripts")
	end
	return differing
end

print(("%-16s %6s %6s %6s %6s %6s"):format("", "busted", "passed", "here", "passed", "differ"))
local wanted, total = {}, 0
for _, name in ipairs(options.name) do
	wanted[name] = true
end
for _, project in ipairs(projects) do
	local chosen = not next(wanted) or wanted[project.name]
	if chosen and not fs.exists(fs.join(options.dir, project.name)) then
		print(project.name .. " is not in " .. options.dir)
	elseif chosen then
		fs.tempdir(function(temp)
			total = total + report(project, compare(project, temp))
		end)
	end
end
print(total .. " tests differ")

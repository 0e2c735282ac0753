-- Runs what was declared, in the order of busted: the body of a block runs when its
-- turn comes, so after the strict setup of the block around it. Then its strict
-- setup runs, its tests and blocks as they were written, its lazy teardown and its
-- strict teardown. Lazy setup runs before the first test that needs it.
--
-- An error in a hook makes an error of every test that depends on it, and never
-- ends the run.

local choice = require("ave.test.choice")
local declaring = require("ave.test.declaring")
local failure = require("ave.test.failure")
local host = require("ave.test.host")
local hub = require("ave.test.hub")
local kept = require("ave.test.kept")
local lazy = require("ave.test.lazy")
local resources = require("ave.test.resources")
local scope = require("ave.test.scope")
local verdict = require("ave.test.verdict")

local isolation = lazy("ave.test.isolation")
local shuffle = lazy("ave.test.shuffle")

local runner = {}

local phase -- nil while blocks are collected, or "hook" or "test"
local preparing = false -- whether the hooks before a test run
local last_of_test, xfail -- of the running test: its function for finally, and whether it is expected to fail

function runner.collecting() return phase == nil end

function runner.in_test() return phase == "test" end

-- has_test tells whether a test runs, or a hook before it.
function runner.has_test() return phase == "test" or preparing end

function runner.finally(fn) last_of_test = fn end

function runner.expect_failure(reason)
	xfail = reason
	failure.expect(true)
end

-- call runs fn in a phase, with variables, and returns nil or its problem. The
-- limit is in seconds; 0 and nil mean no limit. If the run is interrupted, fn is
-- ended or not called at all, except hooks that clean up.
local function call(in_phase, variables, fn, limit, hook, cleans)
	local before, outer = phase, scope.enter(variables)
	phase = in_phase
	local problem = host.within(limit, failure.catch, hook, fn, cleans)
	phase = before
	scope.enter(outer)
	if problem then
		problem.uncleaned = cleans
	end
	return problem
end

-- add notes a problem of a hook.
local function add(problems, problem, hook)
	problem.status, problem.hook = "error", hook
	table.insert(problems, problem)
end

-- publish tells subscribers. Their errors are problems, as those of hooks are.
local function publish(problems, channel, ...)
	local cleans = channel[#channel] == "end"
	if hub.is_used() and not choice.of_command("list") and (cleans or not host.ending()) then
		local arguments = { n = select("#", ...), ... }
		local function tell() hub.publish(channel, unpack(arguments, 1, arguments.n)) end
		local problem = call("hook", _G, tell, nil, table.concat(channel, " "), cleans)
		if problem then
			add(problems, problem, table.concat(channel, " "))
		end
	end
end

local cleaning = { after_each = true, lazy_teardown = true, strict_teardown = true } -- the hooks that clean up

-- call_hooks runs all hooks of one kind of a block, and adds their problems to
-- problems. It returns whether all succeeded.
local function call_hooks(kind, of, problems)
	local ok, hooks = true, of.hooks[kind]
	if not hooks then
		return ok
	end
	for _, hook in ipairs(hooks) do
		local limit = hook.timeout or choice.of_command("hook_timeout")
		local problem = call("hook", hook.variables, hook.run, limit, hook.name, cleaning[kind])
		if problem then
			ok = false
			add(problems, problem, hook.name)
			if problem.interrupted then
				break
			end
		end
	end
	return ok
end

-- lazy_setup runs the lazy setups that a test in `of` needs and that have not run
-- yet, from the outermost block inwards. It returns the problems of the block in
-- which one failed.
local function lazy_setup(of)
	if of.parent then
		local problems = lazy_setup(of.parent)
		if problems then
			return problems
		end
	end
	if not of.lazy then
		of.lazy = {}
		local test = resources.enter(of)
		call_hooks("lazy_setup", of, of.lazy)
		resources.enter(test)
	end
	return of.lazy[1] and of.lazy
end

-- before_each runs the hooks from the outermost block inwards. If one fails, it
-- stops after that block. It returns the block from which after_each must start.
local function before_each(of, problems)
	if of.parent then
		local reached, ok = before_each(of.parent, problems)
		if not ok then
			return reached, false
		end
	end
	return of, call_hooks("before_each", of, problems)
end

local function after_each(from, problems)
	while from do
		call_hooks("after_each", from, problems)
		from = from.parent
	end
end

-- run_body runs the test itself, and then its function for finally.
local function run_body(test, variables, problems)
	failure.note()
	local problem = call("test", variables, test.run, test.timeout or choice.of_command("timeout"))
	local last = last_of_test
		and call("hook", variables, last_of_test, choice.of_command("hook_timeout"), "finally", true)
	failure.noted(problems)
	if problem and not (last and problem.status == "pending") then
		table.insert(problems, problem)
	end
	if last then
		add(problems, last, "finally")
	end
end

local test_start, test_end = { "test", "start" }, { "test", "end" } -- channels

local statuses = { passed = "success", failed = "failure", error = "error", pending = "pending", xfailed = "success" }

-- check_left looks for what was left behind since host.look, and returns whether
-- that makes the test fail.
local function check_left(problems)
	local message = host.left()
	if message then
		table.insert(problems, { status = "failed", message = message })
	end
	return message
end

-- attempt runs a test with its hooks once. It returns the status, the problems, and
-- whether another attempt makes sense.
local function attempt(test)
	last_of_test, xfail = nil, test.xfail
	failure.expect(xfail and true)
	kept.begin(test)
	local problems = lazy_setup(test.parent)
	if problems then
		return "error", problems, false
	end
	problems = {}
	host.look()
	publish(problems, test_start, test, test.parent)
	preparing = true
	local reached, ok = before_each(test.parent, problems)
	preparing = false
	if ok then
		run_body(test, scope.new(test.parent.variables), problems)
	end
	after_each(reached, problems)
	local status = verdict.expected(verdict.of(problems), problems, xfail)
	publish(problems, test_end, test, test.parent, statuses[status] or "failure")
	if status == "passed" then
		status = verdict.of(problems)
	end
	if check_left(problems) and status ~= "failed" and status ~= "xpassed" then
		status = status == "error" and status or "failed"
	end
	if problems[1] and test.parent.seed and test.parent.seed ~= choice.of_command("seed") then
		problems[1].message = problems[1].message .. "\n(in the order of randomize(" .. test.parent.seed .. "))"
	end
	return status, problems, status == "failed" or status == "error"
end

-- try makes all attempts of a test.
local function try(test)
	local tries = 1 + (test.retries or 0)
	for n = 1, tries do
		test.attempt, test.last = tries > 1 and n or nil, nil
		host.emit("test_started", test)
		if declaring.needs() then
			declaring.needs().say()
		end
		local status, problems, again = attempt(test)
		local ending = host.ending()
		again = again and n < tries and not ending
		test.last = tries > 1 and not again or nil
		resources.settle(test, verdict.is_bad(status) and ending ~= "quiet")
		host.emit("test_finished", test, status, problems)
		if not again then
			break
		end
	end
end

-- lose_test reports a test that cannot run.
local function lose_test(test, problems)
	resources.keep(test)
	host.emit("test_started", test)
	host.emit("test_finished", test, "error", problems)
	problems.told = true
end

-- supply leases what a block and those around it need, before a test or block runs. It
-- returns the problems if that fails; nothing is tried twice.
local function supply(of, first)
	local needs = declaring.needs()
	if needs and first and not choice.of_command("list") then
		needs.collecting = runner.collecting
		return needs.supply(of, first, function(fn) return call("hook", _G, fn, nil, "equipment") end)
	end
end

-- give_back ends the leases of a block, whatever has happened.
local function give_back(of)
	local needs = declaring.needs()
	if needs and needs.has_any(of) then
		call("hook", _G, function() needs.give_back(of) end, choice.of_command("hook_timeout"), "equipment", true)
		needs.give_back(of, true)
	end
end

-- run_test runs a test when it has what it needs, and the names that it reserves are
-- free.
local function run_test(test)
	local lacking = supply(test.parent, test)
	if lacking then
		return lose_test(test, lacking)
	end
	local around = resources.enter(test)
	local problem = test.exclusive[1] and call("hook", _G, function() resources.acquire(test.exclusive) end)
	if problem then
		lose_test(test, { problem })
	else
		try(test)
	end
	resources.leave(test, around)
end

local function skip_test(test)
	local problems = {}
	host.emit("test_started", test)
	publish(problems, test_start, test, test.parent)
	publish(problems, test_end, test, test.parent, "pending")
	host.emit("test_finished", test, problems[1] and "error" or "pending", problems)
end

-- report reports what went wrong in a block outside of its tests.
local function report(of, problems)
	if problems[1] then
		resources.keep(of)
		host.emit("block_failed", of, "error", problems)
	end
end

local run_block

local function run_children(of)
	for _, child in ipairs(of.children) do
		if host.ending() then
			return
		end
		if choice.is_quarantined(child) then
			child.quarantine = true
		end
		if child.children then
			run_block(child)
		elseif choice.of_command("list") then
			child.needs = declaring.needs() and declaring.needs().text(child)
			host.emit("test_listed", child, child.kind == "pending" and "pending" or nil)
		elseif child.kind == "pending" then
			skip_test(child)
		elseif of.lost then
			lose_test(child, of.lost)
		else
			run_test(child)
		end
	end
end

-- run_with_hooks runs the contents of a block between its strict setup and
-- teardown. If setup fails, of.lost says why nothing in the block can run.
local function run_with_hooks(of)
	local needs = declaring.needs()
	local lacking = supply(of, needs and needs.begins_with(of))
	local problems, around = {}, resources.enter(of)
	host.look()
	if lacking or not call_hooks("strict_setup", of, problems) then
		of.lost = lacking or problems
	end
	run_children(of)
	if of.lost and not of.lost.told then
		report(of, of.lost)
	end
	problems = {}
	if of.lazy then
		call_hooks("lazy_teardown", of, problems)
	end
	if not lacking then
		call_hooks("strict_teardown", of, problems)
	end
	give_back(of)
	check_left(problems)
	report(of, problems)
	resources.leave(of, around)
end

local function run_collected(of)
	if of.seed == nil then
		of.seed = choice.of_command("seed")
	end
	if of.seed then
		shuffle(of.children, of.seed) -- before tests are left out, so that the order of the others stays the same
	end
	if not choice.prune(of) then
		return
	end
	of.lost = of.parent and of.parent.lost
	if of.lost then
		run_children(of) -- so that all of them are in the report
	else
		run_with_hooks(of)
	end
end

-- collect runs a block's body, which declares its contents.
local function collect(of)
	local around = declaring.enter(of)
	of.variables = of.variables or scope.of_block(of)
	local problem = call(nil, of.variables, of.run)
	declaring.enter(around)
	if problem then
		choice.lose()
		problem.status = "error"
		report(of, of.parent and of.parent.lost or { problem }) -- the body may need what the failed setup makes
	end
	return not problem
end

-- around tells subscribers before and after fn.
local function around(of, name, fn)
	local problems = {}
	publish(problems, { name, "start" }, of, of.parent)
	fn(of)
	publish(problems, { name, "end" }, of, of.parent)
	report(of, problems)
end

local function collect_and_run(of)
	if collect(of) then
		run_collected(of)
	end
end

function run_block(of)
	if of.kind == "insulate" then
		of.saved = isolation.save()
	end
	host.enter(of)
	around(of, of.descriptor, collect_and_run)
	if of.parent then
		host.enter(of.parent)
	end
	if of.kind == "expose" and of.parent.saved then
		of.parent.saved = isolation.save()
	end
	if of.saved then
		isolation.restore(of.saved)
	end
end

-- finish forgets what has run, and returns the number of tests.
local function finish()
	local count = declaring.count()
	declaring.reset()
	phase = nil
	return count
end

-- run_script runs what the script has declared so far, and returns the number of
-- tests.
function runner.run_script()
	choice.begin()
	run_collected(declaring.block())
	return finish()
end

-- run_helper runs a helper file, or requires it if it is the name of a module. Its
-- hooks are around the next test file.
function runner.run_helper(helper)
	local suite = declaring.block()
	suite.variables = _G
	suite.run = type(helper) == "string" and function() require(helper) end or helper
	if not collect(suite) then
		return false
	end
	declaring.begin_inside()
	return true
end

-- run_file calls the chunk of a test file, runs what it declares, and returns the
-- number of tests.
function runner.run_file(chunk)
	choice.begin()
	scope.apply(chunk)
	local file = declaring.block()
	file.run = chunk
	around(file, "suite", function()
		if file.parent then
			run_collected(file.parent)
		else
			run_block(file)
		end
	end)
	if not host.ending() then
		report(file, choice.missing())
	end
	return finish()
end

return runner

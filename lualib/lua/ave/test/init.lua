-- The words of tests, as in busted: describe, it, before_each and so on.
-- declaring.lua stores what is declared, and runner.lua runs it.

local checking = require("ave.test.checking")
local declaring = require("ave.test.declaring")
local each = require("ave.test.each")
local eventually = require("ave.test.eventually")
local failure = require("ave.test.failure")
local host = require("ave.test.host")
local options = require("ave.test.options")
local resources = require("ave.test.resources")
local runner = require("ave.test.runner")

local test = { eventually = eventually }

-- For each word, the kind of element that it declares.
local blocks = { describe = "describe", context = "describe", insulate = "insulate", expose = "expose" }
local tests = { it = "it", spec = "it", test = "it", xfail = "it" }
local hooks = {
	setup = "strict_setup",
	teardown = "strict_teardown",
	strict_setup = "strict_setup",
	strict_teardown = "strict_teardown",
	lazy_setup = "lazy_setup",
	lazy_teardown = "lazy_teardown",
	before_each = "before_each",
	after_each = "after_each",
}

-- must_collect raises an error if nothing can be declared any more. The error
-- points at the line that uses the word.
local function must_collect(word)
	if not runner.collecting() then
		error("'" .. word .. "' not supported inside current context block", 3)
	end
end

local function check_callable(word, fn)
	if not checking.callable(fn) then
		error(word .. ": wanted a function, got " .. type(fn), 3)
	end
end

-- sort_out tells the arguments (name, options, fn) apart; only the function is
-- mandatory.
local function sort_out(name, given, fn)
	if type(name) ~= "string" and type(name) ~= "number" and name ~= nil then
		name, given, fn = nil, name, given
	end
	if fn == nil and (type(given) ~= "table" or checking.callable(given)) then
		given, fn = nil, given
	end
	return name, given, fn
end

-- declare makes a word of the form word(name, [options,] fn), word(fn) or
-- word(name, [options])(fn). It calls add(name, given, run, file, line); check
-- raises an error for wrong options.
local function declare(word, check, add)
	test[word] = function(...)
		must_collect(word)
		local file, line = host.caller()
		local name, given, fn = sort_out(...)
		if given then
			check(word, given, 2)
		end
		name = tostring(name or word)
		if fn ~= nil then
			check_callable(word, fn)
			return add(name, given, fn, file, line)
		end
		return function(run)
			check_callable(word, run)
			add(name, given, run, file, line)
		end
	end
end

for word, kind in pairs(blocks) do
	declare(word, options.check, function(...) declaring.add_block(kind, ...) end)
end

for word in pairs(tests) do
	declare(word, options.check, declaring.add_test)
end

for word, kind in pairs(hooks) do
	declare(word, options.check_hook, function(...) declaring.add_hook(kind, ...) end)
end

-- xfail(name, [options,] fn) in a block declares a test that is expected to fail;
-- xfail([reason]) in a test says so of the rest of it.
local declare_xfail = test.xfail

function test.xfail(name, given, fn)
	if runner.in_test() then
		return runner.expect_failure(name == nil or name)
	end
	must_collect("xfail")
	name, given, fn = sort_out(name, given, fn)
	if given then
		options.check("xfail", given, 2)
	end
	local with = { xfail = true }
	for k, v in pairs(given or {}) do
		with[k] = v
	end
	return declare_xfail(name, with, fn)
end

-- pending(name, [options,] [fn]) in a block declares a test that is not run;
-- pending(reason) in a test ends it.
function test.pending(name, given, fn)
	if runner.in_test() then
		failure.pending(name)
	end
	must_collect("pending")
	name, given = sort_out(name, given, fn)
	if given then
		options.check("pending", given, 2)
	end
	declaring.add_pending(tostring(name or "pending"), given, host.caller())
end

-- finally(fn) calls fn when the test ends, for any reason. It is also for helpers that hooks
-- before the test call.
function test.finally(fn)
	if not runner.has_test() then
		error("'finally' can only be used inside a test", 2)
	end
	check_callable("finally", fn)
	runner.finally(fn)
end

-- randomize([seed]) runs the contents of the block in random order, or in that of a
-- seed; randomize(false) in the order in which they are written.
function test.randomize(...)
	must_collect("randomize")
	local wanted, seed = ...
	if select("#", ...) == 0 or wanted then
		declaring.randomize(tonumber(wanted) or tonumber(seed) or host.seed())
	else
		declaring.randomize(false)
	end
end

-- shared(name, fn) returns what fn returns. fn is called once per run, by the first
-- worker that asks.
function test.shared(name, fn)
	if type(name) ~= "string" then
		error("shared: wanted a name, got " .. type(name), 2)
	elseif type(fn) ~= "function" then
		error("shared: wanted a function, got " .. type(fn), 2)
	end
	return resources.shared(name, fn)
end

local function must_run(word)
	if runner.collecting() or not resources.is_owned() then
		error("'" .. word .. "' can only be used inside tests and hooks", 3)
	end
end

-- exclusive(name) reserves a name, so that only one worker uses it. In the body of
-- a block each of its tests reserves it; in a test, it is reserved until its end;
-- in a hook of a block, until the block's end.
function test.exclusive(name)
	if type(name) ~= "string" then
		error("exclusive: wanted a name, got " .. type(name), 2)
	end
	if runner.collecting() then
		return declaring.exclusive(name)
	end
	must_run("exclusive")
	resources.take(name)
end

-- workspace() returns a directory for the running test, or, in a hook of a block,
-- for the block. It is removed at the end, unless something went wrong.
function test.workspace()
	must_run("workspace")
	return resources.workspace()
end

-- equipment(name, profile, [options]) in a block declares that its tests need a piece of
-- equipment, and returns what is its handle in them. In tests and hooks,
-- equipment(name) returns the same.
function test.equipment(name, profile, given)
	local needs = declaring.use_needs()
	if runner.collecting() then
		return needs.equipment(declaring.block(), name, profile, given)
	end
	must_run("equipment")
	if profile ~= nil then
		error("equipment: a test cannot declare equipment: declare it in a block", 2)
	end
	return needs.named(resources.owner(), name)
end

-- needs(options) in a block declares what its tests need of the host, and returns what
-- equipment(name, profile) returns, by name.
function test.needs(given)
	must_collect("needs")
	return declaring.use_needs().declare(declaring.block(), given)
end

for _, name in ipairs({ "shared", "exclusive", "workspace", "equipment", "needs" }) do
	each.add_field("test", test.test, name, test[name])
end

-- each_of makes it.each, describe.each and so on.
local function each_of(word)
	return function(rows)
		if type(rows) ~= "table" then
			error(word .. ".each: wanted a list of rows, got " .. type(rows), 2)
		elseif rows[1] == nil and next(rows) ~= nil then
			error(word .. ".each: wanted a list of rows, got a table without [1]", 2)
		end
		return function(...)
			must_collect(word)
			local name, given, fn = sort_out(...)
			if given then
				options.check(word, given, 2)
			end
			check_callable(word, fn)
			name = tostring(name or word)
			if rows[1] == nil then
				return declaring.add_pending(name .. " (no rows)", given, host.caller())
			end
			for _, row in ipairs(rows) do
				test[word](each.name_of(name, row), given or {}, each.call(fn, row))
			end
		end
	end
end

for _, words in ipairs({ blocks, tests }) do
	for word in pairs(words) do
		each.add(word, test[word], each_of(word))
	end
end

return test

-- Chooses the tests to run, by the command line.

local each = require("ave.test.each")
local host = require("ave.test.host")

local choice = {}

local wanted = nil -- the choice for this run, once it is known
local found = {} -- the lines of the command line for which a test was found
local complete = true -- whether all blocks were examined

local function of_run()
	wanted = wanted or host.choice()
	return wanted
end

local function full_name(element) return table.concat(element.path, " ") end

-- matches searches a name for a filter: first as plain text, then as a pattern.
local function matches(name, filter)
	if name:find(filter, 1, true) then
		return true
	end
	local ok, at = pcall(string.find, name, filter)
	return ok and at ~= nil
end

local function any(list, holds)
	for _, v in ipairs(list) do
		if holds(v) then
			return true
		end
	end
	return false
end

local function has_tag(element, tag) return any(element.tags, function(own) return own == tag end) end

-- contains tells whether a line is inside a test or a block: from its word to the
-- end of its function, if the function is written there.
local function contains(element, line)
	if not element.line then
		return false
	end
	local written = each.written(element.run)
	local lines = type(written) == "function" and debug.getinfo(written, "S")
	local last = element.line
	if lines and lines.source == "@" .. of_run().file and lines.linedefined >= element.line then
		last = lines.lastlinedefined
	end
	return line >= element.line and line <= last
end

-- mark chooses what a line of the command line stands for in a block: the test that
-- contains it, or, for the first line of a block and for lines between its tests,
-- everything in the block.
local function mark(block, line)
	local inside = false
	for _, child in ipairs(block.children) do
		if contains(child, line) then
			inside = true
			child.chosen = child.chosen or not child.children or line == child.line
			found[line] = found[line] or child.chosen
		end
	end
	if not inside and contains(block, line) then
		block.chosen, found[line] = true, true
	end
end

local function mark_lines(block)
	for _, line in ipairs(of_run().lines) do
		mark(block, line)
	end
	for _, child in ipairs(block.children) do
		child.chosen = child.chosen or block.chosen
	end
end

-- excludes tells whether a test or block is left out.
function choice.excludes(element)
	local name = full_name(element)
	return any(of_run().filter_out, function(filter) return matches(name, filter) end) or host.tagged_out(element)
end

-- includes tells whether a test should run.
function choice.includes(test)
	local run, name = of_run(), full_name(test)
	return not host.skips(test)
		and not choice.excludes(test)
		and (not run.filters[1] or any(run.filters, function(filter) return matches(name, filter) end))
		and host.tagged(test)
		and (not run.lines[1] or test.chosen)
end

-- of_command returns an option of the command line.
function choice.of_command(name) return of_run()[name] end

-- is_quarantined tells whether a tag or the command line quarantines a test or
-- block.
function choice.is_quarantined(element)
	local names = of_run().quarantine
	return element.tags[1] and has_tag(element, "quarantine")
		or names[1] and any(names, function(name) return matches(full_name(element), name) end)
end

local function enters(block)
	if choice.excludes(block) or host.died_in(block) then
		complete = false
		return false
	end
	return true
end

-- prune removes tests that should not run from a block, and returns whether any are
-- left.
function choice.prune(block)
	if of_run().all then
		return true
	end
	mark_lines(block)
	local children = {}
	for _, child in ipairs(block.children) do
		local keeps = child.children and enters or choice.includes
		if keeps(child) then
			children[#children + 1] = child
		end
	end
	block.children = children
	return children[1] ~= nil
end

-- lose notes that the contents of a block could not be found out.
function choice.lose() complete = false end

-- missing returns a problem for everything on the command line for which there is
-- no test.
function choice.missing()
	local problems, file = {}, of_run().file
	if complete then
		for _, line in ipairs(of_run().lines) do
			if not found[line] then
				table.insert(problems, { message = "no test at " .. file .. ":" .. line })
			end
		end
		for _, name in ipairs(host.missing()) do
			table.insert(problems, { message = "no test is called '" .. name .. "' any more; it failed in the last run" })
		end
	end
	return problems
end

-- begin makes the next run read the command line again.
function choice.begin()
	wanted, found, complete = nil, {}, true
end

return choice

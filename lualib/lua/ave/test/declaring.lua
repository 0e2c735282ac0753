-- What a test file declares: blocks, which contain hooks, tests and further blocks.
-- The file itself is the outermost block.

local choice = require("ave.test.choice")
local options = require("ave.test.options")
local scope = require("ave.test.scope")

local require = require -- tests may replace it

local declaring = {}

local block -- the block whose body is running
local count -- the number of tests, including those that are left out
local first_file -- the file in which the first word was used

local function new_block(kind, element)
	element.kind, element.children, element.hooks = kind, {}, {}
	element.descriptor = kind == "file" and "file" or "describe"
	return element
end

local function new_file() return new_block("file", { path = {}, tags = {} }) end

-- reset forgets all declarations.
function declaring.reset()
	block, count, first_file = new_file(), 0, nil
	block.variables = scope.new()
end

declaring.reset()

-- block is the block that declarations go to.
function declaring.block() return block end

-- enter sends declarations to a block, and returns the previous one.
function declaring.enter(into)
	local before = block
	block = into
	return before
end

-- begin_inside starts a file inside what was declared so far.
function declaring.begin_inside()
	local suite = declaring.enter(new_file())
	block.parent = suite
	suite.children = { block }
end

-- count is the number of tests that were declared.
function declaring.count() return count end

-- file returns where something was declared that has not run, or nil.
function declaring.file() return first_file end

-- declare makes an element of the current block.
local function declare(name, given, run, file, line)
	first_file = first_file or file
	local path = { unpack(block.path) }
	path[#path + 1] = name
	local element = setmetatable({ name = name, path = path, line = line, run = run }, options.inside(block))
	options.apply(element, given)
	table.insert(block.children, element)
	return element
end

function declaring.add_block(kind, ...) new_block(kind, declare(...)) end

function declaring.add_test(...)
	count = count + 1
	declare(...)
end

function declaring.add_pending(name, given, file, line)
	count = count + 1
	local element = declare(name, given, nil, file, line)
	element.kind, element.descriptor = "pending", "pending"
end

function declaring.add_hook(kind, name, given, run, file, line)
	if choice.of_command("list") then
		return
	end
	local hook = { name = name, run = run, file = file, line = line, variables = block.variables }
	hook.timeout = given and given.timeout
	block.hooks[kind] = block.hooks[kind] or {}
	table.insert(block.hooks[kind], hook)
end

local needs -- the module, once a block has declared a need

-- needs returns the module ave.test.needs; nil if no block has used it. It is kept here,
-- because insulate blocks forget modules.
function declaring.needs() return needs end

-- use_needs returns the module, which from now on is used.
function declaring.use_needs()
	needs = needs or require("ave.test.needs")
	return needs
end

-- exclusive makes everything that follows in the block reserve a name.
function declaring.exclusive(name) options.add_exclusive(block, name) end

-- randomize sets the seed of the block's order; false means the order in the file.
function declaring.randomize(seed) block.seed = seed end

return declaring

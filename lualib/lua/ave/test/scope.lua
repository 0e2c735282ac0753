-- The global variables of a test file. What a test sets is removed after it; what a
-- block or a hook sets is visible to the tests of the block. So the tests of a file
-- cannot see each other's variables, while modules use the real globals.
--
-- All functions of the file have the same environment. It reads and writes the
-- variables of what is running.

local scope = {}

local lookup = {}
local environment = setmetatable({}, lookup)

local inner = {} -- metatables, by the variables around

-- new makes the variables of a block or test, which can read those around it.
function scope.new(around)
	around = around or _G
	inner[around] = inner[around] or { __index = around }
	return setmetatable({}, inner[around])
end

-- exposed makes the variables of a block that sets those of another block.
function scope.exposed(around, target) return setmetatable({}, { __index = around, __newindex = target }) end

-- enter makes variables the current ones, and returns the previous ones.
function scope.enter(variables)
	local before = lookup.__index
	lookup.__index, lookup.__newindex = variables, variables
	return before
end

function scope.apply(chunk) setfenv(chunk, environment) end

scope.enter(_G)

-- of_block makes the global variables of a block. An expose block sets those of the
-- block around its parent.
function scope.of_block(block)
	local parent = block.parent
	if block.kind ~= "expose" then
		return scope.new(parent.variables)
	end
	return scope.exposed(parent.variables, parent.parent and parent.parent.variables or _G)
end

return scope

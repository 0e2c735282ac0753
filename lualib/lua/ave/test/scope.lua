-- The global variables of a test file. What a test sets is gone after it; what a
-- block or a hook sets is there for the tests of the block. So the tests of a
-- file do not get at each other's variables, while modules have the real ones.
--
-- All functions of the file have one environment. Where it looks a name up, and
-- where it puts one, changes with what is running.

local scope = {}

local lookup = {}
local environment = setmetatable({}, lookup)

local inner = {} -- the metatables of variables, by those around them

-- new makes the variables of a block or a test, which sees those around it.
function scope.new(around)
    around = around or _G
    inner[around] = inner[around] or { __index = around }
    return setmetatable({}, inner[around])
end

-- exposed makes the variables of a block that sets those of another one.
function scope.exposed(around, target) return setmetatable({}, { __index = around, __newindex = target }) end

-- enter makes variables the current ones and returns those that were.
function scope.enter(variables)
    local before = lookup.__index
    lookup.__index, lookup.__newindex = variables, variables
    return before
end

-- apply gives a chunk the environment.
function scope.apply(chunk) setfenv(chunk, environment) end

scope.enter(_G)

-- of_block makes the global variables of a block: an expose block has those of the
-- block around the one that it is in.
function scope.of_block(block)
    local parent = block.parent
    if block.kind ~= "expose" then
        return scope.new(parent.variables)
    end
    return scope.exposed(parent.variables, parent.parent and parent.parent.variables or _G)
end

return scope

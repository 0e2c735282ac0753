-- Shared values, reserved names and directories of tests. What a test takes is its
-- own until it ends; what is taken in a hook of a block belongs to the block until
-- that ends.

local host = require("ave.test.host")

local resources = {}

local owner -- the running test, or the block whose hook is running
local holders = {} -- for each name that this worker has reserved, its owner
local workspaces = {} -- by owner

-- shared(name, fn) returns what fn returns. fn is called once per run; other
-- workers get a copy of the value, so JSON must be able to encode it.
resources.shared = host.shared

-- enter makes a test or block the owner, and returns the previous one.
function resources.enter(element)
	local before = owner
	owner = element
	return before
end

-- owner is the running test, or the block whose hook is running.
function resources.owner() return owner end

-- is_owned tells whether there is an owner.
function resources.is_owned() return owner ~= nil end

-- take waits until no other worker has reserved a name, and reserves it.
function resources.take(name)
	local holder = holders[name]
	if not holder then
		host.acquire(name)
	end
	if not holder or not holder.children then -- a name that lazy setup takes belongs to the block, even if the test has it already
		holders[name] = owner
	end
end

-- acquire reserves the names that a test was declared with.
function resources.acquire(names)
	for _, name in ipairs(names) do
		resources.take(name)
	end
end

-- workspace returns the directory of the owner, which is empty at first.
function resources.workspace()
	workspaces[owner] = workspaces[owner] or { path = host.workspace() }
	return workspaces[owner].path
end

-- keep is called if something went wrong: the directories of the element and its
-- blocks are kept, and the report names them.
function resources.keep(element)
	while element do
		local workspace = workspaces[element]
		if workspace then
			workspace.kept = true
			host.settle(workspace.path, true)
		end
		element = element.parent
	end
end

-- settle removes or keeps a directory: of a block at its end, of a test after each
-- attempt.
function resources.settle(element, is_bad)
	if is_bad then
		resources.keep(element)
	end
	local workspace = workspaces[element]
	if workspace and not workspace.kept then
		host.settle(workspace.path, false)
	end
	workspaces[element] = nil
end

-- leave releases everything that a test or block has. The previous owner becomes
-- the owner again.
function resources.leave(element, before)
	resources.settle(element, false)
	for name, holder in pairs(holders) do
		if holder == element then
			host.release(name)
			holders[name] = nil
		end
	end
	owner = before
end

return resources

-- What tests share, what they need for themselves, and the directories that they
-- work in. What a test takes is its own until its end; what is taken in a hook of a
-- block, such as setup, is the block's until its end.

local host = require("ave.test.host")

local resources = {}

local owner -- the test that is running, or the block whose hook is
local holders = {} -- the owners of the names that no other worker has
local workspaces = {} -- by their owners

-- shared(name, fn) is what fn returns. It is called once per run: other workers
-- get the value, too, which must be one that JSON knows.
resources.shared = host.shared

-- enter makes a test or a block the owner, and returns the one before.
function resources.enter(element)
    local before = owner
    owner = element
    return before
end

-- is_owned tells whether there is one who can own anything.
function resources.is_owned() return owner ~= nil end

-- take waits until no other worker has a name.
function resources.take(name)
    local holder = holders[name]
    if not holder then
        host.acquire(name)
    end
    if not holder or not holder.children then -- what lazy setup takes is the block's, even if the test has it
        holders[name] = owner
    end
end

-- acquire takes the names that a test was declared with.
function resources.acquire(names)
    for _, name in ipairs(names) do
        resources.take(name)
    end
end

-- workspace is a directory of the owner, which is empty at first.
function resources.workspace()
    workspaces[owner] = workspaces[owner] or { path = host.workspace() }
    return workspaces[owner].path
end

-- keep is for what has gone wrong: its directory and those of the blocks around it
-- are not removed, and its report names them.
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

-- settle ends a directory: that of a block at its end, and that of a test after each
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

-- leave gives back all that a test or a block has. The owner is again the one before.
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

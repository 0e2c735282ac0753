-- What tests share, what they need for themselves, and the directories that they
-- work in.

local host = require("ave.test.host")

local resources = {}

local held = {} -- the names that no other worker has
local workspace -- of the test that is running

-- shared(name, fn) is what fn returns. It is called once per run: other workers
-- get the value, too, which must be one that JSON knows.
resources.shared = host.shared

-- take waits until no other worker has a name; the test that is running has it to
-- its end.
function resources.take(name)
    for _, own in ipairs(held) do
        if own == name then
            return
        end
    end
    host.acquire(name)
    held[#held + 1] = name
end

-- acquire takes the names that a test was declared with.
function resources.acquire(names)
    for _, name in ipairs(names) do
        resources.take(name)
    end
end

-- release is called when a test is over.
function resources.release()
    for _, name in ipairs(held) do
        host.release(name)
    end
    held = {}
end

-- workspace is the directory of the test that is running, which is empty at first.
function resources.workspace()
    workspace = workspace or host.workspace()
    return workspace
end

-- settle removes the directory of a test, unless it is to be kept.
function resources.settle(keep)
    if workspace then
        host.settle(workspace, keep)
        workspace = nil
    end
end

return resources

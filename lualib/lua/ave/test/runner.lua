-- Runs what was declared. The order is busted's: the body of a block runs when
-- its turn comes, so after the strict setup of the block around it; then its
-- strict setup, its tests and blocks as they were written, lazy teardown and
-- strict teardown. Lazy setup runs before the first test that needs it.
--
-- An error in a hook makes an error of every test that depends on the hook,
-- and never ends the run.

local failure = require("ave.test.failure")
local host = require("ave.test.host")
local isolation = require("ave.test.isolation")

local runner = {}

local block -- where declarations go: the block whose body is running
local phase -- nil while blocks are collected, or "hook" or "test"
local finalizer -- what finally() was given in the test that is running
local declared -- how many tests there were, with those that a filter leaves out

local function new_block(kind, element, parent)
    element.kind, element.parent, element.children, element.hooks = kind, parent, {}, {}
    return element
end

local function reset()
    block, phase, declared = new_block("file", { path = {} }), nil, 0
end

reset()

function runner.collecting() return phase == nil end

function runner.in_test() return phase == "test" end

function runner.finally(fn) finalizer = fn end

local function with_path(element)
    local path = { unpack(block.path) }
    path[#path + 1] = element.name
    element.path = path
    return element
end

function runner.add_block(kind, element)
    table.insert(block.children, new_block(kind, with_path(element), block))
end

function runner.add_test(element)
    declared = declared + 1
    with_path(element)
    if host.selected(table.concat(element.path, " ")) then
        element.kind = element.pending and "pending" or "test"
        table.insert(block.children, element)
    end
end

function runner.add_hook(kind, element)
    element.kind = kind
    block.hooks[kind] = block.hooks[kind] or {}
    table.insert(block.hooks[kind], element)
end

-- call runs fn in a phase and returns nil or its problem.
local function call(in_phase, fn)
    local before = phase
    phase = in_phase
    local problem = failure.catch(fn)
    phase = before
    return problem
end

-- call_hooks runs all hooks of a kind that a block has, and adds what goes
-- wrong to problems. It returns whether nothing did.
local function call_hooks(kind, of, problems)
    local ok = true
    for _, hook in ipairs(of.hooks[kind] or {}) do
        local problem = call("hook", hook.run)
        if problem then
            ok = false
            problem.status, problem.hook = "error", hook.name
            table.insert(problems, problem)
        end
    end
    return ok
end

-- lazy_setup runs what lazy setup is still to be done for a test in of, from
-- the outside in. It returns the problems of the block where it failed.
local function lazy_setup(of)
    if of.parent then
        local problems = lazy_setup(of.parent)
        if problems then
            return problems
        end
    end
    if not of.lazy then
        of.lazy = {}
        call_hooks("lazy_setup", of, of.lazy)
    end
    return of.lazy[1] and of.lazy
end

-- before_each runs the hooks from the outside in. It stops at a block where
-- one fails, and returns the block from which after_each must begin.
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

local function run_body(test, problems)
    finalizer = nil
    table.insert(problems, (call("test", test.run)))
    if finalizer then
        local problem = call("hook", finalizer)
        if problem then
            problem.status, problem.hook = "error", "finally"
            table.insert(problems, problem)
        end
        finalizer = nil
    end
end

-- verdict is the first problem that is worse than pending, or else pending.
local function verdict(problems)
    local status = "passed"
    for _, problem in ipairs(problems) do
        if status == "passed" or (status == "pending" and problem.status ~= "pending") then
            status = problem.status
        end
    end
    return status
end

local function run_test(test, parent)
    host.emit("test_started", test)
    local problems = lazy_setup(parent)
    if not problems then
        problems = {}
        local reached, ok = before_each(parent, problems)
        if ok then
            run_body(test, problems)
        end
        after_each(reached, problems)
    end
    host.emit("test_finished", test, verdict(problems), problems)
end

local run_block

local function run_children(of)
    for _, child in ipairs(of.children) do
        if child.kind == "test" then
            run_test(child, of)
        elseif child.kind == "pending" then
            host.emit("test_started", child)
            host.emit("test_finished", child, "pending")
        else
            run_block(child)
        end
    end
end

-- give_up reports what cannot be run because setup failed.
local function give_up(of, problems)
    local reported = false
    for _, child in ipairs(of.children) do
        if child.kind == "test" then
            host.emit("test_started", child)
            host.emit("test_finished", child, "error", problems)
            reported = true
        end
    end
    if not reported then
        host.emit("block_failed", of, "error", problems)
    end
end

local function run_collected(of)
    local problems = {}
    if call_hooks("strict_setup", of, problems) then
        run_children(of)
    else
        give_up(of, problems)
    end
    problems = {}
    if of.lazy then
        call_hooks("lazy_teardown", of, problems)
    end
    call_hooks("strict_teardown", of, problems)
    if problems[1] then
        host.emit("block_failed", of, "error", problems)
    end
end

-- collect runs a block's body, which declares what is in it.
local function collect(of)
    local around = block
    block = of
    local problem = failure.catch(of.run)
    block = around
    if problem then
        problem.status = "error"
        host.emit("block_failed", of, "error", { problem })
    end
    return not problem
end

function run_block(of)
    if of.kind == "insulate" then
        of.saved = isolation.save()
    end
    if collect(of) then
        run_collected(of)
    end
    if of.kind == "expose" and of.parent.saved then
        of.parent.saved = isolation.save()
    end
    if of.saved then
        isolation.restore(of.saved)
    end
end

-- run_script runs what the script has declared so far. It returns how many
-- tests that was.
function runner.run_script()
    local root = block
    if root.children[1] or next(root.hooks) then
        run_collected(root)
    end
    local count = declared
    reset()
    return count
end

-- run_file calls the chunk of a test file and runs what it declares.
function runner.run_file(chunk)
    block.run = chunk
    if not collect(block) then
        block.children, block.hooks = {}, {}
    end
    return runner.run_script()
end

-- declares reports whether there is anything to run.
function runner.declares()
    return block.children[1] ~= nil or declared > 0
end

return runner

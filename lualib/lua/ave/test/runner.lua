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
local declared_in -- the file that the first word was used in

local function new_block(kind, element, parent)
    element.kind, element.parent, element.children, element.hooks = kind, parent, {}, {}
    return element
end

local function reset()
    block, phase = new_block("file", { path = {} }), nil
    declared, declared_in = 0, nil
end

reset()

function runner.collecting() return phase == nil end

function runner.in_test() return phase == "test" end

function runner.finally(fn) finalizer = fn end

local function with_path(element)
    declared_in = declared_in or element.file
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
    element.kind = element.pending and "pending" or "test"
    table.insert(block.children, with_path(element))
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

-- run_body runs the test itself and what it gave to finally.
local function run_body(test, problems)
    finalizer = nil
    local problem = call("test", test.run)
    local last = finalizer and call("hook", finalizer)
    finalizer = nil
    if problem and not (last and problem.status == "pending") then
        table.insert(problems, problem)
    end
    if last then
        last.status, last.hook = "error", "finally"
        table.insert(problems, last)
    end
end

-- verdict is the status of the first problem: what goes wrong later does not
-- make a failure an error. Pending is no problem beside others.
local function verdict(problems)
    for _, problem in ipairs(problems) do
        if problem.status ~= "pending" then
            return problem.status
        end
    end
    return problems[1] and "pending" or "passed"
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

-- selected tells whether the filter lets a test run. A filter that is no
-- pattern is only looked for as text.
local function selected(test)
    local filter = host.filter()
    if not filter then
        return true
    end
    local name = table.concat(test.path, " ")
    if name:find(filter, 1, true) then
        return true
    end
    local ok, found = pcall(string.find, name, filter)
    return ok and found ~= nil
end

-- select_children drops the tests of a block that the filter leaves out, and returns
-- whether there is anything left to run.
local function select_children(of)
    local children = {}
    for _, child in ipairs(of.children) do
        if child.children or selected(child) then
            children[#children + 1] = child
        end
    end
    of.children = children
    return children[1] ~= nil
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
    if host.filter() and not select_children(of) then
        return
    end
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
    run_collected(block)
    local count = declared
    reset()
    return count
end

-- run_file calls the chunk of a test file and runs what it declares.
function runner.run_file(chunk)
    block.run = chunk
    if not collect(block) then
        reset()
        return 0
    end
    return runner.run_script()
end

-- declared_in is the file in which something was declared that has not run,
-- or nil.
function runner.declared_in() return declared_in end

return runner

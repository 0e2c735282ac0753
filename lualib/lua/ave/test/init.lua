-- The words that tests are written in, as busted has them: describe, it,
-- before_each and so on. They note what is to be run; runner.lua runs it.

local eventually = require("ave.test.eventually")
local failure = require("ave.test.failure")
local host = require("ave.test.host")
local runner = require("ave.test.runner")

local test = { eventually = eventually }

-- Each word and what it stands for.
local blocks = { describe = "describe", context = "describe", insulate = "insulate", expose = "expose" }
local tests = { it = "it", spec = "it", test = "it" }
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

-- must_collect refuses a word where nothing can be declared any more. The error
-- is that of the line that uses the word.
local function must_collect(word)
    if not runner.collecting() then
        error("'" .. word .. "' cannot be used inside a test or a hook", 3)
    end
end

local function check_callable(word, fn)
    local meta = getmetatable(fn)
    if type(fn) ~= "function" and not (type(meta) == "table" and meta.__call) then
        error(word .. ": wanted a function, got " .. type(fn), 3)
    end
end

-- declare makes a word of the form word(name, fn), word(fn) or word(name)(fn).
local function declare(word, add)
    test[word] = function(name, fn)
        must_collect(word)
        local file, line = host.caller()
        if fn == nil and name ~= nil and type(name) ~= "string" then
            name, fn = nil, name
        end
        local function register(run)
            check_callable(word, run)
            add({ name = tostring(name or word), run = run, file = file, line = line })
        end
        if fn == nil then
            return register
        end
        register(fn)
    end
end

for word, kind in pairs(blocks) do
    declare(word, function(element) runner.add_block(kind, element) end)
end

for word in pairs(tests) do
    declare(word, runner.add_test)
end

for word, kind in pairs(hooks) do
    declare(word, function(element) runner.add_hook(kind, element) end)
end

-- pending(name [, fn]) in a block declares a test that isn't run;
-- pending(reason) in a test ends it there.
function test.pending(text)
    if runner.in_test() then
        failure.pending(text)
    end
    must_collect("pending")
    local file, line = host.caller()
    runner.add_test({ name = tostring(text or "pending"), pending = true, file = file, line = line })
end

-- finally(fn) has fn called when the test is over, however it ends.
function test.finally(fn)
    if not runner.in_test() then
        error("'finally' can only be used inside a test", 2)
    end
    check_callable("finally", fn)
    runner.finally(fn)
end

return test

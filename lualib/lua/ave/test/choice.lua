-- Which tests run: those that the command line asks for.

local host = require("ave.test.host")

local choice = {}

local wanted = nil -- of the run, once it is known

local function of_run()
    wanted = wanted or host.choice()
    return wanted
end

local function full_name(element) return table.concat(element.path, " ") end

-- found looks for a filter in a name: as text or, if that is not there, as a
-- pattern.
local function found(name, filter)
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

local function has_tag(element, tag) return any(element.tags or {}, function(own) return own == tag end) end

-- is_at tells whether a line is that of a block around a test, or in the test.
local function is_at(test, line)
    local around = test.parent
    while around do
        if around.line == line then
            return true
        end
        around = around.parent
    end
    local lines = type(test.run) == "function" and debug.getinfo(test.run, "S") or {}
    return line >= test.line and line <= math.max(test.line, lines.lastlinedefined or 0)
end

-- is_all tells whether nothing is left out.
function choice.is_all()
    local run = of_run()
    for _, name in ipairs({ "filters", "filter_out", "tags", "exclude_tags", "lines" }) do
        if run[name][1] then
            return false
        end
    end
    return not run.some
end

-- excludes tells whether a test, or a block with all that is in it, is left out.
function choice.excludes(element)
    local run, name = of_run(), full_name(element)
    return any(run.filter_out, function(filter) return found(name, filter) end)
        or any(run.exclude_tags, function(tag) return has_tag(element, tag) end)
end

-- includes tells whether a test is to run.
function choice.includes(test)
    local run, name = of_run(), full_name(test)
    return not choice.excludes(test)
        and (not run.filters[1] or any(run.filters, function(filter) return found(name, filter) end))
        and (not run.tags[1] or host.tagged(test))
        and (not run.lines[1] or any(run.lines, function(line) return is_at(test, line) end))
        and not host.skips(test)
end

-- of_command is what the command line says of a name.
function choice.of_command(name) return of_run()[name] end

-- is_quarantined tells whether the command line keeps a test from spoiling the run.
function choice.is_quarantined(test)
    local names = of_run().quarantine
    return test.tags[1] and has_tag(test, "quarantine")
        or names[1] and any(names, function(name) return found(full_name(test), name) end)
end

-- prune drops the tests of a block that do not run, and returns whether there is
-- anything left.
function choice.prune(block)
    if choice.is_all() then
        return true
    end
    local children = {}
    for _, child in ipairs(block.children) do
        local stays
        if child.children then
            stays = not choice.excludes(child) and not host.died_in(child)
        else
            stays = choice.includes(child)
        end
        if stays then
            children[#children + 1] = child
        end
    end
    block.children = children
    return children[1] ~= nil
end

-- begin has the next run ask anew.
function choice.begin() wanted = nil end

return choice

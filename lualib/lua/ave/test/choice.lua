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

-- is_all tells whether nothing is left out.
function choice.is_all()
    for _, list in pairs(of_run()) do
        if list[1] then
            return false
        end
    end
    return true
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
        and (not run.tags[1] or any(run.tags, function(tag) return has_tag(test, tag) end))
end

-- prune drops the tests of a block that do not run, and returns whether there is
-- anything left.
function choice.prune(block)
    if choice.is_all() then
        return true
    end
    local children = {}
    for _, child in ipairs(block.children) do
        local stays = child.children and not choice.excludes(child) or not child.children and choice.includes(child)
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

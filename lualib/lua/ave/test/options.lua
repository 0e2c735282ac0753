-- What can be said of a test or a block between its name and its function:
-- it("name", { retries = 2 }, function() ... end). Tests have what the blocks
-- around them were given, unless they are given something else.

local options = {}

local known = {
    tags = "table", -- besides those in the names
    retries = "number", -- how many more attempts a test has that goes wrong
    xfail = "boolean or string", -- it goes wrong, and why
    quarantine = "boolean or string", -- it does not spoil the run, and why
    timeout = "number", -- how many seconds it may take, 0 for ever
    exclusive = "string", -- no other test runs meanwhile that has the same
}

local function names()
    local list = {}
    for name in pairs(known) do
        list[#list + 1] = name
    end
    table.sort(list)
    return table.concat(list, ", ")
end

-- check refuses what is none of the options, in the line that uses the word.
function options.check(word, given, level)
    for name, value in pairs(given) do
        local wanted = known[name]
        if not wanted then
            error(word .. ": there is no option '" .. tostring(name) .. "'; there are " .. names(), level + 1)
        elseif not wanted:find(type(value), 1, true) then
            error(word .. ": option '" .. name .. "': wanted " .. wanted .. ", got " .. type(value), level + 1)
        end
    end
end

local function add(list, tag)
    for _, known_tag in ipairs(list) do
        if known_tag == tag then
            return
        end
    end
    list[#list + 1] = tag
end

-- tags are those of the block around, of the option, and of the name: "#slow".
local function tags(around, given, name)
    local list = { unpack(around) }
    for _, tag in ipairs(given) do
        add(list, tag)
    end
    for tag in name:gmatch("#([%w_%-]+)") do
        add(list, tag)
    end
    return list
end

-- exclusive are the names of the blocks around and of the option, sorted, so that
-- nobody waits for who waits for him.
local function exclusive(around, own)
    local list = { unpack(around) }
    if own then
        add(list, own)
    end
    table.sort(list)
    return list
end

-- apply gives an element what holds for it.
function options.apply(element, around)
    local given = element.options or {}
    element.exclusive = exclusive(around.exclusive or {}, given.exclusive)
    element.tags = tags(around.tags or {}, given.tags or {}, element.name)
    for _, name in ipairs({ "retries", "xfail", "quarantine", "timeout" }) do
        element[name] = given[name]
        if element[name] == nil then
            element[name] = around[name]
        end
    end
end

return options

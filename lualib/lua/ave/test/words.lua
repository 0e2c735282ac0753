-- Chains of words, such as is_not.equal: dots and underscores separate words
-- alike, and upper and lower case mean the same. A chain is a table with its text
-- under 1 and, after a call that did not end it, the state that the call has left
-- under 2. What follows a word is kept under that word.

local require = require -- tests may put another one in its place

local words = {}

-- What is registered, by namespace and name: "assertion", "modifier", "matcher".
words.registered = { assertion = {}, modifier = {}, matcher = {} }

local parsed = {} -- chains that were taken apart, by namespace and text

-- no_change is a modifier that is there to be read.
function words.no_change() end

-- register keeps what a name stands for, or forgets the name.
function words.register(namespace, name, entry)
    words.registered[namespace] = words.registered[namespace] or {}
    words.registered[namespace][name:lower()] = entry
    parsed = {}
end

local complete = false

-- complete loads what is not needed by most. It returns whether that was something
-- new.
function words.complete()
    local before = complete
    complete = true
    if not before then
        require("ave.test.spychecks")
        require("ave.test.matchers")
    end
    return not before
end

-- find looks for the longest name that the words up to last make up. It returns
-- where the name begins.
local function find(namespace, list, last)
    local own, modifiers = words.registered[namespace], words.registered.modifier
    for first = 1, last do
        local name = table.concat(list, "_", first, last)
        if own[name] or modifiers[name] then
            return name, first
        end
    end
    if words.complete() then
        return find(namespace, list, last)
    end
    error("luassert: unknown modifier/" .. namespace .. ": '" .. table.concat(list, "_", 1, last) .. "'", 0)
end

-- names lists the names that words make up.
function words.names(namespace, list)
    local names, last = {}, #list
    while last > 0 do
        local name, first = find(namespace, list, last)
        table.insert(names, 1, name)
        last = first - 1
    end
    return names
end

-- parse takes a chain apart: what it ends with, if anything, and the modifiers.
function words.parse(namespace, text)
    local chain = parsed[namespace] and parsed[namespace][text]
    if chain then
        return chain
    end
    local list = {}
    for word in text:lower():gmatch("[^_]+") do
        list[#list + 1] = word
    end
    chain = { modifiers = {} }
    for _, name in ipairs(words.names(namespace, list)) do
        chain.last = words.registered[namespace][name] or chain.last
        local modifier = words.registered.modifier[name]
        if modifier and modifier.callback ~= words.no_change then
            table.insert(chain.modifiers, modifier)
        end
    end
    parsed[namespace] = parsed[namespace] or {}
    parsed[namespace][text] = chain
    return chain
end

-- state is what callbacks see: mod is false after "not".
function words.state(from)
    local state = { mod = true }
    if from then
        for k, v in pairs(from) do
            state[k] = v
        end
    end
    return state
end

-- chain makes a chain of a metatable.
function words.chain(meta, text, state) return setmetatable({ text, state }, meta) end

-- follow is what a chain's __index does.
function words.follow(chain, word)
    if type(word) ~= "string" then
        return nil
    end
    local text = rawget(chain, 1)
    local longer = words.chain(getmetatable(chain), text == "" and word or text .. "_" .. word, rawget(chain, 2))
    rawset(chain, word, longer)
    return longer
end

return words

-- What follows "assert.": chains such as assert.is_not.equal(a, b). The words
-- of a chain, which dots and underscores separate alike, are modifiers and one
-- assertion. A call ends the chain; a chain that has no assertion in it, such
-- as assert.message("..."), returns one that goes on with what it was told.

local failure = require("ave.test.failure")
local host = require("ave.test.host")
local messages = require("ave.test.messages")
local show = require("ave.test.show")

local assertions = {}

-- What is registered, by namespace ("assertion", "modifier") and name.
local registered = { assertion = {}, modifier = {} }

local parsed = {} -- chains that were taken apart, by their text

-- register is assert:register of luassert. An assertion is called with a
-- state, the list of arguments (and their number in n), and the level of its
-- caller; it returns whether it holds, and optionally the list of what the
-- assertion returns. The arguments that it leaves in the list fill in the
-- message.
function assertions.register(_, namespace, name, callback, positive, negative)
    registered[namespace] = registered[namespace] or {}
    registered[namespace][name:lower()] = { callback = callback, positive = positive, negative = negative }
    parsed = {}
end

function assertions.unregister(_, namespace, name)
    registered[namespace][name:lower()] = nil
    parsed = {}
end

-- longest finds the longest name that the words from first on make up.
local function longest(words, first)
    for last = #words, first, -1 do
        local name = table.concat(words, "_", first, last)
        if registered.assertion[name] or registered.modifier[name] then
            return name, last + 1
        end
    end
    error("there is no assertion or modifier '" .. table.concat(words, "_", first) .. "'", 4)
end

-- parse takes a chain apart: the assertion, if any, and the modifiers.
local function parse(text)
    local words = {}
    for word in text:lower():gmatch("[^_]+") do
        words[#words + 1] = word
    end
    local chain, i = { modifiers = {} }, 1
    while i <= #words do
        local name
        name, i = longest(words, i)
        chain.assertion = registered.assertion[name] or chain.assertion
        table.insert(chain.modifiers, registered.modifier[name])
    end
    parsed[text] = chain
    return chain
end

-- format makes texts of the arguments, except those that are ones already.
local function format(arguments)
    local texts, plain = {}, arguments.nofmt or {}
    for i = 1, arguments.n do
        texts[i] = plain[i] and tostring(arguments[i]) or show(arguments[i])
    end
    return texts
end

local function is_long(text) return text:find("\n", 1, true) or #text > 60 end

local function has_lines(v) return type(v) == "string" and v:find("\n", 1, true) end

-- difference is the diff of the two values that an assertion has compared,
-- unless both are short. Texts are compared by their own lines.
local function difference(compared)
    local a, b = compared[1], compared[2]
    if has_lines(a) and has_lines(b) then
        return host.diff(a, b)
    elseif type(a) == type(b) and (is_long(show(a)) or is_long(show(b))) then
        return host.diff(show(a, true), show(b, true))
    end
end

local function fail(assertion, state, arguments)
    local diff = state.mod and state.compared and difference(state.compared)
    local text = "expected (-) and actual (+) differ:"
    if not diff then
        local key = state.mod and assertion.positive or assertion.negative or "assertion failed"
        text = messages.fill(key, format(arguments), arguments.n)
    end
    local own = state.failure_message
    if own ~= nil then
        text = (type(own) == "string" and own or show(own)) .. "\n" .. text
    end
    failure.raise(text, diff or nil)
end

-- check calls the assertion of a chain.
local function check(chain, state, ...)
    for _, modifier in ipairs(chain.modifiers) do
        modifier.callback(state)
    end
    local assertion = chain.assertion
    local arguments = { n = select("#", ...), ... }
    local holds, results = assertion.callback(state, arguments, 1)
    if (not holds) == state.mod then
        fail(assertion, state, arguments)
    end
    if results then
        return unpack(results, 1, results.n or #results)
    end
    return ...
end

-- A chain is a table with its words under 1 and, after a call, the state that
-- the call has left under 2. What follows a word is kept under that word.
local Chain = {}

local function new_chain(text, state) return setmetatable({ text, state }, Chain) end

function Chain.__index(self, word)
    if type(word) ~= "string" then
        return nil
    end
    local longer = new_chain(self[1] == "" and word or self[1] .. "_" .. word, self[2])
    rawset(self, word, longer)
    return longer
end

-- A state is what callbacks see: mod is false after "not".
local function new_state(from)
    local state = { mod = true }
    for k, v in pairs(from or {}) do
        state[k] = v
    end
    return state
end

function Chain.__call(self, ...)
    local chain = parsed[self[1]] or parse(self[1])
    local state = new_state(self[2])
    if chain.assertion then
        return check(chain, state, ...)
    end
    local arguments = { n = select("#", ...), ... }
    for _, modifier in ipairs(chain.modifiers) do
        modifier.callback(state, arguments, 1)
    end
    return new_chain("", state)
end

local root = new_chain("")

-- index is what assert[word] gives.
function assertions.index(word)
    if word == "register" or word == "unregister" then
        return assertions[word]
    end
    return root[word]
end

return assertions

-- The texts of assertions by their keys, as the module say keeps them for
-- luassert: a custom assertion registers the keys of its two messages.

local messages = {}

local texts = {}

function messages.set(key, text) texts[key] = text end

-- fill puts the arguments, which are texts, into the message of a key. A key
-- that nobody has set is the message itself.
function messages.fill(key, arguments, n)
    local text = texts[key] or key
    local i = 0
    return (text:gsub("%%(.)", function(letter)
        if letter ~= "s" then
            return letter == "%" and "%" or "%" .. letter
        end
        i = i + 1
        return i <= n and arguments[i] or "nil"
    end))
end

return messages

-- it.each(rows)(name, fn): a test for every row. A row that is a list is the
-- arguments of fn, anything else is the only one. In the name, %s and its like
-- are filled with the arguments, $key with the fields of a row, and %% is a %.

local lazy = require("ave.test.lazy")

local show = lazy("ave.test.show")

local each = {}

local longest = 60 -- bytes of the arguments in a name that has no place for them

local function arguments_of(row)
    if type(row) == "table" and row[1] ~= nil then
        return row, row.n or table.maxn(row)
    end
    return { row }, 1
end

local function plain(v) return type(v) == "string" and v or show(v) end

-- fill_fields leaves what fill_places turns into the values.
local function fill_fields(name, row)
    local filled = false
    name = name:gsub("%$([%a_][%w_]*)", function(field)
        local value = row[field]
        if value ~= nil then
            filled = true
            return (plain(value):gsub("%%", "%%%%"))
        end
    end)
    return name, filled
end

-- fill_places knows the places of string.format, but for the flag that is a blank:
-- "100% sure" has none.
local function fill_places(name, values, n)
    local i = 0
    name = name:gsub("%%([-+#0]*%d*%.?%d*)([%a%%])", function(flags, letter)
        if letter == "%" then
            return flags == "" and "%" or nil
        end
        i = i + 1
        if i > n then
            return nil
        end
        local value = values[i]
        if letter == "s" then
            value = plain(value)
        end
        local ok, text = pcall(string.format, "%" .. flags .. letter, value)
        return ok and text or plain(value)
    end)
    return name, i > 0 and n > 0
end

-- name_of is the name of a row's test.
function each.name_of(name, row)
    local values, n = arguments_of(row)
    local has_fields, has_places
    if type(row) == "table" then
        name, has_fields = fill_fields(name, row)
    end
    name, has_places = fill_places(name, values, n)
    if has_fields or has_places then
        return name
    end
    local texts = {}
    for i = 1, n do
        texts[i] = show(values[i])
    end
    local text = table.concat(texts, ", ")
    return name .. " (" .. (#text > longest and text:sub(1, longest) .. "…" or text) .. ")"
end

local written = {} -- what was given for a row, by what is called

-- call is fn with the arguments of a row.
function each.call(fn, row)
    local values, n = arguments_of(row)
    local function call() return fn(unpack(values, 1, n)) end
    written[call] = fn
    return call
end

-- written is the function in the test file that a test calls.
function each.written(fn) return written[fn] or fn end

local of_words = {} -- tables by the word and by its function

-- add_field gives a word a field.
function each.add_field(word, word_fn, key, value)
    of_words[word] = of_words[word] or {}
    of_words[word_fn] = of_words[word]
    of_words[word][key] = value
end

-- add makes fn what a word has under "each".
function each.add(word, word_fn, fn) each.add_field(word, word_fn, "each", fn) end

-- field is what a word, given by name or as a function, has under a key.
function each.field(word, key) return of_words[word] and of_words[word][key] end

return each

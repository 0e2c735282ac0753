-- it.each(rows)(name, fn): a test for every row. A row that is a list is the
-- arguments of fn, anything else is the only one. In the name, %s and its like
-- are filled with the arguments, and $key with the fields of a row.

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

local function fill_fields(name, row)
    return (name:gsub("%$([%a_][%w_]*)", function(field)
        local value = row[field]
        return value ~= nil and plain(value) or nil
    end))
end

local function fill_places(name, values, n)
    local texts, i = {}, 0
    for at = 1, n do
        texts[at] = plain(values[at])
    end
    return (name:gsub("%%([%d%.]*)(%a)", function(width, letter)
        i = i + 1
        if i > n then
            return nil
        end
        local ok, text = pcall(string.format, "%" .. width .. letter, values[i])
        return ok and letter ~= "s" and text or texts[i]
    end))
end

-- name_of is the name of a row's test.
function each.name_of(name, row)
    local values, n = arguments_of(row)
    local filled = fill_places(type(row) == "table" and fill_fields(name, row) or name, values, n)
    if filled ~= name then
        return filled
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

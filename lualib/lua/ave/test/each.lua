-- it.each(rows)(name, fn) declares a test for each row. A row that is a list gives
-- the arguments of fn; any other row is its only argument. In the name, %s and
-- other formats stand for the arguments, $key for the fields of a row, and %% for
-- %.

local lazy = require("ave.test.lazy")

local show = lazy("ave.test.show")

local each = {}

local longest = 60 -- bytes of the arguments that are appended to a name without places

local function arguments_of(row)
	if type(row) == "table" and row[1] ~= nil then
		return row, row.n or table.maxn(row)
	end
	return { row }, 1
end

local function plain(v) return type(v) == "string" and v or show(v) end

-- fill_fields marks the places of fields, which fill_places then fills.
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

-- fill_places knows the formats of string.format, except the blank as a flag: "100%
-- sure" has no place.
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

-- name_of returns the name of the test for a row.
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

-- call calls fn with the arguments of a row.
function each.call(fn, row)
	local values, n = arguments_of(row)
	local function call() return fn(unpack(values, 1, n)) end
	written[call] = fn
	return call
end

-- written returns the function in the test file that the function of a test calls.
function each.written(fn) return written[fn] or fn end

local of_words = {} -- tables by the word and by its function

-- add_field gives a word a field. Words are functions, so the fields are kept here.
function each.add_field(word, word_fn, key, value)
	of_words[word] = of_words[word] or {}
	of_words[word_fn] = of_words[word]
	of_words[word][key] = value
end

-- add sets the field "each" of a word.
function each.add(word, word_fn, fn) each.add_field(word, word_fn, "each", fn) end

-- field returns a field of a word, which is given by name or as a function.
function each.field(word, key) return of_words[word] and of_words[word][key] end

return each

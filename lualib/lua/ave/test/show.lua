-- Writes values as text that people can read and compare: as Lua source where
-- possible, with sorted keys. A short table is written on one line. With tall, the
-- outermost table always has several lines, so that two of them can be compared
-- line by line. An object that is partly in Go begins with its address, because its
-- fields are not all of it.

local contents = require("ave.test.contents")
local host = require("ave.test.host")

local width = 60 -- of a table on one line
local deepest = 12 -- levels of tables that are shown

local escapes = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

local function quote(s)
	s = s:gsub('[%c"\\]', function(c) return escapes[c] or string.format("\\%03d", c:byte()) end)
	if s:find("[\128-\255]") then
		s = host.visible(s)
	end
	return '"' .. s .. '"'
end

local function number(n)
	if n ~= n then
		return "nan"
	end
	local short = tostring(n)
	return tonumber(short) == n and short or string.format("%.17g", n)
end

local keywords = {}
for word in ([[and break do else elseif end false for function if in local nil not or
    repeat return then true until while]]):gmatch("%a+") do
	keywords[word] = true
end

local function scalar(v)
	if type(v) == "string" then
		return quote(v)
	elseif type(v) == "number" then
		return number(v)
	end
	return tostring(v)
end

local function key(k)
	if type(k) == "string" and k:match("^[%a_][%w_]*$") and not keywords[k] then
		return k
	end
	return "[" .. scalar(k) .. "]"
end

local rank = { number = 1, string = 2 }

local function before(a, b)
	local ra, rb = rank[type(a)] or 3, rank[type(b)] or 3
	if ra ~= rb then
		return ra < rb
	elseif ra == 3 then
		return tostring(a) < tostring(b)
	end
	return a < b
end

-- own_text returns what a table's __tostring gives, if it has one.
local function own_text(t)
	local meta = debug.getmetatable(t)
	if type(meta) == "table" and rawget(meta, "__tostring") then
		local ok, text = pcall(tostring, t)
		return ok and text or nil
	end
end

local table_text

local function value_text(v, indent, open, tall)
	if type(v) ~= "table" then
		return scalar(v)
	end
	local address = host.is_opaque(v) and tostring(v) .. " " or ""
	return own_text(v) or address .. table_text(v, indent, open, tall)
end

-- entries returns the texts of a table's entries, list items first.
local function entries(t, indent, open)
	local list, keys, n = {}, {}, 0
	local items = {}
	for k, v in contents(t) do
		items[k] = v
		keys[#keys + 1] = k
	end
	while items[n + 1] ~= nil do
		n = n + 1
		list[n] = value_text(items[n], indent, open)
	end
	table.sort(keys, before)
	for _, k in ipairs(keys) do
		if not (type(k) == "number" and k >= 1 and k <= n and k % 1 == 0) then
			list[#list + 1] = key(k) .. " = " .. value_text(items[k], indent, open)
		end
	end
	return list
end

function table_text(t, indent, open, tall)
	if open[t] then
		return "<cycle>"
	elseif #indent / 2 >= deepest then
		return "{ ... }"
	end
	open[t] = true
	local inner = indent .. "  "
	local list = entries(t, inner, open)
	open[t] = nil
	if #list == 0 then
		return "{}"
	end
	local line = "{ " .. table.concat(list, ", ") .. " }"
	if not tall and #line <= width and not line:find("\n", 1, true) then
		return line
	end
	return "{\n" .. inner .. table.concat(list, ",\n" .. inner) .. ",\n" .. indent .. "}"
end

return function(v, tall) return value_text(v, "", {}, tall) end

-- JSON that is written and read by a program in Lua: strings, patterns, recursion.
local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n" }

local encode
local function encodeTable(t, out)
	if #t > 0 then
		out[#out + 1] = "["
		for i, v in ipairs(t) do
			if i > 1 then out[#out + 1] = "," end
			encode(v, out)
		end
		out[#out + 1] = "]"
		return
	end
	local keys = {}
	for k in pairs(t) do keys[#keys + 1] = k end
	table.sort(keys)
	out[#out + 1] = "{"
	for i, k in ipairs(keys) do
		if i > 1 then out[#out + 1] = "," end
		out[#out + 1] = '"' .. k .. '":'
		encode(t[k], out)
	end
	out[#out + 1] = "}"
end

function encode(v, out)
	local kind = type(v)
	if kind == "table" then
		encodeTable(v, out)
	elseif kind == "string" then
		out[#out + 1] = '"' .. v:gsub('["\\\n]', escapes) .. '"'
	else
		out[#out + 1] = tostring(v)
	end
end

local decode
local function skip(s, i) return s:find("[^ \t\n]", i) end

local function decodeString(s, i)
	local parts = {}
	while true do
		local j = s:find('["\\]', i)
		parts[#parts + 1] = s:sub(i, j - 1)
		if s:sub(j, j) == '"' then return table.concat(parts), j + 1 end
		local c = s:sub(j + 1, j + 1)
		parts[#parts + 1] = c == "n" and "\n" or c
		i = j + 2
	end
end

local function decodeList(s, i)
	local list = {}
	while true do
		i = skip(s, i)
		if s:byte(i) == 93 then return list, i + 1 end
		list[#list + 1], i = decode(s, i)
		i = skip(s, i)
		if s:byte(i) == 44 then i = i + 1 end
	end
end

local function decodeObject(s, i)
	local object = {}
	while true do
		i = skip(s, i)
		local c = s:byte(i)
		if c == 125 then return object, i + 1 end
		if c == 44 then i = skip(s, i + 1) end
		local key
		key, i = decodeString(s, i + 1)
		i = skip(s, i) + 1
		object[key], i = decode(s, i)
	end
end

function decode(s, i)
	i = skip(s, i)
	local c = s:byte(i)
	if c == 123 then return decodeObject(s, i + 1) end
	if c == 91 then return decodeList(s, i + 1) end
	if c == 34 then return decodeString(s, i + 1) end
	if c == 116 then return true, i + 4 end
	if c == 102 then return false, i + 5 end
	local number = s:match("^-?[%d.eE+-]+", i)
	return tonumber(number), i + #number
end

local value = { name = "a \"name\"", list = {}, nested = { deep = { deeper = { 1, 2, 3 } } }, ok = true }
for i = 1, 40 do value.list[i] = { id = i, text = "line\n" .. i, even = i % 2 == 0, half = i / 2 } end
local text
for _ = 1, 600 do
	local out = {}
	encode(value, out)
	text = table.concat(out)
	value = decode(text, 1)
end
print(#text, value.list[40].text, value.nested.deep.deeper[3])

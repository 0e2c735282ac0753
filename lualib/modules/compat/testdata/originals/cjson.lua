local out = require("shown")
local cjson = require("cjson")
local safe = require("cjson.safe")
local show, try = out.show, out.try

show("module", cjson._NAME, cjson._VERSION, tostring(cjson.null), type(cjson.null), cjson.null == safe.null)

local function null(v)
	if type(v) == "table" then
		for k, x in pairs(v) do
			v[k] = null(x)
		end
	elseif v == cjson.null then
		return "NULL"
	end
	return v
end
local function decode(text)
	try(text, function() return null(cjson.decode(text)) end)
	show(text, select(2, safe.decode(text)))
end

local texts = {
	"1", "-1", "1.5e3", "0", "-0.0", "1e400", "true", "false", "null", '"x"', '""', "[]", "{}", "[1,2,3]", '{"a":1,"b":[true,null]}',
	' [ 1 , "two" , { "three" : 3 } ] ', "[null,1]", '{"a":{"b":{"c":[]}}}', '"\\u00e9\\ud83d\\ude00\\n\\/\\"\\\\"', '"a\\u0000b"', '{"1":2}',
	'"\\u12"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud800\\u0041"', '"\\x"', '"open', "'x'", "[1,", "[1", "[1 2]", "[,]", "[1,]", "{", '{"a"', '{"a":', '{"a":1',
	'{"a":1,', '{"a":1,}', "{1:2}", "{a:1}", '{"a" 1}', "}", "]", ":", ",", "", " ", "nul", "tru", "falsey", "truex", "nan", "NaN", "-NaN", "inf", "Infinity", "-inf",
	"+1", "-+1", "-", "--1", "01", "0x10", "0xAp1", "0x", "0x.8", "1.", ".5", "1e", "1e+", "1.5.5", "1 1", "[1]]", "x", "/", "\1", "1\0 2", '"a\0b"', "a\0", "\0a", "\t\r\n1\f", '"\127\200"',
	("["):rep(1001) .. ("]"):rep(1001), "[Infinity,-Infinity]", '{"a":nan', "1e5x", "Infrared", "Noodle", "iNf", "infinitys",
}
for _, text in ipairs(texts) do
	decode(text)
end
cjson.decode_invalid_numbers(false)
for _, text in ipairs({ "nan", "-nan", "inf", "+1", "01", "-01", "0x1", "1", "-", "[00]", "Infinity", "0", "-0", "0.5" }) do
	decode(text)
end
cjson.decode_invalid_numbers(true)

local function encode(label, v)
	try(label, cjson.encode, v)
	show(label, select(2, safe.encode(v)))
end
for _, x in ipairs({ 0, 1, -1, 1.5, 0.1, 1 / 3, 1e10, 1e14, 1e15, 123456789012345, 1e100, 1e-5, 0.0001, -1e-10, 2 ^ 53, 100000, 1e300 * 1e10, 0 / 0 }) do
	encode("number", x)
	for _, precision in ipairs({ 1, 3, 10 }) do
		cjson.encode_number_precision(precision)
		encode("precision " .. precision, x)
	end
	cjson.encode_number_precision(14)
end
local all = {}
for i = 0, 255 do
	all[#all + 1] = string.char(i)
end
encode("bytes", table.concat(all))
encode("text", "x")
encode("yes", true)
encode("no", false)
encode("null", cjson.null)
encode("empty", {})
encode("list", { 1, "two", { 3 }, false })
encode("object", { a = 1 })
encode("number as a key", { [1.5] = 1 })
encode("negative key", { [-1] = 1 })
encode("zero as a key", { [0] = 1 })
encode("with a hole", { [1] = 1, [3] = 3 })
encode("sparse", { [1] = 1, [1000] = 3 })
encode("sparse, few", { [10] = 3 })
encode("sparse, eleven", { [11] = 3 })
encode("wrong key", { [true] = 1 })
encode("a function", print)
encode("a function inside", { { print } })
encode("a file", io.stdout)
encode("a coroutine", coroutine.create(function() end))
local circle = {}
circle[1] = circle
encode("a circle", circle)
try("no argument", cjson.encode)
try("two arguments", cjson.encode, 1, 2)
try("two arguments", safe.encode, 1, 2)
try("no argument", cjson.decode)
try("a table", cjson.decode, {})
show("a table", safe.decode({}))
show("a number", cjson.decode(12))
show("nil", cjson.encode(nil))

for _, value in ipairs({ true, false, "on", "off", "null", "x", 1, 0, 5, -1, 15, 14, "7", {}, 2.5 }) do
	local fresh = cjson.new()
	for _, name in ipairs({ "encode_sparse_array", "encode_max_depth", "decode_max_depth", "encode_number_precision", "encode_keep_buffer", "decode_invalid_numbers", "encode_invalid_numbers" }) do
		try(name, fresh[name], value)
		show(name, fresh[name]())
		try(name, fresh[name], nil, value)
		try(name, fresh[name], nil, nil, value)
		try(name, fresh[name], nil, nil, nil, nil)
	end
end
local other = cjson.new()
other.encode_sparse_array(true, 2, 3)
other.encode_max_depth(3)
other.decode_max_depth(2)
try("sparse", other.encode, { [5] = 1 })
try("sparse", other.encode, { [3] = 1 })
try("deep", other.encode, { { { 1 } } })
try("deep", other.encode, { { { { 1 } } } })
try("deep", other.decode, "[[1]]")
try("deep", other.decode, ' {"a": {"b": [1]}}')
for _, mode in ipairs({ "on", "null", "off" }) do
	other.encode_invalid_numbers(mode)
	try(mode, other.encode, { math.huge, -math.huge, 0 / 0 })
end
show("safe.new", select(2, safe.new().decode("x")))

-- without a limit, the depth ends with the stack
other.encode_max_depth(2 ^ 31 - 1)
other.decode_max_depth(2 ^ 31 - 1)
local cyclic, nested = {}, {}
cyclic[1] = cyclic
for _ = 1, 5000 do
	nested = { a = nested }
end
try("cyclic", other.encode, cyclic)
try("very deep", other.encode, nested)
try("very deep", other.encode, { 1, { a = cyclic } })
for _, opening in ipairs({ "[", '{"a":', '[{"a":', "[1,[" }) do
	try("very deep " .. opening, other.decode, opening:rep(10000))
end

show("global", rawget(_G, "cjson"))

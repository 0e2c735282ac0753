-- ave.json: JSON that loses nothing; and json, which is gopher-json as it is.

local json = require("ave.json")

-- What a text becomes when it is read and written again.
local function again(text)
	return json.encode(json.decode(text))
end

describe("decode and encode", function()
	it("keep every kind of value", function()
		for _, text in ipairs { "1", "-0.5", [["x"]], "true", "false", "null", "[]", "{}", "[[],{}]", [[{"a":[null]}]] } do
			assert.equal(text, again(text))
		end
	end)

	it("keep an empty list and an empty object apart", function()
		assert.equal([[{"list":[]}]], again([[{"list":[]}]]))
		assert.equal([[{"object":{}}]], again([[{"object":{}}]]))
		assert.equal("[]", json.encode {})
		assert.equal("{}", json.encode(json.object()))
		assert.equal("[]", json.encode(json.list()))
	end)

	it("show null in a table, and nil alone", function()
		local value = json.decode([=[{"a": null, "b": [null, 1]}]=])
		assert.equal(json.null, value.a)
		assert.equal(json.null, value.b[1])
		assert.equal(2, #value.b)
		assert.is_nil(json.decode("null"))
		assert.equal("[null]", json.encode { json.null })
	end)

	it("keep integers that no Lua number can hold", function()
		assert.equal("-9223372036854775808", again("-9223372036854775808")) -- this one can be held
		for _, text in ipairs { "9007199254740993", "9223372036854775807", "-9007199254740993", "1e400" } do
			assert.equal(text, again(text))
			assert.equal(text, tostring(json.decode(text)))
		end
		assert.equal(json.decode("9007199254740993"), json.decode("9007199254740993"))
		assert.is_number(json.decode("9007199254740992"))
		assert.equal("9007199254740992", json.encode(2 ^ 53))
	end)

	it("write numbers so that they come back the same", function()
		for _, n in ipairs { 0.1, 1 / 3, 1e300, 5e-324, -2 ^ 60 } do
			assert.equal(n, json.decode(json.encode(n)))
		end
	end)

	it("know all of JSON's escapes", function()
		assert.equal("åäö € \240\159\152\128", json.decode([["\u00e5\u00e4\u00f6 \u20ac \ud83d\ude00"]]))
		assert.equal("a\"\\/\b\f\n\r\t\0", json.decode([["a\"\\\/\b\f\n\r\t\u0000"]]))
		local text = "quote\" backslash\\ \1 \127 \n"
		assert.equal(text, json.decode(json.encode(text)))
	end)

	it("put U+FFFD in the place of what is not UTF-8", function()
		assert.equal("\"a\239\191\189b\"", json.encode("a\255b"))
		assert.equal("\239\191\189", json.decode([["\ud800"]]))
	end)
end)

describe("encode", function()
	it("writes the same table twice", function()
		local shared = { 1 }
		assert.equal("[[1],[1]]", json.encode { shared, shared })
	end)

	it("names the place of what has no form in JSON", function()
		local function refused(message, value)
			assert.equal(message, assert.raises("TypeError", json.encode, value).message)
		end
		refused("value: cannot encode a function as JSON", print)
		refused("value.a.b[2]: cannot encode a function as JSON", { a = { b = { 1, print } } })
		refused("value.x: cannot encode NaN: JSON numbers must be finite", { x = 0 / 0 })
		refused("value.x: cannot encode +Inf: JSON numbers must be finite", { x = math.huge })
		refused("value.x: cannot encode -Inf: JSON numbers must be finite", { x = -math.huge })
		refused("value: a list can only have the keys 1 to 1, got also the string \"x\"", { 1, x = 2 })
		refused("value: the keys of an object must be strings, got the boolean true", { [true] = 1 })
		refused("value[2]: a list cannot contain nil: this one has 3 entries; use json.null", { [1] = "a", [3] = "c" })
		local circle = { deeper = {} }
		circle.deeper.back = circle
		refused("value.deeper.back: the table contains itself", circle)
	end)

	it("bounds the depth", function()
		local deep = {}
		for _ = 1, 100000 do
			deep = { deep }
		end
		assert.raises("TypeError", json.encode, deep)
		assert.raises("Exception", json.decode, ("["):rep(100000))
		assert.is_table(json.decode(("["):rep(1000) .. ("]"):rep(1000)))
	end)

	it("sorts and indents for people", function()
		local value = { b = 1, a = { 2, json.object() } }
		assert.equal([[{"a":[2,{}],"b":1}]], json.encode(value, { sort = true }))
		assert.equal('{\n  "a": [\n    2,\n    {}\n  ],\n  "b": 1\n}', json.encode(value, { indent = 2 }))
		assert.raises("TypeError", json.encode, value, { pretty = true })
	end)

	it("asks a metatable", function()
		local date = setmetatable({}, { __tojson = function() return "2026-11-22" end })
		assert.equal([=[["2026-11-22"]]=], json.encode { date })
		assert.equal("{}", json.encode(setmetatable({}, { __jsontype = "object" })))
	end)
end)

describe("decode", function()
	it("names line and column of what is no JSON", function()
		local function refused(text, place)
			assert.matches(place, assert.raises("Exception", json.decode, text).message, 1, true)
		end
		refused("", "line 1, column 1")
		refused("{\n  \"a\": x}", "line 2, column 8")
		refused("[1,]", "line 1, column 4")
		refused("[1] 2", "line 1, column 5")
		refused("'a'", "line 1, column 1")
		refused("[1", "line 1, column 3")
		refused("01", "line 1, column 2")
		assert.raises("TypeError", json.decode)
	end)

	it("takes the last of two equal keys", function()
		assert.same({ a = 2 }, json.decode([[{"a": 1, "a": 2}]]))
	end)
end)

describe("list, object and number", function()
	it("mark a table, which they return", function()
		local list = json.list { 1 }
		list[1] = nil
		assert.equal("[]", json.encode(list))
		local values = {}
		assert.equal(values, json.object(values))
		assert.equal("{}", json.encode(values))
	end)

	it("refuse a table with a metatable of its own", function()
		local e = assert.raises("Exception", json.list, setmetatable({}, {}))
		assert.matches("set __jsontype = \"list\" in it", e.message, 1, true)
	end)

	it("read a number exactly", function()
		assert.equal("[9007199254740993]", json.encode { json.number("9007199254740993") })
		assert.equal(12, json.number("12"))
		assert.raises("Exception", json.number, "0x10")
	end)
end)

describe("the plain module json", function()
	it("is there too, with its own ways", function()
		local plain = require("json")
		assert.equal("[]", plain.encode(plain.decode("{}")))
		assert.same({ a = 1 }, plain.decode([[{"a": 1, "b": null}]]))
	end)
end)

-- ave.regex: regular expressions.

local regex = require("ave.regex")
local time = require("ave.time")

local function all(...)
	return { n = select("#", ...), ... }
end

describe("find and match", function()
	it("give what their namesakes in string give", function()
		assert.same(all(("hello"):find("l+")), all(regex.find("hello", "l+")))
		assert.same(all(("a=1"):find("(%w)=(%w)")), all(regex.find("a=1", [[(\w)=(\w)]])))
		assert.same(all(("a=1"):match("(%w)=(%w)")), all(regex.match("a=1", [[(\w)=(\w)]])))
		assert.equal("ll", regex.match("hello", "l+"))
		assert.same({ n = 0 }, all(regex.match("hello", "x")))
		assert.same({ n = 0 }, all(regex.find("hello", "x")))
		assert.same(all(("x"):find("")), all(regex.find("x", "")))
	end)

	it("begin where they are told", function()
		assert.equal(4, (regex.find("aXbXc", "X", 3)))
		assert.equal(4, (regex.find("aXbXc", "X", -2)))
		assert.equal(2, (regex.find("aXbXc", "X", -100)))
		assert.equal("b", regex.match("aXbXc", "^b", 3))
		assert.is_nil(regex.match("abc", "c", 100))
		assert.equal("", regex.match("abc", "x*", 4))
	end)

	it("know what Lua's patterns do not", function()
		assert.equal("down", regex.match("eth0: down", "up|down"))
		assert.equal("ABab", regex.match("xABaby", "(?i:ab)+"))
		assert.same({ "2026", "11" }, { regex.match("2026-11", [[(\d{4})-(\d{2})]]) })
	end)

	it("give false for a group that took no part", function()
		assert.same({ false, "b" }, { regex.match("b", "(a)|(b)") })
	end)
end)

it("groups have numbers and names", function()
	local groups = regex.groups("eth0: up", [[(?P<name>\w+): (\w+)(x)?]])
	assert.same({ [0] = "eth0: up", "eth0", "up", false, name = "eth0" }, groups)
	assert.is_nil(regex.groups("x", "y"))
end)

it("gmatch goes through all matches", function()
	local found = {}
	for name, value in regex.gmatch("a=1 b=2", [[(\w)=(\w)]]) do
		table.insert(found, name .. value)
	end
	for word in regex.gmatch("one two", [[\w+]]) do
		table.insert(found, word)
	end
	for a, b in regex.gmatch("ab", "(a)|(b)") do
		table.insert(found, tostring(a) .. tostring(b))
	end
	assert.same({ "a1", "b2", "one", "two", "afalse", "falseb" }, found)
end)

describe("gsub", function()
	it("takes a text, a table or a function", function()
		assert.same({ "world hello %", 1 }, { regex.gsub("hello world", [[(\w+) (\w+)]], "%2 %1 %%") })
		assert.equal("<a><b>", (regex.gsub("ab", ".", "<%0>")))
		assert.equal("1 y", (regex.gsub("x y", [[\w]], { x = 1 })))
		assert.equal("X y", (regex.gsub("x y", "x|y", function(c) return c == "x" and c:upper() end)))
		assert.same({ "bba", 2 }, { regex.gsub("aaa", "a", "b", 2) })
		assert.equal("-a-b-", (regex.gsub("ab", "", "-")))
		assert.equal("äö", (regex.gsub("aöx", "^.|x$", { a = "ä", x = "" })))
	end)

	it("refuses what is no replacement", function()
		assert.raises("TypeError", regex.gsub, "a", "a", true)
		assert.raises("TypeError", regex.gsub, "a", "a")
		assert.raises("TypeError", regex.gsub, "a", "a", function() return {} end)
		local e = assert.raises("Exception", regex.gsub, "a", "(a)", "%2")
		assert.matches("the expression has no group %2, which the replacement uses", e.message, 1, true)
		assert.raises("Exception", regex.gsub, "a", "a", "%x")
		assert.raises("Exception", regex.gsub, "a", "a", "%")
	end)

	it("passes on what the function raises", function()
		local ok, e = pcall(regex.gsub, "a", "a", function() error("no", 0) end)
		assert.is_false(ok)
		assert.equal("no", e)
	end)
end)

it("split gives what is between", function()
	assert.same({ "a", "b", "c" }, regex.split("a, b;c", "[,;] *"))
	assert.same({ "a", "b,c" }, regex.split("a,b,c", ",", 2))
	assert.same({ "", "a", "" }, regex.split(",a,", ","))
	assert.same({ "" }, regex.split("", ","))
	assert.same({ "a", "b" }, regex.split("ab", ""))
end)

it("escape makes a pattern of a text", function()
	local text = "a.b*[c]\\$"
	assert.equal(text, regex.match("x" .. text, regex.escape(text)))
end)

it("a pattern that is not right is named", function()
	for _, pattern in ipairs { "(", "[a", "a**", [[\1]], "(?=x)", "x{1001}" } do
		local e = assert.raises("Exception", regex.match, "x", pattern)
		assert.matches("malformed regular expression", e.message, 1, true)
	end
	assert.raises("TypeError", regex.match, "x")
	assert.raises("TypeError", regex.match, {}, "x")
end)

it("no pattern takes longer than the text is long", function()
	local before = time.monotonic()
	assert.is_nil(regex.match(("a"):rep(30000), "(a*)*b"))
	assert.is_true(time.monotonic() - before < 10)
end)

it("many patterns can be used in turn", function()
	for i = 1, 1000 do
		assert.equal(tostring(i), regex.match("x" .. i, i .. "$"))
	end
end)

-- The language itself: scripts behave as under Lua 5.1, also where the
-- interpreter that avescript is built on does not by itself.

local cmd = require("ave.cmd")

-- Runs a piece of Lua in an interpreter of its own.
local function interpret(code, ...)
	return cmd.run({ "/proc/self/exe", "-e", code, ... }, { timeout = 20 })
end

describe("a protected call that fails", function()
	it("leaves captured locals to all their closures", function()
		local n = 0
		local function add()
			n = n + 1
		end
		local function get()
			return n
		end
		add()
		assert.is_false((pcall(error, "x")))
		add()
		n = n + 1
		assert.equal(3, get())
		assert.is_false((pcall(function()
			n = n + 1
			error("x")
		end)))
		add()
		assert.equal(5, n)
	end)

	it("leaves the locals of loops and callers alone", function()
		local closures = {}
		for i = 1, 3 do
			local square = i * i
			closures[i] = function() return i, square end
			pcall(error)
			square = square + 1
		end
		for i = 1, 3 do
			assert.same({ i, i * i + 1 }, { closures[i]() })
		end
	end)

	it("gives any value as the error", function()
		local object = {}
		assert.equal(object, select(2, pcall(error, object)))
		assert.is_nil(select(2, pcall(error)))
		assert.returned_arguments(2, pcall(error))
		assert.matches("test_lua.lua:%d+: told$", select(2, pcall(function() error("told") end)))
		assert.equal("told", select(2, pcall(error, "told", 0)))
	end)

	it("calls the handler of xpcall on the stack that failed", function()
		local function innermost()
			error("deep")
		end
		local ok, traceback = xpcall(function()
			innermost()
			return 1
		end, debug.traceback)
		assert.is_false(ok)
		assert.matches("deep\nstack traceback:\n", traceback)
		assert.matches("in function 'innermost'", traceback, 1, true)
		assert.matches("'xpcall'", traceback, 1, true)
	end)

	it("catches a stack overflow", function()
		local function endless()
			return 1 + endless()
		end
		local ok, message = pcall(endless)
		assert.is_false(ok)
		assert.matches("stack overflow", message)
		assert.equal(3, (function() return 1 + 2 end)())
	end)

	it("catches what needs too many values", function()
		local ok, message = pcall(function() return unpack({}, 1, 1e8) end)
		assert.is_false(ok)
		assert.matches("too many results to unpack", message)
		assert.equal(200000, select("#", unpack({}, 1, 200000)))
	end)
end)

describe("a coroutine", function()
	local function collect(fn)
		local values = {}
		for value in coroutine.wrap(fn) do
			values[#values + 1] = value
		end
		return values
	end

	it("may yield in its return statement", function()
		local co = coroutine.create(function(a) return coroutine.yield(a) end)
		assert.same({ true, 1 }, { coroutine.resume(co, 1) })
		assert.same({ true, 2, 3 }, { coroutine.resume(co, 2, 3) })
		assert.equal("dead", coroutine.status(co))
	end)

	it("may yield across pcall and xpcall", function()
		assert.same({ 1, "caught", 2, 3 }, collect(function()
			local _, message = pcall(function()
				coroutine.yield(1)
				error("caught", 0)
			end)
			coroutine.yield(message)
			xpcall(function() coroutine.yield(2) end, debug.traceback)
			coroutine.yield(3)
		end))
	end)

	it("may yield in metamethods and iterators", function()
		local meta = {
			__index = function(_, key) return coroutine.yield(key) end,
			__add = function(_, n) coroutine.yield(n) return n end,
		}
		assert.same({ "field", 5, 1, 2 }, collect(function()
			local object = setmetatable({}, meta)
			local _ = object.field
			_ = object + 5
			local function count(_, i)
				coroutine.yield((i or 0) + 1)
				return not i and 1 or nil
			end
			for n in count do
				assert.equal(1, n)
			end
		end))
	end)

	it("may yield in the comparison of table.sort and the replacement of gsub", function()
		local count = #collect(function()
			table.sort({ 3, 1, 2 }, function(a, b) coroutine.yield("compared") return a < b end)
			string.gsub("abc", ".", function(c) coroutine.yield(c) end)
		end)
		assert.truthy(count >= 5)
	end)

	it("reports what it raises to the one who resumes it", function()
		local co = coroutine.create(function() error({ code = 7 }) end)
		local ok, e = coroutine.resume(co)
		assert.is_false(ok)
		assert.equal(7, e.code)
		assert.same({ false, "cannot resume dead coroutine" }, { coroutine.resume(co) })
	end)
end)

describe("the compiler", function()
	it("evaluates a multiple assignment before it assigns", function()
		local a, b = 1, 2
		a, b = a + 1, a + b
		assert.same({ 2, 3 }, { a, b })
		local i, list = 1, {}
		i, list[i] = i + 1, 20
		assert.same({ 2, 20 }, { i, list[1] })
	end)

	it("keeps the results of a function with a dead block in a loop", function()
		local function find()
			for _, v in ipairs { 1, 2, 3 } do
				if false then
					local dead = v -- luacheck: ignore
				end
				if v == 2 then
					return v, "found"
				end
			end
		end
		assert.same({ 2, "found" }, { find() })
	end)

	it("refuses to set fields of numbers", function()
		local near = {}
		local ok, message = pcall(function() (5).field = 1 end)
		assert.is_false(ok)
		assert.matches("attempt to index", message)
		assert.same({}, near)
	end)

	it("names the line of a syntax error", function()
		local fn, message = loadstring("local a = 1\nlocal b = = 2", "=chunk")
		assert.is_nil(fn)
		assert.matches("^chunk:2: unexpected symbol near '='", message)
	end)
end)

describe("the library", function()
	it("is fast where it was quadratic", function()
		local before = os.clock()
		assert.equal(200000, select(2, string.gsub(("ab"):rep(200000), "a", "c")))
		assert.truthy(os.clock() - before < 5)
	end)

	it("takes large tables", function()
		local list = {}
		for i = 1, 100000 do
			list[i] = "x"
		end
		assert.equal(100000, #table.concat(list))
	end)

	it("reads numbers", function()
		assert.equal(200, tonumber("2e2"))
		assert.equal(31, tonumber("0x1f"))
		assert.equal(31, tonumber("1f", 16))
		assert.equal(5, tonumber("  5  "))
		assert.is_nil(tonumber("5 6"))
		assert.is_nil(tonumber(""))
	end)

	it("prints infinities and NaN", function()
		assert.equal("inf", tostring(1 / 0))
		assert.equal("-inf", tostring(-1 / 0))
		assert.matches("nan", tostring(0 / 0))
	end)

	it("formats", function()
		assert.equal("   1|1   |007|+5|1.50|a|\"q\\\"\\\nx\"", string.format("%4d|%-4d|%03d|%+d|%.2f|%c|%q", 1, 1, 7, 5, 1.5, 97, "q\"\nx"))
		assert.equal("4294967295 ff 1e+20 0.1", string.format("%u %x %g %g", 4294967295, 255, 1e20, 0.1))
		assert.has_error(function() string.format("%d", "x") end)
	end)

	it("knows frontiers in patterns", function()
		assert.equal("(THE) (quick) fox", (("THE (quick) fox"):gsub("%f[%a]%u+%f[%A]", "(%0)")))
	end)

	it("says why a file cannot be opened", function()
		local file, message, number = io.open("/no/such/file")
		assert.is_nil(file)
		assert.equal("/no/such/file: No such file or directory", message)
		assert.equal(2, number)
		assert.error_matches(function() io.lines("/no/such/file") end, "/no/such/file: No such file or directory", 1, true)
	end)

	it("reads files by line, number and byte", function()
		local name = os.tmpname()
		finally(function() os.remove(name) end)
		local file = assert(io.open(name, "w+"))
		file:write("1 2\nthree\n\nlast")
		file:seek("set")
		assert.same({ 1, 2 }, { file:read("*n", "*n") })
		assert.same({ "", "three", "" }, { file:read("*l", "*l", "*l") })
		assert.same({ "la", "st" }, { file:read(2, "*a") })
		assert.is_nil(file:read("*l"))
		file:close()
		local lines = {}
		for line in io.lines(name) do
			lines[#lines + 1] = line
		end
		assert.same({ "1 2", "three", "", "last" }, lines)
	end)

	it("keeps a program's arguments", function()
		local _, output = interpret("print(select('#', ...), arg[1], ...)", "a", "b c")
		assert.equal("2\ta\ta\tb c\r\n", output)
	end)
end)

describe("a script that fails", function()
	it("prints where, and exits with 1", function()
		local status, output = interpret("local function f()\n  error('broken')\nend\nf()")
		assert.equal(1, status)
		assert.matches(":2: broken", output, 1, true)
		assert.matches("in function 'f'", output, 1, true)
		assert.not_matches("goroutine", output)
	end)

	it("is not killed by a syntax error, nor by an odd error value", function()
		local status, output = interpret("x = = 1")
		assert.equal(1, status)
		assert.matches("unexpected symbol", output)
		assert.equal(1, (interpret("error()")))
		assert.equal(1, (interpret("error({})")))
	end)

	it("exits with what os.exit is given", function()
		assert.equal(7, (interpret("pcall(os.exit, 7)")))
		assert.equal(0, (interpret("coroutine.wrap(os.exit)()")))
	end)
end)

-- What goes along to a process of its own, and what is refused. Go cannot fork
-- an interpreter, so the function and all that it uses are copied to a new one.

local connection = require("ave.network.connection")
local control = require("ave.network.control")
local elsewhere = require("support.elsewhere")
local exceptions = require("ave.exceptions")
local json = require("ave.json")
local Process = require("ave.network.process").Process
local Profile = require("ave.profile").Profile

local Jammed = exceptions.define("Jammed")

-- luacheck: globals shared_settings
shared_settings = { colour = "red" }

local function use_global()
	return shared_settings.colour
end

describe("a function in a process of its own", function()
	it("gets its arguments, with nil among them", function()
		local function echo(...)
			return select("#", ...), ...
		end
		assert.same({ 3, "x", true, { 1, { a = 2 } } }, elsewhere(echo, "x", true, { 1, { a = 2 } }))
		local child = Process { target = function(...) os.exit(select("#", ...)) end, args = { nil, nil, 3 } }
		child:start()
		assert.equal(3, child:join(20))
	end)

	it("gets the locals that it uses, and changes only its own", function()
		local count, list = 1, { 1, 2 }
		local function change()
			count = count + 1
			list[3] = 3
			return count, list
		end
		assert.same({ 2, { 1, 2, 3 } }, elsewhere(change))
		assert.equal(1, count)
		assert.equal(2, #list)
	end)

	it("still shares a local with the other functions that use it", function()
		local count = 0
		local function add() count = count + 1 end
		local function get() return count end
		assert.same({ 2 }, elsewhere(function()
			add()
			add()
			return get()
		end))
	end)

	it("may call itself, and others that call it", function()
		local is_even, is_odd
		function is_even(n) return n == 0 or is_odd(n - 1) end
		function is_odd(n) return n ~= 0 and is_even(n - 1) end
		local function factorial(n) return n < 2 and 1 or n * factorial(n - 1) end
		assert.same({ true, 120 }, elsewhere(function() return is_even(10), factorial(5) end))
	end)

	it("gets tables as they are: shared, circular, with a metatable", function()
		local Point = {}
		Point.__index = Point
		function Point:length() return math.sqrt(self.x ^ 2 + self.y ^ 2) end
		local circle = { point = setmetatable({ x = 3, y = 4 }, Point) }
		circle.circle, circle.same, circle[circle] = circle, circle.point, "a table is the key"
		assert.same({ 5, true, true, "a table is the key" }, elsewhere(function()
			return circle.point:length(), circle.circle == circle, circle.same == circle.point, circle[circle]
		end))
	end)

	it("gets the globals that it names, or that its functions name", function()
		assert.same({ "red" }, elsewhere(use_global))
		assert.same({ "red" }, elsewhere(function() return use_global() end))
	end)

	it("has the library and the modules, along the same path", function()
		local name = os.tmpname()
		finally(function() os.remove(name .. ".lua") os.remove(name) end)
		local module = assert(io.open(name .. ".lua", "w"))
		module:write("local M = { value = 17 }\nfunction M.get() return M.value end\nreturn M\n")
		module:close()
		local path = package.path
		package.path = "/tmp/?.lua;" .. path
		local M = require((name:gsub("^/tmp/", "")))
		local result = elsewhere(function() return M.get(), M.value == 17, #string.rep("x", 3) end)
		package.path = path
		assert.same({ 17, true, 3 }, result)
	end)

	it("gets null, exact numbers and any bytes", function()
		local values = { null = json.null, exact = json.number("9007199254740993"), bytes = "\0\255", inf = math.huge }
		assert.same({ true, "9007199254740993", true, true }, elsewhere(function()
			return values.null == json.null, tostring(values.exact), values.bytes == "\0\255", values.inf == math.huge
		end))
	end)

	it("can raise and tell exceptions of the parent's own", function()
		assert.same({ true, "Jammed", true }, elsewhere(function()
			local ok, e = pcall(error, Jammed("paper"))
			return not ok, e.type, e:is("AveException") and e:is(Jammed)
		end))
	end)

	it("gets classes that refer to each other", function()
		local Base = Process:subclass("Base")
		local Child = Base:subclass("Child")
		Base.__tostring = function() return "BASE" end
		Child.__tostring = Base.__tostring
		function Base.make() return Child() end
		Base.kind = Child
		local child = Child()
		assert.same({ true, "BASE", true, "BASE" }, elsewhere(function()
			local made = Base.make()
			return made:is(Child), tostring(made), Base.kind == Child, tostring(child)
		end))
	end)

	it("gets exceptions with the methods that were given to them", function()
		function Jammed.hint() return "pull" end
		assert.same({ "pull" }, elsewhere(function() return Jammed("no"):hint() end))
	end)

	it("gets tables that look like a class and are none", function()
		local Point = { __name = "Point" }
		Point.__index = Point
		function Point.sum(p) return p.x + p.y end
		local p = setmetatable({ x = 1, y = 2 }, Point)
		assert.same({ 3 }, elsewhere(function() return p:sum() end))
	end)

	it("gets profiles that are keys of tables still, each of its class", function()
		local Handset = Profile:subclass("Handset")
		local handset, plain = Handset { type = "handset" }, Profile { type = "handset" }
		local known = { [handset] = 1, [plain] = 2 }
		assert.same({ 1, 2, true, false }, elsewhere(function()
			return known[Handset { type = "handset" }], known[Profile { type = "handset" }],
				handset:is("Handset"), plain:is("Handset")
		end))
	end)

	it("gets functions that the script has put into modules", function()
		local encode = json.encode
		function json.extra() return 1 end -- luacheck: ignore
		function json.encode() return 2 end -- luacheck: ignore
		function string.third() return 3 end -- luacheck: ignore
		finally(function()
			json.extra, json.encode, string.third = nil, encode, nil -- luacheck: ignore
		end)
		local extra, mock, third = json.extra, json.encode, string.third -- luacheck: ignore
		assert.same({ 1, 2, 3 }, elsewhere(function() return extra(), mock(), third() end))
	end)

	it("gets functions that the script has registered in a module", function()
		local registry = require("support.registry")
		local function callback() return 7 end
		registry.handlers.call = callback
		finally(function() registry.handlers.call = nil end)
		assert.same({ 7, "own" }, elsewhere(function() return callback(), registry.own() end))
		local own = registry.own
		assert.same({ true }, elsewhere(function() return own == require("support.registry").own end))
	end)

	it("has the standard streams", function()
		local out, err = io.stdout, io.stderr
		assert.same({ true, true }, elsewhere(function() return out == io.stdout, err == io.stderr end))
	end)

	it("has the names and lines of its source", function()
		local result = elsewhere(function()
			return select(2, pcall(error, "here", 2)), debug.getinfo(1, "S").short_src
		end)
		assert.matches("test_process_copy.lua", result[2], 1, true)
	end)
end)

describe("what cannot be copied", function()
	-- Asserts that start refuses a function, and starts nothing.
	local function refused(fn)
		local child = Process { target = fn }
		local e = assert.raises("Exception", child.start, child)
		assert.is_nil(child.pid)
		return e.message
	end

	it("is refused by name", function()
		local link = control.RemoteControl { "", 1 }
		local message = refused(function() link:close() end)
		assert.matches("a RemoteControl cannot be copied to another process", message, 1, true)
		assert.matches("upvalue 'link' of the function at .*test_process_copy.lua:%d+", message)
		assert.matches("self, field 'target'", message, 1, true)

		local co = coroutine.create(print)
		assert.matches("a thread cannot be copied", refused(function() return co end), 1, true)

		local file = assert(io.open("/dev/null"))
		finally(function() file:close() end) -- the collector would do it later
		assert.matches("the userdata file %(0x%x+%) cannot be copied", refused(function() return file end))

		local iterator = ("x"):gmatch(".")
		assert.matches("a Go function that is not in a module", refused(function() return iterator end), 1, true)

		local deep = { { holder = { file } } }
		assert.matches("entry 1, field 'holder', entry 1", refused(function() return deep end), 1, true)

		local environment = setfenv(function() end, {})
		assert.matches("environment of its own", refused(function() return environment end), 1, true)
	end)

	it("is a module that the script has made", function()
		local module = { seven = function() return 7 end }
		package.loaded["made.here"] = module
		finally(function() package.loaded["made.here"] = nil end)
		assert.matches("the module 'made.here', which require cannot find, cannot be copied",
			refused(function() return module.seven() end), 1, true)
	end)

	it("is a socket that was closed", function()
		local socket = connection.find_free_port()
		socket:close()
		assert.matches("a Socket, .*closed.*, cannot be copied", refused(function() return socket end))
	end)
end)

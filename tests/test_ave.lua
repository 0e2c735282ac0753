-- ave: everything under one roof.

local ave = require("ave")
local cmd = require("ave.cmd")

-- Runs a piece of Lua in an interpreter of its own.
local function interpret(code)
	return select(2, cmd.run({ "/proc/self/exe", "-e", code }, { timeout = 20 }))
end

describe("the roof", function()
	it("has the modules", function()
		for name, module in pairs {
			broker = "ave.broker",
			cmd = "ave.cmd",
			config = "ave.config",
			connection = "ave.network.connection",
			control = "ave.network.control",
			exceptions = "ave.exceptions",
			json = "ave.json",
			network = "ave.network",
			persona = "ave.persona",
			process = "ave.network.process",
			profile = "ave.profile",
			test = "ave.test",
		} do
			assert.equal(require(module), ave[name])
		end
	end)

	it("has the classes and functions that are used most", function()
		assert.equal(require("ave.network.connection").BlockingConnection, ave.BlockingConnection)
		assert.equal(require("ave.network.connection").find_free_port, ave.find_free_port)
		assert.equal(require("ave.network.control").Control, ave.Control)
		assert.equal(require("ave.network.control").RemoteControl, ave.RemoteControl)
		assert.equal(require("ave.network.process").Process, ave.Process)
		assert.equal(require("ave.profile").Profile, ave.Profile)
	end)

	it("has the names of the document below network", function()
		for _, name in ipairs { "connection", "control", "exceptions", "process" } do
			assert.equal(require("ave.network." .. name), ave.network[name])
		end
		assert.is_nil(ave.network.nothing)
	end)

	it("has nothing else", function()
		assert.is_nil(ave.nothing)
		assert.is_nil(ave[1])
	end)

	it("loads a module when it is used", function()
		local code = "print(package.loaded['ave.json'], ave.json, package.loaded['ave.json'])"
		assert.matches("^nil\ttable: (0x%x+)\ttable: %1\r\n$", interpret(code))
	end)

	it("is a global for a piece of code, and nowhere else", function()
		assert.equal("table\r\n", interpret("print(type(ave))"))
		assert.is_nil(rawget(_G, "ave"))
	end)
end)

describe("a class", function()
	it("has children with methods, constructors and metamethods", function()
		local Lamp = ave.Process:subclass("Lamp")
		function Lamp:init(colour)
			ave.Process.init(self)
			self.colour = colour
		end
		function Lamp.__tostring(lamp)
			return lamp.colour .. " lamp"
		end
		local Flashlight = Lamp:subclass("Flashlight")
		local light = Flashlight("red")
		assert.equal("red lamp", tostring(light))
		assert.equal("ave-Flashlight", light.proc_name)
		assert.equal(Lamp, Flashlight.super)
		assert.is_true(light:is(Lamp))
		assert.is_true(light:is("Process"))
		assert.is_false(light:is("Control"))
		assert.equal("class Flashlight", tostring(Flashlight))
	end)

	it("says when a method was called with a dot", function()
		local child = ave.Process {}
		local e = assert.raises("TypeError", child.join, 5)
		assert.equal(
			"Process:join: wanted a Process as self, got 5; "
				.. "call a method as object:method(...), not object.method(...)",
			e.message
		)
	end)

	it("shows of its objects only their fields", function()
		local one, other = ave.Pipe.pair()
		finally(function()
			one:close()
			other:close()
		end)
		assert.is_nil(next(one))
		one.colour, one.size = "red", 2
		local fields = {}
		for name, value in pairs(one) do
			fields[name] = value
		end
		assert.same({ colour = "red", size = 2 }, fields)
		table.foreach(one, function(name) -- luacheck: ignore
			fields[name] = nil
		end)
		assert.is_nil(next(fields))
		for name in pairs(one) do
			one[name] = nil
		end
		one:put("still a pipe")
		assert.equal("still a pipe", other:get(5))
		for name in pairs(ave.Pipe:subclass("Child")) do
			assert.is_string(name)
		end
	end)

	it("has objects that are not the same for having the same fields", function()
		local one, other = ave.Pipe.pair()
		finally(function()
			one:close()
			other:close()
		end)
		assert.same({ one }, { one })
		assert.not_same(one, other)
		assert.not_same({ end_of = one }, { end_of = other })
		assert.not_same({}, one)
		local ok, e = pcall(assert.same, one, other)
		assert.is_false(ok)
		assert.matches("Expected objects to be the same", tostring(e), 1, true)
	end)

	it("has objects that JSON has no form for", function()
		local one, other = ave.Pipe.pair()
		finally(function()
			one:close()
			other:close()
		end)
		one.colour = "red"
		local e = assert.raises("TypeError", ave.json.encode, { link = one })
		assert.equal("value.link: cannot encode a Pipe as JSON", e.message)
		other[1] = "x"
		e = assert.raises("TypeError", ave.json.encode, other)
		assert.equal("value: cannot encode a Pipe as JSON", e.message)
	end)

	it("wants a name and a class in front of the colon", function()
		assert.raises("TypeError", ave.Process.subclass, ave.Process)
		assert.raises("TypeError", ave.Process.subclass, {}, "Name")
	end)
end)

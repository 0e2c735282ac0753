-- ave.network.control: calls between services and their clients. What a
-- service is besides, such as its keys and its end, is in test_service.lua.

local control = require("ave.network.control")
local exceptions = require("ave.exceptions")
local json = require("ave.json")
local services = require("support.services")

local Control, RemoteControl = control.Control, control.RemoteControl
local rpc = Control.rpc
local start, stop = services.start, services.stop

local Jammed = exceptions.define("Jammed")
local PaperJam = exceptions.define("PaperJam", Jammed)

local Lab = Control:subclass("Lab")

Lab.echo = rpc(function(_, value) return value end)
Lab.add = rpc(function(_, a, b) return a + b end)
Lab.nothing = rpc(function() end)
Lab.several = rpc(function() return 1, "two", nil, json.object() end)
Lab.greet = rpc(function(_, name, greeting) return greeting .. " " .. name end, { greeting = "hello" })
Lab.find = rpc(function(_, what, where) return tostring(what) .. " " .. tostring(where) end, { "where" })
Lab.collect = rpc(function(_, first, ...) return { first = first, rest = json.list { ... } } end)
Lab.type_of = rpc(function(_, value) return type(value) end)
Lab.kind_of = rpc(function(_, value) return json.encode(value) end)
Lab.sleep = rpc(function(_, seconds) require("ave.cmd").run("sleep " .. seconds) end)
Lab.jam = rpc(function() error(PaperJam { message = "paper jam", tray = 2, sheets = { 1, json.null } }) end)
Lab.fail = rpc(function(_, value) error(value, 0) end)
Lab.fail_oddly = rpc(function() error(setmetatable({}, { __tostring = error })) end)
Lab.fail_in_details = rpc(function() error(Jammed { message = "x", sheet = setmetatable({}, { __tojson = error }) }) end)
Lab.bytes = rpc(function() return "a\255b" end)
Lab.unfit = rpc(function() return { list = { 1, print } } end)
Lab.count = rpc(function(self) return self.calls end)
Lab.hidden = function() end
Lab.internal = 5

Lab.note = rpc(function(self)
	self.calls = (self.calls or 0) + 1
end)

Lab.ask = rpc(function(_, port, method, ...)
	local other = RemoteControl({ "", port })
	return other[method](other, ...)
end)

Lab.ask_later = rpc(function(_, port, method, ...)
	local other = RemoteControl({ "", port })
	local future = other.future[method](other.future, ...)
	local result = future:get()
	return result
end)

Lab.ask_and_raise = rpc(function(_, port, method, ...)
	local other = RemoteControl({ "", port })
	local _, e = pcall(other[method], other, ...)
	error(e)
end)

-- The error goes through two functions of this file.
local function innermost(text)
	error(text)
end
Lab.trip = rpc(function(_, text)
	innermost(text)
	return nil
end)

describe("a call", function()
	local service, port, remote

	setup(function()
		service, port = start(Lab)
	end)

	teardown(function()
		stop(service)
	end)

	before_each(function()
		remote = RemoteControl({ "", port }, nil, 5)
	end)

	after_each(function()
		remote:close()
	end)

	describe("and its result", function()
		it("are what JSON has", function()
			for _, value in ipairs { "hello", "åäö €", "", 42, -0.5, true, false } do
				assert.equal(value, remote:echo(value))
			end
			assert.same({ a = { 1, 2.5, true, json.null, "x" } }, remote:echo { a = { 1, 2.5, true, json.null, "x" } })
			assert.is_nil(remote:echo(json.null))
			assert.equal("a\239\191\189b", remote:bytes())
		end)

		it("keep integers that no Lua number can hold", function()
			assert.equal("9007199254740993", tostring(remote:echo(json.number("9007199254740993"))))
			assert.equal(json.number("9223372036854775807"), remote:echo(json.number("9223372036854775807")))
		end)

		it("keep empty lists and objects apart", function()
			assert.equal("[]", json.encode(remote:echo {}))
			assert.equal("{}", json.encode(remote:echo(json.object())))
			assert.equal([[{"b":{},"l":[]}]], json.encode(remote:echo { b = json.object(), l = {} }, { sort = true }))
			assert.equal("{}", remote:kind_of(json.object()))
		end)

		it("may be large", function()
			local text = ("0123456789"):rep(200000)
			assert.equal(text, remote:echo(text))
		end)

		it("may be nothing, or several as a list", function()
			assert.is_nil(remote:nothing())
			assert.same({ 1, "two", json.null, {} }, remote:several())
			assert.same({ 1, "two", json.null, {} }, remote:call("several"))
		end)

		it("must have a form in JSON", function()
			local e = assert.raises("TypeError", remote.echo, remote, { x = print })
			assert.matches(".x: cannot encode a function as JSON", e.message, 1, true)
			assert.raises("TypeError", remote.echo, remote, { [true] = 1 })
			e = assert.raises("TypeError", remote.unfit, remote)
			assert.matches("list[2]: cannot encode a function as JSON", e.message, 1, true)
			assert.equal("still there", remote:echo("still there"))
		end)
	end)

	describe("with arguments", function()
		it("gives them by their places or by their names", function()
			assert.equal(42, remote:add(2, 40))
			assert.equal(42, remote:call("add", { 2 }, { b = 40 }))
			local e = assert.raises("TypeError", remote.call, remote, "add", { a = 2, b = 40 })
			assert.matches("argument 'vargs': wanted a list, got a table with the key [ab]; arguments by name go into kwargs", e.message)
			assert.equal(42, remote:call("add", {}, { a = 2, b = 40 }))
			assert.same({ 1, 2 }, remote:call("echo", { { 1, 2 } }))
		end)

		it("leaves out those that have a default or are optional", function()
			assert.equal("hello lab", remote:greet("lab"))
			assert.equal("goodbye lab", remote:greet("lab", "goodbye"))
			assert.equal("goodbye lab", remote:call("greet", {}, { greeting = "goodbye", name = "lab" }))
			assert.equal("x nil", remote:find("x"))
			assert.equal("x y", remote:call("find", { "x" }, { where = "y" }))
		end)

		it("takes any number for ...", function()
			assert.same({ first = 1, rest = { 2, 3 } }, remote:collect(1, 2, 3))
			assert.same({ first = 1, rest = {} }, remote:collect(1))
		end)

		it("keeps nil between them", function()
			assert.equal("nil y", remote:find(nil, "y"))
			assert.equal("nil", remote:type_of(nil))
		end)

		it("wants the right ones", function()
			local function refused(message, method, ...)
				local e = assert.raises("TypeError", remote.call, remote, method, ...)
				assert.equal(message, e.message)
			end
			refused("add() needs the argument 'b' (it takes a, b; 1 given); the service can make it optional: Control.rpc(method, { b = default })",
				"add", { 1 })
			refused("add() takes at most 2 arguments (3 given)", "add", { 1, 2, 3 })
			refused("add() got an unexpected keyword argument 'c'", "add", { 1, 2 }, { c = 3 })
			refused("add() got multiple values for argument 'a'", "add", { 1 }, { a = 2 })
			refused("nothing() takes at most 0 arguments (1 given)", "nothing", { 1 })
			refused(
				"RemoteControl:call: argument 'kwargs': wanted a table of arguments by name, got a list",
				"add",
				{},
				{ 1, 2 }
			)
			assert.equal(3, remote:add(1, 2))
		end)
	end)

	describe("that fails", function()
		it("is of a method that does not exist, or is for nobody", function()
			local function refused(message, method)
				assert.equal(message, assert.raises("Exception", remote.call, remote, method).message)
			end
			refused("no such RPC: frobnicate", "frobnicate")
			refused("no such RPC: internal", "internal")
			refused("not an RPC: hidden", "hidden")
			for _, name in ipairs { "run", "start", "shutdown", "init", "close_fds", "terminate" } do
				refused("not an RPC: " .. name, name)
			end
		end)

		it("raises what the method has raised, of the same class", function()
			local e = assert.raises("PaperJam", remote.jam, remote)
			assert.is_true(e:is(PaperJam))
			assert.is_true(e:is(Jammed))
			assert.is_true(e:is("AveException"))
			assert.equal("paper jam", e.message)
			assert.equal(2, e.tray)
			assert.same({ 1, json.null }, e.sheets)
		end)

		it("keeps the type of a class that is not known here", function()
			local Foreign = Control:subclass("Foreign")
			Foreign.fail = rpc(function()
				local Strange = require("ave.exceptions").define("Strange" .. "Type")
				error(Strange { message = "odd", code = 7 })
			end)
			local foreign, there = start(Foreign)
			finally(function() stop(foreign) end)
			local client = RemoteControl { "", there }
			local e = assert.raises("AveException", client.fail, client)
			client:close()
			assert.equal("StrangeType", e.type)
			assert.equal(7, e.code)
			assert.is_true(e:is("StrangeType"))
		end)

		it("makes an Exception of an error without a class", function()
			local e = assert.raises("Exception", remote.fail, remote, "text alone")
			assert.equal("text alone", e.message)
			assert.equal("Exception", e.type)
			assert.is_string(assert.raises("Exception", remote.fail, remote, { 1, 2 }).message)
			e = assert.raises("Exception", remote.add, remote, {}, 1)
			assert.matches("^tests/test_control.lua:%d+: .*table", e.message)
		end)

		it("shows where it failed in the service, outermost first", function()
			local e = assert.raises("Exception", remote.trip, remote, "ouch")
			assert.matches("test_control.lua:%d+: ouch$", e.message)
			assert.equal(2, #e.trace)
			assert.equal("trip", e.trace[1][3])
			assert.matches("innermost(text)", e.trace[1][4], 1, true)
			assert.matches("error(text)", e.trace[2][4], 1, true)
			assert.matches("tests/test_control.lua$", e.trace[2][1])
			assert.is_number(e.trace[2][2])
			assert.matches("Server side traceback:\n  File \"tests/test_control.lua\", line %d+, in trip", tostring(e))
			assert.matches("error(text)", e:format_trace(), 1, true)
		end)

		it("shows where it came through each service between", function()
			local direct = assert.raises("Exception", remote.trip, remote, "ouch")
			local middle, there = start(Lab)
			local front, here = start(Lab)
			local client = RemoteControl({ "", here }, nil, nil, nil, nil, { call_timeout = 20 })
			finally(function()
				client:close()
				stop(front)
				stop(middle)
			end)
			for _, method in ipairs { "ask", "ask_later", "ask_and_raise" } do
				local e = assert.raises("Exception", client.ask, client, there, method, port, "trip", "ouch")
				assert.equal(direct.message, e.message)
				assert.equal("ask", e.trace[1][3])
				assert.equal(method, e.trace[2][3])
				assert.same(direct.trace, { unpack(e.trace, 3) })
			end
			local jam = assert.raises(PaperJam, client.ask, client, port, "jam")
			assert.equal(2, jam.tray)
			assert.equal("ask", jam.trace[1][3])
			assert.equal("jam", jam.trace[#jam.trace][3])
		end)

		it("may take too long, after which the connection is of no use", function()
			local e = assert.raises("ConnectionTimeout", remote.call, remote, "sleep", { 0.3 }, {}, 0.05)
			assert.matches("^call of 'sleep' at 127.0.0.1:%d+: timed out$", e.message)
			-- The answer of the first call must not be taken for the second's.
			e = assert.raises("ConnectionClosed", remote.echo, remote, "x")
			assert.matches("an earlier call failed: call of 'sleep' at 127.0.0.1:%d+: timed out", e.message)
			local another = RemoteControl { "", port }
			assert.equal("x", another:echo("x"))
			another:close()
		end)

		it("does so at the caller's line", function()
			local _, e = pcall(function() remote:jam() end)
			assert.is_true(e:is("PaperJam"))
			local ok, message = pcall(function() remote.echo("x") end)
			assert.is_false(ok)
			assert.matches("wanted a RemoteControl as self", message.message)
		end)
	end)

	it("survives errors that cannot be shown", function()
		local e = assert.raises("Exception", remote.fail_oddly, remote)
		assert.matches("whose __tostring failed", e.message, 1, true)
		e = assert.raises("TypeError", remote.fail_in_details, remote)
		assert.matches("details of Jammed", e.message, 1, true)
		assert.equal("still there", remote:echo("still there"))
	end)

	describe("without an answer", function()
		it("is made by async, and served before the next one", function()
			for _ = 1, 3 do
				assert.is_nil(remote.async:note())
			end
			remote.async:jam()
			remote.async:no_such_method()
			assert.equal(3, remote:count())
			assert.equal("second", remote:echo("second"))
		end)
	end)
end)

describe("a method", function()
	it("can be called in its own process", function()
		assert.equal(3, Lab.add(nil, 1, 2))
		assert.equal("hello x", Lab:greet("x", "hello"))
	end)

	it("must be a function with the parameters that are optional", function()
		local e = assert.raises("TypeError", rpc, 5)
		assert.equal("Control.rpc: argument 'method': wanted a function, got 5", e.message)
		e = assert.raises("TypeError", rpc, function(_, a, b) return a, b end, { "c" })
		assert.equal("Control.rpc: argument 'optional': the function has no parameter 'c'; it has a, b", e.message)
		assert.raises("TypeError", Control.auth, "x")
		assert.raises("TypeError", Control.concurrent)
	end)

	it("may not have the name of one that services have", function()
		local Bad = Control:subclass("Bad")
		Bad.run = rpc(function() end)
		local e = assert.raises("TypeError", Bad, { port = 0 })
		assert.matches("Bad.run: an RPC cannot have this name", e.message, 1, true)
	end)
end)

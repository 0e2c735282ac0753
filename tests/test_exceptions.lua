-- ave.exceptions and ave.network.exceptions: errors that have a name.

local exceptions = require("ave.exceptions")
local json = require("ave.json")
local network = require("ave.network.exceptions")

describe("an exception", function()
	it("is made of a text", function()
		local e = exceptions.Timeout("too late")
		assert.equal("Timeout", e.type)
		assert.equal("too late", e.message)
		assert.equal("too late", tostring(e))
		assert.same({ type = "Timeout", message = "too late" }, e.details)
	end)

	it("is made of details", function()
		local e = exceptions.AveException { message = "no room", shelf = { 1, 2 } }
		assert.same({ 1, 2 }, e.shelf)
		assert.is_nil(e.other)
		assert.equal("AveException", e.type)
	end)

	it("keeps a type that is given", function()
		local e = exceptions.AveException { message = "no room", type = "Full" }
		assert.equal("Full", e.type)
		assert.is_true(e:is("AveException"))
	end)

	it("does not share its details with the one who gave them", function()
		local given = { message = "one" }
		local e = exceptions.Offline(given)
		given.message = "two"
		assert.equal("one", e.message)
		assert.is_nil(given.type)
	end)

	it("can be told more", function()
		local e = exceptions.Offline("gone")
		e.serial = "0001"
		assert.equal("0001", e.details.serial)
	end)

	it("is raised by error and caught by pcall", function()
		local raised = exceptions.Offline("gone")
		local ok, caught = pcall(error, raised)
		assert.is_false(ok)
		assert.equal(raised, caught)
	end)

	it("belongs to its class and its ancestors", function()
		local e = exceptions.Timeout("too late")
		assert.is_true(e:is("Timeout"))
		assert.is_true(e:is(exceptions.Timeout))
		assert.is_true(e:is("AveException"))
		assert.is_true(e:is("Exception"))
		assert.is_false(e:is("Exit"))
		assert.is_false(e:is(exceptions.Exit))
		assert.is_false(e:is("no such class"))
		assert.raises("TypeError", e.is, e, 1)
	end)

	it("goes into JSON with its details", function()
		assert.equal(
			[[{"code":7,"message":"custom","type":"AveException"}]],
			json.encode(exceptions.AveException { message = "custom", code = 7 }, { sort = true })
		)
	end)

	it("needs a message", function()
		local function refused(...)
			return assert.raises("TypeError", ...).message
		end
		assert.equal("Timeout: argument 'details': wanted a message or a table with one, got nil", refused(exceptions.Timeout))
		assert.equal(
			"Timeout: argument 'details': wanted a string as the message, got nil",
			refused(exceptions.Timeout, { cmd = "x" })
		)
		assert.equal(
			"Timeout: argument 'details': wanted strings as keys, got 1",
			refused(exceptions.Timeout, { "too late" })
		)
		assert.equal(
			"Timeout: wanted one argument, a message or a table with one, got 2",
			refused(exceptions.Timeout, "too", "late")
		)
	end)
end)

describe("the trace of an exception", function()
	local trace = {
		{ "lab.lua", 17, "drop", "release(client)" },
		{ "lab.lua", 4, "release", "" },
	}

	it("is formatted like a traceback, outermost first", function()
		local e = exceptions.AveException { message = "no room", trace = trace }
		local expected = table.concat({
			"Server side traceback:",
			'  File "lab.lua", line 17, in drop',
			"    release(client)",
			'  File "lab.lua", line 4, in release',
		}, "\n")
		assert.equal(expected, e:format_trace())
		assert.equal("no room\n" .. expected, tostring(e))
	end)

	it("is empty when there is none", function()
		assert.equal("", exceptions.Timeout("too late"):format_trace())
		assert.equal("", exceptions.Timeout({ message = "x", trace = {} }):format_trace())
	end)
end)

describe("RunError", function()
	it("takes the command, the output and a message", function()
		local e = exceptions.RunError({ "ls", "-l" }, "no such file", "it failed")
		assert.same({ "ls", "-l" }, e.cmd)
		assert.equal("no such file", e.out)
		assert.equal("no such file", e.ptyout)
		assert.equal("it failed", e.message)
		assert.equal("ls -l:\nit failed:\nno such file", tostring(e))
		assert.equal("", exceptions.RunError("ls", "").message)
	end)

	it("has a command, an output and a message, however it was made", function()
		local Broken = exceptions.define("Broken", exceptions.RunError)
		for form, e in pairs {
			["cmd alone"] = exceptions.RunError("ls", nil),
			["out alone"] = exceptions.RunError(nil, "output"),
			["nothing but nil"] = exceptions.RunError(nil, nil, nil),
			["a text"] = exceptions.RunError("it failed"),
			["details"] = exceptions.RunError { message = "it failed", status = 1 },
			["details without a message"] = exceptions.RunError { cmd = "ls" },
			["a child"] = Broken("it failed"),
		} do
			local sent = json.decode(json.encode(e))
			for _, name in ipairs { "cmd", "out", "ptyout", "message" } do
				assert.is_string(e[name], form .. ": " .. name)
				assert.equal(e[name], sent[name], form .. ": " .. name)
			end
		end
		assert.equal("it failed", tostring(exceptions.RunError("it failed")))
		assert.equal("output", exceptions.RunError({ ptyout = "output" }).out)
		assert.equal("output", exceptions.RunError({ out = "output" }).ptyout)
	end)

	it("refuses what cannot be any of these", function()
		local function refused(...)
			return assert.raises("TypeError", exceptions.RunError, ...).message
		end
		assert.equal("RunError: argument 'cmd': wanted a string or a list of strings, got true", refused(true, ""))
		assert.equal("RunError: argument 'cmd': wanted a string or a list of strings, got a table", refused({ {} }, ""))
		assert.equal("RunError: argument 'out': wanted a string, got a table", refused("ls", {}))
		assert.equal("RunError: argument 'message': wanted a string, got false", refused("ls", "", false))
		assert.equal("RunError: wanted at most 3 arguments (cmd, out, message), got 4", refused("ls", "", "", 1))
		refused()
		refused { message = 5 }
	end)
end)

describe("the classes", function()
	it("of the document are all there", function()
		for _, name in ipairs {
			"AveException", "Timeout", "Exit", "AuthError", "RunError", "Restarting", "Terminated", "Offline",
			"CompositionServerResponseNot200Exception", "CompositionServerResponseHttpRetryCode",
			"CompositionServerResponseOrderFailed", "CompositionDownloadImagesFailed",
		} do
			local e = exceptions[name] { message = "m" }
			assert.equal(name, e.type)
			assert.is_true(e:is("AveException"), name)
		end
	end)

	it("of the network have messages of their own", function()
		for name, message in pairs {
			ConnectionClosed = "connection closed",
			ConnectionTimeout = "timed out",
			ConnectionRefused = "connection refused",
			ConnectionInProgress = "connection in progress",
			ConnectionAgain = "connection again",
			ConnectionReset = "connection reset",
		} do
			assert.equal(message, network[name]().message)
			assert.equal("mine", network[name]("mine").message)
			assert.is_false(network[name]():is("AveException"))
		end
	end)
end)

describe("define", function()
	it("makes a class of a service's own", function()
		local Jammed = exceptions.define("Jammed")
		local e = Jammed { message = "the printer is jammed", tray = 2 }
		assert.equal("Jammed", e.type)
		assert.is_true(e:is("Jammed"))
		assert.is_true(e:is(exceptions.AveException))
	end)

	it("takes a parent", function()
		local Slow = exceptions.define("Slow", exceptions.Timeout)
		local Slower = exceptions.define("Slower", Slow)
		assert.is_true(Slower("x"):is("Timeout"))
	end)

	it("gives the same class again", function()
		assert.equal(exceptions.define("Again"), exceptions.define("Again"))
		local e = assert.raises("Exception", exceptions.define, "Again", exceptions.Timeout)
		assert.equal("exception Again is defined already, below AveException", e.message)
	end)

	it("wants an identifier", function()
		local e = assert.raises("Exception", exceptions.define, "not a name")
		assert.equal("wanted an identifier as the name of an exception, got \"not a name\"", e.message)
		assert.raises("TypeError", exceptions.define)
		e = assert.raises("TypeError", exceptions.define, "Child", {})
		assert.matches("wanted an error class, got a table", e.message)
	end)

	it("makes classes that can have children and methods", function()
		local Lost = exceptions.define("Lost")
		local LostPhone = Lost:subclass("LostPhone")
		function LostPhone:serial_number()
			return self.serial
		end
		local e = LostPhone { message = "lost", serial = "0001" }
		assert.equal("LostPhone", e.type)
		assert.equal("0001", e:serial_number())
		assert.is_true(e:is(Lost))
	end)
end)

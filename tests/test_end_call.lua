-- One call of a service, which the administrator ends.

local connection = require("ave.network.connection")
local control = require("ave.network.control")
local services = require("support.services")
local time = require("ave.time")

local Control, RemoteControl = control.Control, control.RemoteControl

local Lab = Control:subclass("EndingLab")
Lab.echo = Control.rpc(function(_, value) return value end)
Lab.sleep = Control.rpc(function() time.sleep(60) end)
Lab.loop = Control.rpc(function() while true do end end)
Lab.together = Control.rpc(Control.concurrent(function() time.sleep(60) end))
Lab.resume = Control.rpc(Control.resumable(function() time.sleep(60) end))
Lab.answer = Control.rpc(function(self) -- a client that never answers
	local ok, e = pcall(function() -- all of it: the call may be ended at once
		local listener = connection.BlockingConnection { "", 0 }
		listener:listen()
		listener:accept(60)
	end)
	self.caught = not ok and e.type
	time.sleep(0.01) -- can still wait
	return "done"
end)
Lab.deep = Control.rpc(function(self) -- within a coroutine and two protected calls
	local ok = coroutine.wrap(pcall)(pcall, function() while true do end end)
	self.caught = ok and "in the innermost"
	error("another error")
end)
Lab.get_caught = Control.rpc(function(self) return self.caught end)

describe("$end_call", function()
	local service, port, admin, client

	before_each(function()
		service, port = services.start(Lab, { authkey = "secret", alt_keys = { admin = "admin key", lab = "lab key" } })
		admin, client = RemoteControl({ "", port }, "admin key", 10), RemoteControl({ "", port }, "lab key", 10)
	end)

	after_each(function()
		admin:close()
		client:close()
		services.stop(service)
	end)

	-- The only call that is being served, once it is not waiting for its turn.
	local function ongoing(method)
		return eventually(function()
			local list = admin:call("$statistics").ongoing
			return #list == 1 and list[1].method == method and not list[1].waiting and list[1]
		end, { timeout = 10 })
	end

	for _, method in ipairs { "sleep", "loop", "together", "resume" } do
		it("ends " .. method, function()
			local future = client.future[method](client.future)
			local call = ongoing(method)
			assert.same({ "lab" }, call.accounts)
			assert.equal("127.0.0.1", call.client[1])
			assert.is_true(call.seconds >= 0)
			local ended = admin:call("$end_call", { call.number })
			assert.equal(method, ended.method)
			local e = assert.raises("Terminated", future.get, future, 10)
			assert.matches(("call %d (%s) was ended by the administrator"):format(call.number, method), e.message, 1, true)
			assert.equal(1, client:echo(1))
			assert.same({}, admin:call("$statistics").ongoing)
		end)
	end

	it("raises an error that the method can catch, once", function()
		local future = client.future:answer()
		admin:call("$end_call", {}, { number = ongoing("answer").number })
		assert.raises("Terminated", future.get, future, 10)
		assert.equal("Terminated", client:get_caught())
		future = client.future:deep()
		admin:call("$end_call", { ongoing("deep").number })
		assert.raises("Terminated", future.get, future, 10)
		assert.equal("in the innermost", client:get_caught())
	end)

	it("ends a call that waits for its turn, which then does not begin", function()
		local other = RemoteControl({ "", port }, "lab key", 10)
		finally(function() other:close() end)
		local first = client.future:sleep()
		ongoing("sleep")
		local second = other.future:sleep()
		local list = eventually(function()
			local list = admin:call("$statistics").ongoing
			return #list == 2 and list
		end, { timeout = 10 })
		assert.is_false(list[1].waiting)
		assert.is_true(list[2].waiting)
		admin:call("$end_call", { list[2].number })
		assert.is_true(admin:call("$statistics").ongoing[2].ended)
		admin:call("$end_call", { list[1].number })
		assert.raises("Terminated", first.get, first, 10)
		assert.raises("Terminated", second.get, second, 10)
	end)

	it("is for the administrator, and for calls that are being served", function()
		local e = assert.raises("AuthError", client.call, client, "$end_call", { 1 })
		assert.matches("not authorized", e.message)
		e = assert.raises("Exception", admin.call, admin, "$end_call", { 77 })
		assert.matches("^there is no call 77 in progress", e.message)
		for _, arguments in ipairs { {}, { "x" }, { 1, 2 }, { -1 }, { 1.5 } } do
			e = assert.raises("TypeError", admin.call, admin, "$end_call", arguments)
			assert.matches("$end_call: wanted the number of a call", e.message, 1, true)
		end
	end)
end)

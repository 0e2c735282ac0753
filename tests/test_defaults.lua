-- Control.rpc(method, optional): what a caller may leave out, over the network and
-- in the service itself.

local control = require("ave.network.control")
local json = require("ave.json")
local Profile = require("ave.profile").Profile
local services = require("support.services")

local Control, RemoteControl = control.Control, control.RemoteControl
local rpc = Control.rpc

local Lab = Control:subclass("DefaultsLab")

Lab.find = rpc(function(_, what, limit, unit)
	return json.list { what or json.null, limit or json.null, unit or json.null }
end, { limit = 10, unit = "b" })

Lab.collect = rpc(function(_, item, into)
	into.items[#into.items + 1] = item
	return into
end, { into = { items = json.list() } })

Lab.maybe = rpc(function(_, value) return value == nil end, { "value" })
Lab.wanted = rpc(function(_, profile) return profile end, { profile = Profile { type = "handset" } })
Lab.rest = rpc(function(_, first, ...) return json.list { first, ... } end, { first = 1 })
Lab.needs = rpc(function(_, a, b) return a + b end)
Lab.by_itself = rpc(function(self) return self:find("x") end)
Lab.collect_twice = rpc(function(self)
	self:collect(1)
	return self:collect(2)
end)

describe("a parameter with a default", function()
	local here = Lab {}
	local service, port, remote

	setup(function()
		service, port = services.start(Lab)
		remote = RemoteControl({ "", port }, nil, 10, false, nil, { call_timeout = 20 })
		remote:connect()
	end)

	teardown(function()
		remote:close()
		services.stop(service)
	end)

	it("has it in a call of the class's own, as in one of a client", function()
		assert.same({ "x", 10, "b" }, here:find("x"))
		assert.same({ "x", 10, "b" }, Lab.find(here, "x"))
		assert.same({ "x", 10, "b" }, remote:find("x"))
		assert.same({ "x", 10, "b" }, remote:by_itself())
		assert.same({ "x", 3, "b" }, here:find("x", 3))
		assert.same({ "x", 10, "kg" }, here:find("x", nil, "kg"))
		assert.same({ json.null, 10, "b" }, here:find())
		assert.same({ 1 }, here:rest())
		assert.same({ 5, 6, 7 }, here:rest(5, 6, 7))
		assert.is_true(here:maybe())
	end)

	it("has a table of its own in every call", function()
		for _ = 1, 2 do
			assert.same({ items = { 1 } }, here:collect(1))
			assert.same({ items = { 1 } }, remote:collect(1))
			assert.same({ items = { 2 } }, remote:collect_twice())
		end
		assert.equal('{"items":[1]}', json.encode(here:collect(1)))
	end)

	it("may be an object, which stays one", function()
		assert.equal(Profile { type = "handset" }, here:wanted())
		assert.equal("handset", remote:wanted().type)
	end)

	it("is what the error of a missing argument tells of", function()
		local e = assert.raises("TypeError", remote.needs, remote, 1)
		assert.matches("needs the argument 'b' (it takes a, b; 1 given)", e.message, 1, true)
		assert.matches("can make it optional: Control.rpc(method, { b = default })", e.message, 1, true)
	end)
end)

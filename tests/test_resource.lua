-- The field "resource" of a call: the service finds the object that is meant, and
-- the rules for its methods are those for the service's own.

local cmd = require("ave.cmd")
local control = require("ave.network.control")
local exceptions = require("ave.exceptions")
local json = require("ave.json")
local services = require("support.services")

local Control, RemoteControl = control.Control, control.RemoteControl
local rpc = Control.rpc

local Handset = {}
Handset.__index = Handset

Handset.name = rpc(function(self) return self.uid end)
Handset.add = rpc(function(_, a, b) return a + b end, { b = 1 })
Handset.whoami = rpc(function(self) return { self.uid, self.lab.current_connection.id } end)
Handset.fail = rpc(function() error(exceptions.AveException { message = "broken", slot = 3 }) end)
Handset.reset = rpc(Control.auth(function() return "reset" end))
Handset.wipe = rpc(Control.preauth("admin")(function() return "wiped" end))
Handset.secret = function() return "not for clients" end
Handset.wait = rpc(Control.concurrent(function(self)
	self.waiting = true
	while self.waiting do
		cmd.run("sleep 0.01")
	end
	return "done"
end))
Handset.wake = rpc(function(self)
	local was = self.waiting
	self.waiting = false
	return was or false
end)

local Lab = Control:subclass("Lab")

function Lab:resource(value)
	self.handsets = self.handsets or {}
	if value.uid == "strange" then
		return 7
	elseif value.uid == "raises" then
		error("no such cable")
	elseif value.uid and value.uid:find("^h") then
		self.handsets[value.uid] = self.handsets[value.uid] or setmetatable({ uid = value.uid, lab = self }, Handset)
		return self.handsets[value.uid]
	end
end

Lab.name = rpc(function() return "lab" end)

describe("a call with a resource", function()
	local service, port, clients

	local function start(class, options)
		service, port = services.start(class or Lab, options)
	end

	local function connect(resource, key)
		local client = RemoteControl({ "", port }, key, 5, false, nil, { resource = resource })
		clients[#clients + 1] = client
		return client
	end

	local function refused(message, client, method)
		local ok, e = pcall(client.call, client, method)
		assert.same({ false, message }, { ok, e.message })
	end

	before_each(function()
		clients = {}
	end)

	after_each(function()
		for _, client in ipairs(clients) do
			client:close()
		end
		services.stop(service)
	end)

	it("calls the method of the object that the service finds", function()
		start()
		local first, second = connect { uid = "h1" }, connect { uid = "h2" }
		assert.equal("h1", first:name())
		assert.equal("h2", second:name())
		assert.equal("h3", connect({ uid = "h3", level = -1 / 0 }):name())
		assert.equal("lab", connect():name())
		assert.equal("lab", connect(json.null):name())
		assert.equal(5, first:add(2, 3))
		assert.equal(3, first:call("add", { 2 }))
		assert.equal(7, first:call("add", {}, { a = 3, b = 4 }))
		local who, id = unpack(second:whoami())
		assert.equal("h2", who)
		assert(id > 0)
		local future = first.future:add(20, 22)
		assert.equal(42, future:get(10))
		local e = assert.raises("AveException", first.fail, first)
		assert.same({ "broken", 3, "fail" }, { e.message, e.slot, e.trace[1][3] })
	end)

	it("may be made by those alone who may call the method", function()
		start(Lab, { authkey = "primary", alt_keys = { admin = "admin key", guest = "guest key" } })
		local keys = { primary = connect({ uid = "h1" }, "primary"), admin = connect({ uid = "h1" }, "admin key"),
			guest = connect({ uid = "h1" }, "guest key") }
		assert.equal("reset", keys.primary:reset())
		refused("not authenticated to make this call: 'reset' needs the primary key", keys.admin, "reset")
		assert.equal("wiped", keys.admin:wipe())
		refused("not authorized to make this call: 'wipe' needs another key", keys.guest, "wipe")
		refused("not an RPC: secret", keys.primary, "secret")
		refused("no such RPC: __index", keys.primary, "__index")
		refused("no such RPC: uid", keys.primary, "uid")
	end)

	it("of an unknown object gets the error of an unknown method", function()
		start()
		for _, resource in ipairs { { uid = "unknown" }, json.object {} } do
			refused("no such RPC: name", connect(resource), "name")
		end
		refused("no such RPC: frobnicate", connect { uid = "h1" }, "frobnicate")
		refused("no such RPC: namee", connect { uid = "h1" }, "namee") -- and no hint at a method of the service
		assert.is_nil(connect():call("$statistics").methods.frobnicate)
		assert.equal("Lab", connect({ uid = "unknown" }):call("$describe").name)
	end)

	it("gets the error of the service that looks for it", function()
		start()
		local client = connect { uid = "raises" }
		local e = assert.raises("Exception", client.name, client)
		assert.matches("no such cable", e.message)
		client = connect { uid = "strange" }
		assert.matches("Lab:resource: wanted an object or nil as the result, got 7",
			assert.raises("TypeError", client.name, client).message)
		assert.equal("h1", connect({ uid = "h1" }):name())
	end)

	it("may overlap with others if the method is concurrent", function()
		start()
		local client = connect { uid = "h1" }
		local future = client.future:wait()
		local other = connect { uid = "h1" }
		eventually(function() return other:wake() end, { timeout = 10 })
		assert.equal("done", future:get(10))
	end)

	it("means the service itself where that has no method for it", function()
		local Plain = Control:subclass("Plain")
		Plain.name = rpc(function() return "plain" end)
		start(Plain)
		assert.equal("plain", connect({ uid = "h1" }):name())
	end)

	it("does not make a method of that name one that looks for objects", function()
		local Stock = Control:subclass("Stock")
		Stock.resource = rpc(function(_, name) return "found " .. name end)
		start(Stock)
		assert.equal("found x", connect({ uid = "h1" }):resource("x"))
	end)

	it("has a resource that is an object in JSON", function()
		start()
		for _, wrong in ipairs { 7, "h1", { 1, 2 }, {}, { f = print } } do
			local e = assert.raises("TypeError", RemoteControl, { "", port }, nil, 5, false, nil, { resource = wrong })
			assert.matches("option 'resource'", e.message, 1, true)
		end
	end)
end)

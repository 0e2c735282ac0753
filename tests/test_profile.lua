-- ave.profile: the descriptions by which equipment is asked for and leased.

local json = require("ave.json")
local Process = require("ave.network.process").Process
local Profile = require("ave.profile").Profile

describe("a profile", function()
	local phone = Profile { type = "handset", serial = "0001", sim = { pin = 1234, apps = { "a", "b" } } }

	it("has its properties as fields", function()
		assert.equal("handset", phone.type)
		assert.same({ pin = 1234, apps = { "a", "b" } }, phone.sim)
		assert.is_nil(phone.colour)
	end)

	it("is the same key of a table as an equal one", function()
		local leased = { [phone] = "me" }
		assert.equal("me", leased[Profile { serial = "0001", sim = { apps = { "a", "b" }, pin = 1234 }, type = "handset" }])
		assert.is_nil(leased[Profile { type = "handset", serial = "0002" }])
		assert.is_nil(leased[phone:with { sim = { pin = 1234, apps = { "b", "a" } } }])
		assert.equal(Profile { n = 1 }, Profile(json.decode('{"n": 1.0}')))
	end)

	it("tells an empty list from an empty object", function()
		assert.not_equal(Profile { x = json.list() }, Profile { x = json.object() })
	end)

	it("cannot be changed", function()
		local e = assert.raises("TypeError", function() phone.serial = "0002" end)
		assert.matches("a Profile cannot be changed", e.message)
		phone.sim.pin = 0 -- a copy
		assert.equal(1234, phone.sim.pin)
		local values = phone:values()
		values.type = "relay"
		assert.equal("handset", phone.type)
	end)

	it("takes none of a table's later changes", function()
		local values = { type = "relay", ports = { 1 } }
		local relay = Profile(values)
		values.ports[1] = 2
		assert.same({ 1 }, relay.ports)
	end)

	it("can be made of another", function()
		assert.equal(phone, Profile(phone))
		local other = phone:with { serial = "0002", sim = json.null }
		assert.same({ type = "handset", serial = "0002" }, other:values())
		assert.equal("0001", phone.serial)
	end)

	it("can be empty", function()
		assert.equal(Profile {}, Profile {})
		assert.same({}, Profile({}):values())
	end)

	it("prints itself", function()
		assert.equal([[Profile{"serial":"0002","type":"handset"}]], tostring(Profile { type = "handset", serial = "0002" }))
	end)

	it("is an object in JSON, and a table for pairs", function()
		assert.equal([[{"a":1}]], json.encode(Profile { a = 1 }))
		assert.equal("{}", json.encode(Profile {}))
		assert.same({ type = "relay", uid = "b" }, Profile { type = "relay", uid = "b" })
	end)

	it("stays the same key in another process", function()
		local child = Process {
			target = function()
				os.exit(phone == Profile(phone:values()) and phone.serial == "0001" and 7 or 1)
			end,
		}
		child:start()
		assert.equal(7, child:join(10))
	end)

	it("has every property that is valid in JSON, whatever its name", function()
		local odd = Profile { match = "x", values = 1, ["a b"] = true, mandatory = "m" }
		assert.is_function(odd.match)
		assert.equal("x", odd:values().match)
		assert.is_true(odd["a b"])
	end)

	it("refuses what is no set of properties", function()
		local function refused(values)
			return assert.raises("TypeError", Profile, values).message
		end
		assert.equal("Profile: argument 'values': wanted a table of properties or a Profile, got nil", refused(nil))
		assert.matches("got the string \"handset\"", refused("handset"), 1, true)
		assert.matches("wanted an object as profile, got [\"a\"]", refused { "a" }, 1, true)
		refused { [1] = "a", b = "c" }
		assert.matches("f", refused { f = print })
		refused { n = 0 / 0 }
		local circle = {}
		circle.circle = circle
		refused(circle)
	end)
end)

describe("match", function()
	local relay = Profile { type = "relay", uid = "b", paths = { "x", "y" } }

	it("wants every property of the other, with the same value", function()
		assert.is_true(relay:match { type = "relay" })
		assert.is_true(relay:match(Profile { type = "relay", paths = { "x", "y" } }))
		assert.is_true(relay:match {})
		assert.is_false(relay:match { type = "handset" })
		assert.is_false(relay:match { type = "relay", vendor = "acme" })
		assert.is_false(relay:match { paths = { "x" } })
	end)

	it("wants a profile", function()
		local e = assert.raises("TypeError", relay.match, relay)
		assert.equal("Profile:match: argument 'profile': wanted a table of properties or a Profile, got nil", e.message)
		e = assert.raises("TypeError", relay.match, {}, {})
		assert.matches("wanted a Profile as self", e.message)
	end)
end)

describe("minimize", function()
	local Handset = Profile:subclass("HandsetProfile")
	Handset.mandatory = { "type", "serial" }
	local phone = Handset { type = "handset", serial = "0001", pretty = "yuga", sim = "none" }

	it("keeps what is mandatory for the class", function()
		assert.same({ type = "handset", serial = "0001" }, phone:minimize():values())
	end)

	it("keeps what the other profile names too, with the own values", function()
		assert.same(
			{ type = "handset", serial = "0001", sim = "none" },
			phone:minimize({ sim = "any", colour = "red" }):values()
		)
	end)

	it("stays in the class", function()
		assert.is_true(phone:minimize():is(Handset))
		assert.is_true(phone:minimize():is("Profile"))
	end)

	it("keeps nothing of a plain profile", function()
		assert.equal(Profile {}, Profile({ type = "relay" }):minimize())
	end)
end)

describe("a class of profiles", function()
	local Relay = Profile:subclass("RelayProfile")
	Relay.mandatory = { "type", "uid" }

	function Relay:label()
		return self.type .. " " .. self.uid
	end

	it("names the property that is missing", function()
		local e = assert.raises("TypeError", Relay, { type = "relay" })
		assert.equal([[RelayProfile: the property 'uid' is missing in {"type":"relay"}]], e.message)
		local relay = Relay { type = "relay", uid = "b" }
		assert.raises("TypeError", relay.with, relay, { uid = json.null })
	end)

	it("has its methods, and keys of its own", function()
		local values = { type = "relay", uid = "b" }
		assert.equal("relay b", Relay(values):label())
		assert.equal(Relay(values), Relay(values))
		assert.not_equal(Relay(values), Profile(values))
		assert.equal("RelayProfile" .. tostring(Profile(values)):match("{.*"), tostring(Relay(values)))
	end)

	it("hands what is mandatory down", function()
		local Coloured = Relay:subclass("Coloured")
		assert.raises("TypeError", Coloured, { type = "relay" })
		assert.equal("relay c", Coloured({ type = "relay", uid = "c" }):label())
	end)
end)

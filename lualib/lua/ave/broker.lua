-- The broker leases equipment to clients. Equipment is described by profiles;
-- a client asks for what it needs by profiles too, and gets all of it or
-- nothing. A lease lasts until the client gives it back or goes away.

local Control = require("ave.network.control").Control
local Profile = require("ave.profile").Profile
local exceptions = require("ave.exceptions")
local json = require("ave.json")

local Busy = exceptions.define("Busy")
local NoSuch = exceptions.define("NoSuch")

local Broker = Control:subclass("Broker")

local function type_error(...)
	error(exceptions.TypeError(string.format(...)), 0)
end

-- Reads one profile of a request or a configuration.
local function to_profile(values, what)
	if type(values) ~= "table" then
		type_error("%s: wanted a profile, got %s", what, tostring(values))
	end
	local profile = Profile(values)
	if type(profile.type) ~= "string" then
		type_error("%s: a profile must have a 'type', got %s", what, tostring(profile))
	end
	return profile
end

-- Broker(options): the options of Control, and equipment, a list of profiles.
function Broker:init(options)
	local settings, equipment = {}, {}
	for name, value in pairs(options) do
		if name ~= "equipment" then
			settings[name] = value
		end
	end
	Control.init(self, settings)
	for i, values in ipairs(options.equipment or {}) do
		equipment[i] = to_profile(values, "equipment " .. i)
	end
	self.equipment = equipment
	self.leases = {} -- by the index of the equipment
end

-- Pairs every wanted profile with a different piece of equipment, by its
-- index. Profiles that are picky and ones that are not may compete for the
-- same piece, so one that is taken is asked to move to another.
local function assign(wanted, equipment, usable)
	local holder = {} -- the wanted profile that has a piece
	local function place(w, tried)
		for i, profile in ipairs(equipment) do
			if not tried[i] and usable(i) and profile:match(wanted[w]) then
				tried[i] = true
				if not holder[i] or place(holder[i], tried) then
					holder[i] = w
					return true
				end
			end
		end
		return false
	end
	for w in ipairs(wanted) do
		if not place(w, {}) then
			return nil, wanted[w]
		end
	end
	local assigned = {}
	for i, w in pairs(holder) do
		assigned[w] = i
	end
	return assigned
end

local function anything()
	return true
end

-- Leases what matches the profiles, one piece each, and returns their full
-- profiles in the same order. Raises NoSuch if the broker will never have it
-- and Busy if it is leased. A client that fails to get more loses what it has:
-- two clients that each hold what the other waits for would wait for ever.
Broker.get = Control.rpc(function(self, ...)
	local client = self.current_connection
	for _, account in ipairs(client.accounts) do
		if account == "admin" then
			error(exceptions.AuthError("an admin connection cannot lease equipment"), 0)
		end
	end
	local wanted = {}
	for i = 1, select("#", ...) do
		wanted[i] = to_profile((select(i, ...)), "profile " .. i)
	end
	if #wanted == 0 then
		type_error("get: wanted a profile, got nothing")
	end
	local assigned, missing = assign(wanted, self.equipment, anything)
	if not assigned then
		self:release(client)
		error(NoSuch("no such equipment: " .. tostring(missing)), 0)
	end
	assigned, missing = assign(wanted, self.equipment, function(i)
		return not self.leases[i]
	end)
	if not assigned then
		self:release(client)
		error(Busy("equipment is busy: " .. tostring(missing)), 0)
	end
	local leased = json.list()
	for w, i in ipairs(assigned) do
		self.leases[i] = { client = client, since = os.time() }
		leased[w] = self.equipment[i]
	end
	return leased
end)

-- Gives back what matches the profiles, or everything if there are none.
Broker.yield_resources = Control.rpc(function(self, ...)
	if select("#", ...) == 0 then
		return self:release(self.current_connection)
	end
	local wanted = {}
	for i = 1, select("#", ...) do
		wanted[i] = to_profile((select(i, ...)), "profile " .. i)
	end
	local assigned, missing = assign(wanted, self.equipment, function(i)
		return self.leases[i] and self.leases[i].client == self.current_connection
	end)
	if not assigned then
		error(NoSuch("not leased by this client: " .. tostring(missing)), 0)
	end
	for _, i in pairs(assigned) do
		self.leases[i] = nil
	end
end)

-- Takes back whatever a client has leased.
function Broker:release(client)
	for i, lease in pairs(self.leases) do
		if lease.client == client then
			self.leases[i] = nil
		end
	end
end

function Broker:lost_connection(client)
	self:release(client)
end

-- Lists the equipment that matches a profile, or all without one, and for
-- which choose says yes.
function Broker:select_equipment(profile, choose)
	local list = json.list()
	for i, piece in ipairs(self.equipment) do
		if choose(i) and piece:match(profile or {}) then
			list[#list + 1] = piece
		end
	end
	return list
end

local admin = Control.preauth("admin")

-- The equipment that the broker has, whether it is leased or not.
Broker.list_equipment = Control.rpc(
	admin(function(self, profile)
		return self:select_equipment(profile, anything)
	end),
	{ "profile" }
)

-- The equipment that nobody has leased.
Broker.list_available = Control.rpc(
	admin(function(self, profile)
		return self:select_equipment(profile, function(i)
			return not self.leases[i]
		end)
	end),
	{ "profile" }
)

-- What the calling client has leased.
Broker.list_allocations = Control.rpc(function(self)
	return self:select_equipment(nil, function(i)
		return self.leases[i] and self.leases[i].client == self.current_connection
	end)
end)

-- What is leased: the profile, the client's address, and since when, in
-- seconds of the epoch.
Broker.list_allocations_all = Control.rpc(function(self)
	local list = json.list()
	for i, profile in ipairs(self.equipment) do
		local lease = self.leases[i]
		if lease then
			list[#list + 1] = { profile = profile, client = lease.client.address, since = lease.since }
		end
	end
	return list
end)

-- Ends the broker. Its clients see an Exit.
Broker.stop = Control.rpc(admin(function(self)
	self:shutdown("the broker was stopped")
end))

return { Broker = Broker, Busy = Busy, NoSuch = NoSuch }

-- The calls for clients. A request is a list of profiles; a row of an answer has
-- the number of a lease and its profile.

local Control = require("ave.network.control").Control
local allocation = require("ave.broker.allocation")
local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local json = require("ave.json")

local NoSuch = exceptions.define("NoSuch")

local function rpc(method, optional)
	return Control.rpc(Control.concurrent(method), optional)
end

local function profiles_of(leases)
	local profiles = json.list()
	for n, lease in ipairs(leases) do
		profiles[n] = lease.profile
	end
	return profiles
end

-- Returns the indexes of the leases that match a profile.
local function places_of(leases, profile)
	local places = {}
	for n, lease in ipairs(leases) do
		if lease.profile:match(profile) then
			table.insert(places, n)
		end
	end
	return places
end

return function(Broker)
	function Broker:rows_of(leases)
		local rows = json.list()
		for n, lease in ipairs(leases) do
			rows[n] = { lease = lease.id, profile = lease.profile }
		end
		return rows
	end

	-- Returns the rows of inventory.
	function Broker:pieces()
		local list = json.list()
		for i, profile in ipairs(self.stock.equipment) do
			local row = self:holder_of(i) or { profile = profile, state = "free" }
			row.stacks, row.known = json.list(self.stock.of[i] or {}), self.ledger:token_of(profile)
			list[i] = row
		end
		return list
	end

	function Broker:made_types()
		local list = json.list()
		for kind in pairs(self.made) do
			table.insert(list, kind)
		end
		table.sort(list)
		return list
	end

	-- Leases for the calling client, or raises Busy or NoSuch.
	function Broker:lease_for_caller(profiles, method, reason, via)
		self:admit()
		local wanted = checks.request(profiles, method)
		local client = self:caller()
		local forwarded = #via > 0
		for _, id in ipairs(via) do
			if id == self.id then
				self:refuse(client, wanted[1], false, via, forwarded)
			end
		end
		local leases, missing, busy = self:find(client, wanted, reason, via)
		if not leases then
			self:refuse(client, missing, busy, via, forwarded)
		end
		return leases, client
	end

	-- Returns the leases of the calling client with these numbers. Unknown numbers
	-- are ignored, because a client repeats a call whose answer was lost.
	function Broker:leases_of_caller(ids)
		local client = self.ledger:client_of(self.current_connection)
		local leases = {}
		for _, id in ipairs(checks.list(ids, "lease", checks.lease)) do
			local lease = self.ledger.leases[id]
			if lease and client and lease.client == client.id then
				table.insert(leases, lease)
			end
		end
		return leases, client
	end

	-- Leases one piece for each profile, and returns the full profiles in the same
	-- order. Raises NoSuch if the broker can never serve the request, and Busy if
	-- others have the equipment; after both, the client has lost everything.
	Broker.get = rpc(function(self, ...)
		return profiles_of((self:lease_for_caller({ ... }, "get", nil, {})))
	end)

	-- Leases like get, and returns rows. The reason is shown to people. A broker
	-- that forwards a request lists in via the brokers that it came through.
	Broker.lease = rpc(function(self, profiles, reason, via)
		reason = reason and checks.reason(reason)
		return self:rows_of((self:lease_for_caller(profiles, "lease", reason, checks.list(via or {}, "via", checks.text))))
	end, { "reason", "via" })

	-- Gives back what matches the profiles, or everything if there are none.
	Broker.yield_resources = rpc(function(self, ...)
		local client = self.ledger:client_of(self.current_connection)
		local mine = client and self.ledger:leases_of(client) or {}
		local given = mine
		if select("#", ...) > 0 then
			local wanted = checks.request({ ... }, "yield_resources")
			local assigned, missing = allocation.assign(wanted, function(profile)
				return places_of(mine, profile)
			end, function()
				return true
			end)
			if not assigned then
				error(NoSuch("not leased by this client: " .. tostring(missing)), 0)
			end
			given = {}
			for w, i in ipairs(assigned) do
				given[w] = mine[i]
			end
		end
		self:give_back(client or {}, given)
	end)

	-- Gives leases back by their numbers.
	Broker.yield_leases = rpc(function(self, leases)
		local mine, client = self:leases_of_caller(leases)
		self:give_back(client or {}, mine)
	end)

	-- Lists what the calling client has leased.
	Broker.list_allocations = rpc(function(self)
		local client = self.ledger:client_of(self.current_connection)
		return self.book:look(function()
			return profiles_of(client and self.ledger:leases_of(client) or {})
		end)
	end)

	-- Lists all leases: the profile, the client's address, id and accounts, since
	-- when (seconds since 1970), and the reason.
	Broker.list_allocations_all = rpc(function(self)
		return self.book:look(function()
			return self:allocations()
		end)
	end)

	-- Lists the equipment, each piece with its profile, the numbers of its stacks and
	-- its state, which is "free" or as in Busy; if it is not free, also who has it; and
	-- as `known` the highest token that it was leased with. `made` are the types that are made for each lease.
	Broker.inventory = rpc(function(self)
		return self.book:look(function()
			return { equipment = self:pieces(), made = self:made_types(), leasing = not self.handing_over }
		end)
	end)

	-- Lists the collateral of the calling client: equipment in stacks of which it
	-- has leased another piece.
	Broker.list_collateral = rpc(function(self)
		local client = self.ledger:client_of(self.current_connection)
		return self:collateral(client or {})
	end)

	-- Lists the collateral of all clients.
	Broker.list_collateral_all = rpc(function(self)
		return self:collateral()
	end)
end

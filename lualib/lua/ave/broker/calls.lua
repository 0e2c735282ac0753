-- The calls of clients. A request is a list of profiles; a row of an answer has
-- the number of a lease and its profile.

local Control = require("ave.network.control").Control
local allocation = require("ave.broker.allocation")
local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
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

return function(Broker)
	function Broker:rows_of(leases)
		local rows = json.list()
		for n, lease in ipairs(leases) do
			rows[n] = { lease = lease.id, profile = lease.profile }
		end
		return rows
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

	-- The leases of the calling client with these numbers. Others are passed over,
	-- because a call that was lost may be made again.
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

	-- Leases what matches the profiles, one piece each, and returns their full
	-- profiles in the same order. Raises NoSuch if the broker will never have it
	-- and Busy if it is leased. A client that fails to get more loses what it has.
	Broker.get = rpc(function(self, ...)
		return profiles_of((self:lease_for_caller({ ... }, "get", nil, {})))
	end)

	-- Leases like get, and returns rows. The reason is for people. Brokers that
	-- forward a request say via which ones it has come.
	Broker.lease = rpc(function(self, profiles, reason, via)
		reason = reason and checks.text(reason, "reason")
		return self:rows_of((self:lease_for_caller(profiles, "lease", reason, checks.list(via or {}, "via", checks.text))))
	end, { "reason", "via" })

	-- Gives back what matches the profiles, or everything if there are none.
	Broker.yield_resources = rpc(function(self, ...)
		local client = self.ledger:client_of(self.current_connection)
		local mine = client and self.ledger:leases_of(client) or {}
		local given = mine
		if select("#", ...) > 0 then
			local wanted = checks.request({ ... }, "yield_resources")
			local assigned, missing = allocation.assign(wanted, profiles_of(mine), function()
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
		self:give_back(client, given)
	end)

	-- Gives leases back by their numbers.
	Broker.yield_leases = rpc(function(self, leases)
		local mine, client = self:leases_of_caller(leases)
		self:give_back(client, mine)
	end)

	-- Takes leases back from a client. What its session has is closed first; if
	-- that fails, the session ends. It also ends with the last lease.
	function Broker:give_back(client, leases)
		for _, lease in ipairs(leases) do
			lease.client = nil -- it cannot be given back twice
		end
		for _, lease in ipairs(leases) do
			local session = lease.session and self.keeper.sessions[lease.session]
			if lease.remote then
				self.forward:give_back(client, lease)
			elseif session and not pcall(self.keeper.close, self.keeper, session, lease) then
				self:break_off(session)
			end
			if not session or not session.ending then
				self.ledger.leases[lease.id] = nil
			end
		end
		if #leases > 0 and #self.ledger:leases_of(client) == 0 then
			self:release(client)
		end
		self:changed()
	end

	-- What the calling client has leased.
	Broker.list_allocations = rpc(function(self)
		local client = self.ledger:client_of(self.current_connection)
		return profiles_of(client and self.ledger:leases_of(client) or {})
	end)

	-- What is leased: the profile, the client's address, its id and accounts, since
	-- when, in seconds of the epoch, and for what.
	Broker.list_allocations_all = rpc(function(self)
		return self:allocations()
	end)

	-- What belongs to the calling client because the rest of its stack does.
	Broker.list_collateral = rpc(function(self)
		local client = self.ledger:client_of(self.current_connection)
		return self:collateral(client or {})
	end)

	-- What belongs to any client because the rest of its stack does.
	Broker.list_collateral_all = rpc(function(self)
		return self:collateral()
	end)

	-- Makes the client known by a token, by which it can come back: after the broker
	-- was killed, and for that many seconds after its connection was lost.
	Broker.enroll = rpc(function(self, linger)
		self:admit()
		local client = self:caller()
		client.token = client.token or host.secret()
		client.linger = math.min(checks.seconds(linger, "linger"), self.grace)
		self:record()
		return client.token
	end, { linger = 0 })

	-- Makes the calling connection that of the client with the token. What this one
	-- has leased and not listed is given back: nobody was told of it.
	Broker.reclaim = rpc(function(self, token, leases)
		local known = {}
		for _, id in ipairs(checks.list(leases, "lease", checks.lease)) do
			known[id] = true
		end
		for _, client in pairs(self.ledger.clients) do
			if client.token and client.token == token then
				self:welcome(client, known)
				return self:rows_of(self.ledger:leases_of(client))
			end
		end
		error(NoSuch("no client has this token"), 0)
	end)

	function Broker:welcome(client, known)
		if client.connection then
			self.queue:remove(client.connection)
		end
		client.connection, client.missing_until = self.current_connection.id, nil
		client.address = self.current_connection.address
		local unknown = {}
		for _, lease in ipairs(self.ledger:leases_of(client)) do
			if not known[lease.id] then
				table.insert(unknown, lease)
			end
		end
		self:give_back(client, unknown)
		self:record()
	end
end

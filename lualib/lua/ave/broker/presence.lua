-- Who the clients of a broker are, and whether they are still there. A client is
-- its connection; one that has a token can have another connection later.

local Control = require("ave.network.control").Control
local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")

local NoSuch = exceptions.define("NoSuch")

local function rpc(method, optional)
	return Control.rpc(Control.concurrent(method), optional)
end

return function(Broker)
	-- The client whose call is served.
	function Broker:caller()
		return self.ledger:client_of(self.current_connection) or self.ledger:add_client(self.current_connection)
	end

	-- Raises an error if the calling client may not lease now.
	function Broker:admit()
		for _, account in ipairs(self.current_connection.accounts) do
			if account == "admin" then
				error(exceptions.AuthError("an admin connection cannot lease equipment"), 0)
			end
		end
		if self.handing_over then
			error(exceptions.Restarting("the broker leases nothing until it was restarted"), 0)
		end
	end

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
		local other = self.ledger:client_of(self.current_connection)
		if other and other ~= client then
			self:dismiss(other)
		end
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

	function Broker:lost_connection(connection)
		self.queue:remove(connection.id)
		self.sharing:lost(connection.id)
		local client = self.ledger:client_of(connection)
		if not client then
			return
		end
		client.connection = nil
		if client.linger > 0 and #self.ledger:leases_of(client) > 0 then
			client.missing_until = host.clock() + client.linger
			self:record()
		else
			self:dismiss(client)
		end
	end

	-- Forgets a client that has gone, and takes back what it has.
	function Broker:dismiss(client)
		self.ledger.clients[client.id] = nil
		client.connection = nil
		self:release(client)
		self:record()
	end

	function Broker:expire()
		self.keeper:expire()
		local now, missing = host.clock(), {}
		for _, client in pairs(self.ledger.clients) do
			if client.missing_until and client.missing_until < now then
				table.insert(missing, client)
			end
		end
		for _, client in ipairs(missing) do
			if not self:is_present(client) then
				self:dismiss(client)
			end
		end
	end

	-- Whether a client that has not come back still uses its session: a long call
	-- of its resource may keep it from noticing that the broker was away.
	function Broker:is_present(client)
		local session = self:session_of(client)
		if not session then
			return false
		end
		local ok, status = pcall(self.keeper.status, self.keeper, session)
		if not client.missing_until then
			return true -- it has come while the session was asked
		end
		local present = ok and status.clients > 0
		client.missing_until = present and host.clock() + self.grace or client.missing_until
		return present
	end
end

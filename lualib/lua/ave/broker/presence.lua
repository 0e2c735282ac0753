-- The clients of a broker, and whether they are connected. A client is its
-- connection; a client with a token can come back over another connection.

local Control = require("ave.network.control").Control
local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")

local NoSuch = exceptions.define("NoSuch")

local AT_ONCE = 100 -- clients that are forgotten in one step

local function rpc(method, optional)
	return Control.rpc(Control.concurrent(method), optional)
end

return function(Broker)
	-- Returns the client whose call is being served.
	function Broker:caller()
		return self.ledger:client_of(self.current_connection) or self.ledger:add_client(self.current_connection)
	end

	-- Raises an error if the calling client cannot lease now.
	function Broker:admit()
		for _, account in ipairs(self.current_connection.accounts) do
			if account == "admin" then
				error(exceptions.AuthError("an admin connection cannot lease equipment"), 0)
			end
		end
		if self.handing_over then
			error(exceptions.Restarting("the broker is being restarted: try again later"), 0)
		end
	end

	-- Gives the client a token, with which it can come back: after the broker was
	-- killed, and for `linger` seconds after its connection was lost. A client with
	-- `contact` is gone when it makes no call for that many seconds.
	Broker.enroll = rpc(function(self, linger, contact)
		self:admit()
		local client = self:caller()
		linger = math.min(checks.seconds(linger, "linger"), self.grace)
		contact = contact and checks.contact(contact)
		self.ledger:enroll(client, client.token or host.secret(), linger, contact)
		self:expect_contact(client, self.current_connection)
		local token = client.token
		self:commit()
		return token
	end, { linger = 0, "contact" })

	-- Makes the caller the client with this token. Leases of that client that are
	-- not in the list are given back: the client was never told of them.
	Broker.reclaim = rpc(function(self, token, leases)
		local known = {}
		for _, id in ipairs(checks.list(leases, "lease", checks.lease)) do
			known[id] = true
		end
		local connection = self.current_connection
		local other = self.ledger:client_of(connection)
		if other and other ~= self:client_with(token) then
			self:dismiss(other)
		end
		local client = self:client_with(token) -- it may have been forgotten in the meantime
		self:welcome(client, connection, known)
		return self:rows_of(self.ledger:leases_of(client))
	end)

	function Broker:client_with(token)
		local client = self.ledger.by_token[token]
		if not client or client.leaving then
			error(NoSuch("no client has this token"), 0)
		end
		return client
	end

	function Broker:welcome(client, connection, known)
		if client.connection then
			self.queue:remove(client.connection)
		end
		self.ledger:attach(client, connection.id)
		client.missing_until, client.address = nil, connection.address
		self:expect_contact(client, connection)
		self.book:touch("clients", client.id)
		local unknown = {}
		for _, lease in ipairs(self.ledger:leases_of(client)) do
			if not known[lease.id] then
				table.insert(unknown, lease)
			end
		end
		self:give_back(client, unknown)
	end

	function Broker:lost_connection(connection)
		self.queue:remove(connection.id)
		self.sharing:lost(connection.id)
		local client = self.ledger:client_of(connection)
		if not client then
			return
		end
		self.ledger:attach(client, nil)
		if not self.ledger:has_leases(client) then
			self:part_with(client)
		elseif client.linger > 0 then
			client.missing_until = host.clock() + math.min(client.linger, client.contact or math.huge)
		else
			self:try_to(self.dismiss, client)
		end
	end

	-- Forgets a client that had nothing. This is not urgent: it is written with the
	-- next change.
	function Broker:part_with(client)
		if client.session or client.peers then
			self:try_to(self.dismiss, client)
		else
			self.ledger:forget(client)
		end
	end

	-- Forgets clients that have disconnected, and takes back what they have.
	function Broker:dismiss(...)
		for _, client in ipairs { ... } do
			client.leaving = true
			self.ledger:attach(client, nil)
		end
		self:take_back(...)
	end

	function Broker:expire()
		self.keeper:expire()
		self:check_contacts()
		local now, missing, leaving = host.clock(), {}, {}
		for _, client in pairs(self.ledger.clients) do
			if client.leaving then
				table.insert(leaving, client)
			elseif client.missing_until and client.missing_until < now then
				table.insert(missing, client)
			end
		end
		for _, client in ipairs(missing) do
			if client.contact or not self:is_present(client) then
				client.leaving = true -- from now on it cannot come back
				table.insert(leaving, client)
			end
		end
		for n = 1, #leaving, AT_ONCE do
			self:try_to(self.dismiss, unpack(leaving, n, math.min(n + AT_ONCE - 1, #leaving)))
		end
	end

	-- Tells whether a client that has not come back still uses its session: during
	-- a long call of a resource it may not have noticed that the broker was away.
	function Broker:is_present(client)
		local session = self:session_of(client)
		if not session then
			return false
		end
		local ok, status = pcall(self.keeper.status, self.keeper, session)
		if not client.missing_until then
			return true -- it came back while the session was asked
		end
		local present = ok and status.clients > 0
		client.missing_until = present and host.clock() + self.grace or client.missing_until
		return present
	end
end

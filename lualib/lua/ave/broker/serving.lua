-- Serves the resources of leases: in the client's session, or at another broker.

local Control = require("ave.network.control").Control
local exceptions = require("ave.exceptions")
local json = require("ave.json")

local NoSuch = exceptions.define("NoSuch")

local function rpc(method)
	return Control.rpc(Control.concurrent(method))
end

local function taken(lease)
	return NoSuch("the lease was taken back in the meantime: " .. tostring(lease.profile))
end

return function(Broker)
	-- Leases like get, and returns where the resource of each profile is served.
	Broker.get_resources = rpc(function(self, ...)
		local leases, client = self:lease_for_caller({ ... }, "get_resources", nil, {})
		return self:serve_leases(client, leases)
	end)

	-- Returns where the resources of leases are served: rows with the port, the
	-- host ("" is the broker's own), the authkey of the session, and the number of
	-- the resource there. Rows without a resource class have none of these. The
	-- first resource starts the client's session.
	Broker.serve = rpc(function(self, leases)
		local mine, client = self:leases_of_caller(leases)
		if #mine < #leases then
			error(NoSuch("not leased by this client: one of the leases " .. table.concat(leases, ", ")), 0)
		end
		return self:serve_leases(client, mine)
	end)

	function Broker:serve_leases(client, leases)
		local rows = json.list()
		for n, lease in ipairs(leases) do
			local row = { lease = lease.id, profile = lease.profile }
			if lease.remote then
				local there = self.forward:serve(client, lease)
				row.host, row.port, row.authkey, row.resource = there.host, there.port, there.authkey, there.resource
			elseif self.resources[lease.profile.type] then
				local session = self:open_lease(client, lease)
				row.host, row.port, row.authkey, row.resource = "", session.port, session.key, lease.id
			end
			rows[n] = row
		end
		return rows
	end

	-- Opens the resource of a lease in the client's session, unless it is open.
	function Broker:open_lease(client, lease)
		local session = self:session_of(client) or self:start_session(client)
		if lease.client ~= client.id then
			error(taken(lease), 0)
		elseif not lease.session then
			self.ledger:open(lease, session.id)
			self:commit()
			local ok, e = pcall(self.keeper.open, self.keeper, session, lease)
			if not ok or lease.client ~= client.id then
				self:close(session, lease)
				error(ok and taken(lease) or e, 0)
			end
		end
		return session
	end

	-- Closes a resource that could not be opened, or whose lease was taken from the
	-- client in the meantime. If that fails, the end of the session frees it.
	function Broker:close(session, lease)
		pcall(self.keeper.close, self.keeper, session, lease)
		if lease.client then
			self.ledger:open(lease, nil)
		end
		self:settle()
	end

	function Broker:start_session(client)
		local session = self.keeper:start("session-" .. self.ledger:number(), client.id)
		if client.session or not self.ledger:has_leases(client) then
			self.keeper:finish(session) -- another call was faster, or an administrator
			return self:session_of(client) or session
		end
		self.ledger:enter_session(client, session.id)
		local ok, e = pcall(self.commit, self)
		if not ok then
			self.keeper:finish(session)
			error(e, 0)
		end
		return session
	end

	function Broker:session_of(client)
		return client.session and self.keeper.sessions[client.session]
	end

	function Broker:joined_process(pid)
		local session = self.keeper:joined(pid)
		if session then
			self.ended[session.id] = session
			self:settle()
		end
	end

	-- Frees what a session used that has ended. If the broker did not end it, its
	-- client loses everything else too. Returns what take_all returns. The caller
	-- commits.
	function Broker:free_session(session)
		self.keeper:forget(session)
		for _, lease in pairs(self.ledger:all()) do
			if lease.session == session.id then
				self.ledger:remove(lease)
			end
		end
		local client = session.client and self.ledger.clients[session.client]
		return client and self:take_all(client)
	end

	-- Ends a session that does not obey, and takes everything from its client. The
	-- client may be gone: its session was then started just before the broker was
	-- killed.
	function Broker:break_off(session)
		local client = self.ledger.clients[session.client]
		self.keeper:finish(session)
		if client and client.session == session.id then
			self:take_back(client)
		end
	end
end

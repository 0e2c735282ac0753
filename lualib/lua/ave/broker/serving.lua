-- Where the resources of leases are served: in the client's session, or by another
-- broker.

local Control = require("ave.network.control").Control
local exceptions = require("ave.exceptions")
local json = require("ave.json")

local NoSuch = exceptions.define("NoSuch")

local function rpc(method)
	return Control.rpc(Control.concurrent(method))
end

local function taken(lease)
	return NoSuch("it was taken back meanwhile: " .. tostring(lease.profile))
end

return function(Broker)
	-- Leases like get, and tells for each profile where its resource is served.
	Broker.get_resources = rpc(function(self, ...)
		local leases, client = self:lease_for_caller({ ... }, "get_resources", nil, {})
		return self:serve_leases(client, leases)
	end)

	-- Tells where the resources of leases are served: rows with a port, the host,
	-- which is "" for the broker's own, the authkey of the session and the number of
	-- the resource there. What has no resource class has none of these. The first one
	-- starts the client's session.
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
				local session = self:open(client, lease)
				row.host, row.port, row.authkey, row.resource = "", session.port, session.key, lease.id
			end
			rows[n] = row
		end
		return rows
	end

	-- Opens the resource of a lease in the client's session, unless it is open.
	function Broker:open(client, lease)
		local session = self:session_of(client) or self:start_session(client)
		if lease.client ~= client.id then
			error(taken(lease), 0)
		elseif not lease.session then
			lease.session = session.id
			self:record()
			local ok, e = pcall(self.keeper.open, self.keeper, session, lease)
			if not ok or lease.client ~= client.id then
				self:close(session, lease)
				error(ok and taken(lease) or e, 0)
			end
		end
		return session
	end

	-- Closes what could not be opened, or was taken from the client meanwhile: then
	-- the end of the session frees it.
	function Broker:close(session, lease)
		pcall(self.keeper.close, self.keeper, session, lease)
		if lease.client then
			lease.session = nil
		end
		self:record()
	end

	function Broker:start_session(client)
		local session = self.keeper:start("session-" .. self.ledger:number(), client.id)
		if client.session or #self.ledger:leases_of(client) == 0 then
			self.keeper:finish(session) -- another call was faster, or an administrator
			return self:session_of(client) or session
		end
		client.session = session.id
		self:record()
		return session
	end

	function Broker:session_of(client)
		return client.session and self.keeper.sessions[client.session]
	end

	-- A session has ended: what was used by it is free, and its client loses the
	-- rest if it was not the broker that ended it.
	function Broker:joined_process(pid)
		local session = self.keeper:joined(pid)
		if session then
			self:session_ended(session)
		end
	end

	function Broker:session_ended(session)
		for id, lease in pairs(self.ledger.leases) do
			if lease.session == session.id then
				self.ledger.leases[id] = nil
			end
		end
		local client = session.client and self.ledger.clients[session.client]
		if client then
			client.session = nil
			self:release(client)
		end
		self:changed()
	end

	-- Ends a session that does not obey, and with it all that its client has. A
	-- client can have left one behind that was started for it just before the broker
	-- was killed.
	function Broker:break_off(session)
		local client = self.ledger.clients[session.client]
		self.keeper:finish(session)
		if client and client.session == session.id then
			self:release(client)
		end
	end
end

-- Where the resources of leases are served: in the client's session, or by another
-- broker.

local Control = require("ave.network.control").Control
local exceptions = require("ave.exceptions")
local json = require("ave.json")

local NoSuch = exceptions.define("NoSuch")

local function rpc(method)
	return Control.rpc(Control.concurrent(method))
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
		if not lease.session then
			lease.session = session.id
			self:record()
			local ok, e = pcall(self.keeper.open, self.keeper, session, lease)
			if not ok then
				pcall(self.keeper.close, self.keeper, session, lease)
				lease.session = nil
				self:record()
				error(e, 0)
			end
		end
		return session
	end

	function Broker:start_session(client)
		local session = self.keeper:start("session-" .. self.ledger:number(), client.id)
		if self.ledger.clients[client.id] ~= client then
			self.keeper:finish(session) -- the client has gone meanwhile
			error(exceptions.Exception("the client has gone"), 0)
		end
		client.session = session.id
		self:record()
		return session
	end
end

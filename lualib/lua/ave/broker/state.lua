-- The state of the broker, and where it goes: to the store, to the process that
-- takes over, and to monitoring.

local Control = require("ave.network.control").Control
local host = require("ave.broker.host")
local journal = require("ave.broker.journal")
local json = require("ave.json")

return function(Broker)
	-- Returns everything that a broker must know to continue, as a value for JSON.
	function Broker:snapshot()
		local state = self.ledger:dump()
		state.id, state.began = self.id, self.began
		state.sessions, state.sharing = self.keeper:dump(), self.sharing:dump()
		state.queue = self.queue:dump()
		state.due = json.list()
		for id in pairs(self.due) do
			table.insert(state.due, id)
		end
		for _, session in pairs(self.ended) do
			table.insert(state.sessions, session)
		end
		return state
	end

	-- Returns the state: for clients, the public part; for the process that takes
	-- over, all of it and the store.
	Broker.serialize = Control.rpc(function(self)
		if self.current_connection then
			return {
				id = self.id, allocations = self:allocations(), collateral = self:collateral(),
				equipment = self:select_equipment(nil, function()
					return true
				end),
			}
		end
		self.book:suspend()
		return self:snapshot()
	end)

	-- Restores the result of snapshot, or the book. Sessions that have ended become
	-- due. A session that its client has left already takes nothing from the
	-- client.
	function Broker:restore(state)
		self.id, self.began = state.id, state.began or self.began
		self.book:quietly(function()
			self.ledger:restore(state)
		end)
		for _, id in ipairs(state.due or {}) do
			self.due[id] = true
		end
		for _, session in ipairs(self.keeper:restore(state.sessions)) do
			local client = self.ledger.clients[session.client]
			session.client = client and client.session == session.id and client.id or nil
			self.ended[session.id] = session
		end
	end

	-- Continues the work of the service that this one takes over. That service may
	-- still go on if the takeover fails, so what is due is left to the first tick.
	function Broker:adopt(state, _, connections)
		self:restore(state)
		self.queue:restore(state.queue)
		self.sharing:restore(state.sharing, connections)
		self:resume()
		for _, client in pairs(self.ledger.clients) do
			if client.connection and not connections[client.connection] then
				self.queue:remove(client.connection)
				self.ledger:attach(client, nil)
				client.leaving = true
			end
			self:expect_contact(client, connections[client.connection])
		end
		self.book:begin()
	end

	-- Continues the work of a broker that was killed. Clients with a token have the
	-- grace time to come back; leases of other clients are free.
	function Broker:recover()
		local state = self.state_file and self.book:load()
		if state then
			local ok, e = pcall(self.restore, self, state)
			if not ok then
				journal.refuse(self.book.old or self.state_file, "%s", e.message)
			end
			self.sharing.active = state.sharing and state.sharing.active or false
			for _, client in pairs(self.ledger.clients) do
				self.ledger:attach(client, nil)
				client.missing_until = host.clock() + math.min(self.grace, client.contact or math.huge)
				client.leaving = not client.token
			end
		end
		self.book:begin()
		if state then
			self:resume()
			self:reconcile()
		end
		self:expire()
		self:settle()
	end

	-- Connects to other brokers again. What was lost there becomes due.
	function Broker:resume()
		for _, client in pairs(self.ledger.clients) do
			for _, lease in ipairs(self.forward:restore(client, self.ledger:leases_of(client))) do
				self.due[lease.id] = true
			end
		end
	end

	-- Compares the ledger with what running sessions report. A session that does
	-- not answer is ended.
	function Broker:reconcile()
		for _, session in pairs(self.keeper.sessions) do
			local ok, status = pcall(self.keeper.status, self.keeper, session)
			local client = self.ledger.clients[session.client]
			if not ok or not client or client.session ~= session.id or status.pid ~= session.pid then
				local left = client and client.session == session.id and self:take_all(client)
				self.keeper:finish(session)
				self:let_go { left or nil }
			else
				self:compare(session, status.leases)
			end
		end
		for id, lease in pairs(self.ledger.leases) do
			if not lease.client and not self.keeper.sessions[lease.session] then
				self.due[id] = true
			end
		end
	end

	-- Closes what is open in the session but not leased, and marks as closed what
	-- is leased but not open.
	function Broker:compare(session, open)
		local opened = {}
		for _, id in ipairs(open) do
			opened[id] = true
			local lease = self.ledger.leases[id]
			if not lease or not lease.client then
				pcall(self.keeper.close, self.keeper, session, { id = id })
				self.due[id] = true
			end
		end
		for _, lease in ipairs(self.ledger:all()) do
			if lease.session == session.id and not opened[lease.id] then
				self.ledger:open(lease, nil)
			end
		end
	end

	-- Ends all sessions, and waits for them for some time. Then nothing is left for
	-- another broker to continue.
	function Broker:close_down()
		self.handing_over, self.closed_down = true, true
		local all = {}
		for _, client in pairs(self.ledger.clients) do
			all[#all + 1] = self.ledger:has_leases(client) and client or nil
		end
		for _, client in ipairs(all) do
			self:take_back(client)
		end
		self.sharing:stop()
		self.keeper:close_down()
		self.book:discard()
	end
end

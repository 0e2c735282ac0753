-- The broker's state, and where it goes: to the journal, to the process that
-- takes the service over, and to those who want to look at it.

local Control = require("ave.network.control").Control
local host = require("ave.broker.host")
local journal = require("ave.broker.journal")

return function(Broker)
	-- All that a broker must know to go on, as JSON takes it.
	function Broker:snapshot()
		local state = self.ledger:dump()
		state.id, state.began, state.owner = self.id, self.began, self.owner
		state.sessions, state.sharing = self.keeper:dump(), self.sharing:dump()
		return state
	end

	-- Writes the journal, if there is one.
	function Broker:record()
		if self.state_file and not self.closed_down then
			journal.save(self.state_file, self:snapshot())
		end
	end

	-- The state. For clients, what they may see of it; for the process that takes
	-- over, all of it.
	Broker.serialize = Control.rpc(function(self)
		if self.current_connection then
			return {
				id = self.id, allocations = self:allocations(), collateral = self:collateral(),
				equipment = self:select_equipment(nil, function()
					return true
				end),
			}
		end
		local state = self:snapshot()
		state.queue = self.queue:dump()
		return state
	end)

	function Broker:restore(state)
		self.id, self.began = state.id, state.began or self.began
		self.ledger:restore(state)
		return self.keeper:restore(state.sessions)
	end

	-- Goes on where the service has stopped whose place this one takes.
	function Broker:adopt(state, _, connections)
		local dead = self:restore(state)
		self.queue:restore(state.queue)
		self.sharing:restore(state.sharing, connections)
		self:resume(dead)
		for _, client in pairs(self.ledger.clients) do
			if client.connection and not connections[client.connection] then
				self.queue:remove(client.connection)
				self:dismiss(client)
			end
		end
		self:record()
	end

	-- Goes on where a broker has stopped that was killed. Clients with a token have
	-- the grace time to come back; what the others had is free.
	function Broker:recover()
		local state = self.state_file and journal.load(self.state_file)
		if not state then
			return self:record()
		end
		if state.owner and host.find(state.owner.pid, state.owner.start) then
			journal.refuse(self.state_file, "process %d is that broker, and runs", state.owner.pid)
		end
		local ok, dead = pcall(self.restore, self, state)
		if not ok then
			journal.refuse(self.state_file, "%s", dead.message)
		end
		self.sharing.active = state.sharing and state.sharing.active or false
		for _, client in pairs(self.ledger.clients) do
			client.connection = nil
			client.missing_until = host.clock() + self.grace
		end
		self:resume(dead)
		for _, client in pairs(self.ledger.clients) do
			if not client.token then
				self:dismiss(client)
			end
		end
		self:reconcile()
		self:record()
	end

	-- Connects to other brokers again, and drops what is lost there or was in a
	-- session that has ended.
	function Broker:resume(dead)
		for _, session in ipairs(dead) do
			self:session_ended(session)
		end
		for _, client in pairs(self.ledger.clients) do
			for _, lease in ipairs(self.forward:restore(client, self.ledger:leases_of(client))) do
				self.ledger.leases[lease.id] = nil
			end
		end
	end

	-- Compares the ledger with what the sessions say that live on. A session that
	-- does not answer is ended.
	function Broker:reconcile()
		for _, session in pairs(self.keeper.sessions) do
			local ok, status = pcall(self.keeper.status, self.keeper, session)
			local client = self.ledger.clients[session.client]
			if not ok or not client or client.session ~= session.id or status.pid ~= session.pid then
				self:break_off(session)
			else
				self:compare(session, status.leases)
			end
		end
		for id, lease in pairs(self.ledger.leases) do
			if not lease.client and not self.keeper.sessions[lease.session] then
				self.ledger.leases[id] = nil
			end
		end
	end

	-- Closes what the session has open and nobody has leased, and marks as closed
	-- what it has not opened.
	function Broker:compare(session, open)
		local opened = {}
		for _, id in ipairs(open) do
			opened[id] = true
			local lease = self.ledger.leases[id]
			if not lease or not lease.client then
				pcall(self.keeper.close, self.keeper, session, { id = id })
				self.ledger.leases[id] = nil
			end
		end
		for id, lease in pairs(self.ledger.leases) do
			if lease.session == session.id and not opened[id] then
				lease.session = nil
			end
		end
	end

	-- Ends all sessions, and waits for them for a while. Nothing is left then that
	-- another broker should go on with.
	function Broker:close_down()
		self.handing_over = true
		for _, lease in ipairs(self.ledger:select(function(l)
			return l.client
		end)) do
			local client = self.ledger.clients[lease.client]
			if client then
				self:release(client)
			end
		end
		self.sharing:stop()
		self.keeper:close_down()
		self.closed_down = true
		if self.state_file then
			os.remove(self.state_file)
		end
	end
end

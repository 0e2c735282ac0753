-- Waiting for equipment.

local Control = require("ave.network.control").Control
local allocation = require("ave.broker.allocation")
local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
local json = require("ave.json")

-- How often a waiting client asks other brokers again, in seconds.
local ROUND = 1

return function(Broker)
	-- Leases what an entry of the queue waits for, if that is possible now. Returns
	-- the ids of the leases.
	function Broker:try_entry(entry)
		local client = self.ledger.clients[entry.client]
		local leases = client and self:try(client, entry.wanted, entry.reason, self.queue:reserved(entry))
		return leases and self:numbers_of(leases)
	end

	function Broker:numbers_of(leases)
		local numbers = json.list()
		for n, lease in ipairs(leases) do
			numbers[n] = lease.id
		end
		return numbers
	end

	-- Adds a client to the queue, and lets it try once.
	function Broker:join_queue(client, connection, wanted, timeout, reason)
		local picks, equipment = self:divide(wanted)
		local entry = self.queue:add {
			connection = connection.id, client = client.id, wanted = wanted, equipment = picks and equipment or {},
			since = os.time(), deadline = host.clock() + timeout, reason = reason,
		}
		entry.possible = entry.possible and picks ~= nil
		if not self.handing_over then
			self.queue:offer(entry, function()
				return self:try_entry(entry)
			end)
		end
		local ok, e = pcall(self.commit, self)
		if not ok then
			self:leave_queue(entry)
			error(e, 0)
		end
		return entry
	end

	-- Raises an error if waiting makes no sense, because neither this broker nor
	-- another one could ever serve the request. If another broker can serve it now,
	-- the entry gets the leases.
	function Broker:check_sense(entry, client)
		if not entry.granted and not entry.possible then
			local missing = select(2, self:plan(entry.wanted, allocation.everything))
			local busy = self:ask_others(entry, client)
			if not entry.granted and not busy then
				host.apart(function()
					self:leave_queue(entry)
					self:refuse(client, missing, false, {})
				end)
			end
		end
	end

	-- Asks other brokers to lease what an entry waits for. Returns whether it is
	-- busy there.
	function Broker:ask_others(entry, client)
		local picks, busy = self.forward:lease(client, entry.wanted, entry.reason, { self.id })
		if picks then
			host.apart(function()
				self:try_to(self.take_elsewhere, entry, client, picks)
			end)
		end
		return busy
	end

	function Broker:take_elsewhere(entry, client, picks)
		local leases = self:accept(client, entry.connection, picks, entry.reason)
		if leases and (entry.out or self.queue:find(entry.connection) ~= entry) then
			self:give_back(client, leases) -- it was served here in the meantime
		elseif leases then
			self.queue:step_out(entry)
			entry.offered = self:numbers_of(leases)
			entry.granted = entry.offered
		end
	end

	function Broker:leave_queue(entry)
		if self.queue:find(entry.connection) == entry then
			self.queue:remove(entry.connection)
		end
	end

	-- Waits until an entry of the queue is served, its timeout has passed or its
	-- client has disconnected.
	function Broker:wait_in_queue(entry, client, connection)
		while not entry.granted and self.queue:find(connection.id) == entry do
			local left = entry.deadline - host.clock()
			if left <= 0 and not entry.offered or host.hung_up(connection) then
				break
			end
			local others = not self.handing_over and #self:peers() > 0
			if others then
				self:ask_others(entry, client)
			end
			if entry.offered and not entry.granted then
				self.queue:wait(connection, ROUND) -- for the disk
			elseif not entry.granted then
				self.queue:wait(connection, others and math.min(left, ROUND) or left)
			end
		end
	end

	-- Removes an entry from the queue, and returns the answer of its call.
	function Broker:end_wait(entry, client, connection)
		self:leave_queue(entry)
		if client.connection ~= connection.id or host.hung_up(connection) then
			error(exceptions.Exception("the client has disconnected"), 0) -- it may come back, to what it had
		elseif not entry.granted then
			local _, missing = self:plan(entry.wanted, self.ledger:status(client, self.queue:reserved()))
			self:refuse(client, missing or entry.wanted[1], {}, {})
		end
		local leases = {}
		for n, id in ipairs(entry.granted) do
			leases[n] = self.ledger.leases[id]
			if not leases[n] or leases[n].client ~= client.id then
				error(exceptions.Exception("the leases were taken back right away"), 0)
			end
		end
		return self:rows_of(leases)
	end

	-- Leases like lease, and if the equipment is busy, waits in the queue for up to
	-- the timeout; then it raises Busy, and the client loses what it has. The wait
	-- survives a restart of the broker: the call is interrupted and repeated. So
	-- everything that it changes must be safe to repeat.
	Broker.wait_for = Control.rpc(
		Control.resumable(Control.concurrent(function(self, profiles, timeout, reason)
			self:admit()
			local connection = self.current_connection
			local wanted = checks.request(profiles, "wait_for")
			timeout = checks.span(timeout, "timeout")
			reason = reason and checks.reason(reason)
			local client = self:caller()
			local entry = self.queue:find(connection.id) or host.apart(function()
				return self:join_queue(client, connection, wanted, timeout, reason)
			end)
			self:check_sense(entry, client)
			self:wait_in_queue(entry, client, connection)
			return host.apart(function()
				return self:end_wait(entry, client, connection)
			end)
		end)),
		{ "reason" }
	)
end

-- Waiting for equipment.

local Control = require("ave.network.control").Control
local allocation = require("ave.broker.allocation")
local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
local json = require("ave.json")

-- ROUND is the number of seconds after which one who waits looks around: whether
-- its client is still there, and whether another broker has something now.
local ROUND = 1

return function(Broker)
	-- Lets everybody in the queue try again, unless nothing is leased now.
	function Broker:serve_queue()
		if self.handing_over then
			return
		end
		local served = self.queue:serve(function(entry)
			local client = self.ledger.clients[entry.client]
			local reserved = self.queue:reserved(self.inventory, entry.connection)
			local leases = client and self:try(client, entry.wanted, entry.reason, reserved)
			return leases and self:numbers_of(leases)
		end)
		if served then
			self:record()
		end
	end

	function Broker:numbers_of(leases)
		local numbers = json.list()
		for n, lease in ipairs(leases) do
			numbers[n] = lease.id
		end
		return numbers
	end

	-- Puts the calling client into the queue.
	function Broker:join_queue(client, wanted, timeout, reason)
		local _, equipment = self:divide(wanted)
		return self.queue:add {
			connection = self.current_connection.id, client = client.id, wanted = wanted, equipment = equipment,
			since = os.time(), deadline = host.clock() + timeout, reason = reason,
		}
	end

	-- Whether there is any sense in waiting for a request, here or elsewhere.
	function Broker:is_possible(client, wanted, reason)
		if self:plan(wanted, allocation.everything) then
			return true
		end
		local leases, missing, busy = self:find(client, wanted, reason, {})
		if not leases and not busy then
			self:refuse(client, missing, false, {})
		end
		return leases == nil, leases
	end

	-- Waits until an entry of the queue is served, its time is over or its client
	-- has gone.
	function Broker:wait_in_queue(entry, client, connection)
		self:serve_queue()
		while not entry.granted and self.queue:find(connection.id) == entry do
			local left = entry.deadline - host.clock()
			if left <= 0 or host.hung_up(connection) then
				break
			end
			local leases = not self.handing_over and #self:peers() > 0
				and self:forward_request(client, entry.wanted, entry.reason, { self.id })
			if leases and entry.granted then
				self:give_back(client, leases) -- it was served here meanwhile
			elseif leases then
				entry.granted = self:numbers_of(leases)
				self:record()
			elseif not entry.granted then
				self.queue:wait(connection.id, math.min(left, ROUND))
			end
		end
		self.queue:remove(connection.id)
	end

	-- Leases like lease, and waits for it in a queue if it is busy, for so many
	-- seconds at most; then it raises Busy, and the client loses what it has. The
	-- wait survives a restart of the broker.
	Broker.wait_for = Control.rpc(
		Control.resumable(Control.concurrent(function(self, profiles, timeout, reason)
			self:admit()
			local connection = self.current_connection
			local wanted = checks.request(profiles, "wait_for")
			checks.seconds(timeout, "timeout")
			reason = reason and checks.reason(reason)
			local client = self:caller()
			local entry = self.queue:find(connection.id)
			if not entry then
				local sensible, leases = self:is_possible(client, wanted, reason)
				if not sensible then
					return self:rows_of(leases)
				end
				entry = self:join_queue(client, wanted, timeout, reason)
			end
			self:wait_in_queue(entry, client, connection)
			if client.connection ~= connection.id or host.hung_up(connection) then
				error(exceptions.Exception("the client has gone"), 0) -- it may come back, to what it had
			elseif not entry.granted then
				self:refuse(client, wanted[1], true, {})
			end
			local leases = {}
			for n, id in ipairs(entry.granted) do
				leases[n] = self.ledger.leases[id]
			end
			return self:rows_of(leases)
		end)),
		{ "reason" }
	)
end

-- How a broker leases equipment and takes it back.
--
-- Calls of clients are concurrent, because they may wait for the disk, for sessions
-- and for other brokers. Between two waits nothing else runs, so finding equipment,
-- granting it and submitting the change to the disk must happen without a wait in
-- between. Effects outside the broker, such as closing a resource, come after the
-- change is on the disk.
--
-- Work that no call asks for, such as taking back the leases of a client that has
-- disconnected, cannot report a failure to anyone. It stays due until it is
-- written, and is tried again with every tick: leases in self.due, sessions in
-- self.ended, and clients that are leaving.

local allocation = require("ave.broker.allocation")
local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local json = require("ave.json")

local Busy = exceptions.define("Busy")
local NoSuch = exceptions.define("NoSuch")

return function(Broker)
	-- Separates what is made for a request from equipment. Returns picks of the
	-- former and profiles of the latter, both with gaps; or nil and a profile that
	-- cannot be served.
	function Broker:divide(wanted)
		local picks, equipment, places = {}, {}, {}
		for n, profile in ipairs(wanted) do
			if not self.made[profile.type] then
				table.insert(equipment, profile)
				table.insert(places, n)
			else
				local model = profile.type == "workspace" and self.workspace or checks.profile({ type = profile.type })
				if not model:match(profile) then
					return nil, profile
				end
				picks[n] = { profile = model, made = true }
			end
		end
		return picks, equipment, places
	end

	-- Finds what serves a request. Returns what allocation.plan returns.
	function Broker:plan(wanted, status)
		local picks, equipment, places = self:divide(wanted)
		if not picks then
			return nil, equipment
		end
		local found, missing = allocation.plan(self.stock, equipment, status)
		for n, pick in ipairs(found or {}) do
			picks[places[n]] = pick
		end
		return found and picks, missing
	end

	-- Leases what is wanted, if this broker can serve it now. Returns the leases,
	-- or nil and a profile that cannot be served. The caller commits.
	function Broker:try(client, wanted, reason, reserved)
		local picks, missing = self:plan(wanted, self.ledger:status(client, reserved))
		if picks then
			return self.ledger:grant(client, picks, reason)
		end
		return nil, missing
	end

	-- Writes changes to the disk, and then tells the entries of the queue that were
	-- offered something. Raises an error if nothing was changed: see book.lua.
	function Broker:commit()
		local offers = self.queue:take_offers()
		if not self.closed_down then
			self.book:commit()
		end
		for _, entry in ipairs(offers) do
			entry.granted = entry.offered
			self.queue:ring(entry.connection)
		end
	end

	-- Called after a failed commit, when the records are restored. Numbers that
	-- were used are not used again, so the counters must be written with the next
	-- change.
	function Broker:undone()
		self.book:touch("broker", "broker")
		self.queue:rebuild(function(entry)
			local lease = self.ledger.leases[entry.offered[1]]
			return lease and lease.client == entry.client
		end)
	end

	-- Lets waiting entries try again for what has become free, unless leasing is
	-- stopped. The caller commits.
	function Broker:serve_queue()
		if not self.handing_over then
			self.queue:serve(self.ledger.freed, function(i)
				return self.ledger.holder[i] ~= nil
			end, function(entry)
				return self:try_entry(entry)
			end)
		end
	end

	-- Leases what is wanted, here or from another broker. `via` lists the brokers
	-- that were asked; those that are asked now are added. Returns the leases; or
	-- nil, the profile that cannot be served, and, if it is busy, the holders at
	-- other brokers.
	function Broker:find(client, wanted, reason, via)
		table.insert(via, self.id)
		local leases, missing = self:try(client, wanted, reason, self.queue:reserved())
		if leases then
			self:commit()
			return leases
		end
		local possible, lacking = self:plan(wanted, allocation.everything)
		local busy
		leases, busy = self:forward_request(client, wanted, reason, via)
		if leases then
			return leases
		end
		return nil, not possible and lacking or missing, busy or possible and {}
	end

	-- Asks other brokers to lease what is wanted. Returns the leases, or nil and
	-- whether it is busy there.
	function Broker:forward_request(client, wanted, reason, via)
		local connection = client.connection
		local picks, busy = self.forward:lease(client, wanted, reason, via)
		if not picks then
			return nil, busy
		end
		return self:accept(client, connection, picks, reason)
	end

	-- Records what another broker has leased for a client. If the client has come
	-- back over another connection in the meantime, it does not know of the
	-- request, and the leases are given back.
	function Broker:accept(client, connection, picks, reason)
		local leases = client.connection == connection and self.ledger:grant(client, picks, reason)
		local ok, e = pcall(self.commit, self)
		if ok and leases then
			return leases
		end
		for _, pick in ipairs(picks) do
			self.forward:give_back(client, pick)
		end
		if not ok then
			error(e, 0)
		end
		return nil, false
	end

	-- Marks leases as due that peers have lost since they were killed.
	function Broker:renew_forwarded()
		local lost = self.forward:renew()
		for id, lease in pairs(self.ledger.leases) do
			if lease.client and lease.remote and lost[lease.client .. " " .. lease.remote.peer] then
				self.due[id] = true
			end
		end
	end

	-- Raises the error of a request that cannot be served. The client loses what it
	-- has: otherwise two clients that each hold what the other needs would wait
	-- without end. With keep, for a client that is another broker, it keeps its
	-- leases, because its own client may have equipment from elsewhere.
	function Broker:refuse(client, missing, busy, via, keep)
		local details = busy and self:busy(missing, busy) or { message = "no such equipment: " .. tostring(missing) }
		if not keep then
			self:take_back(client)
		end
		details.via = json.list(via)
		error((busy and Busy or NoSuch)(details), 0)
	end

	-- Takes back everything from clients, and forgets those that are leaving. What
	-- their sessions use becomes free when the sessions have ended.
	function Broker:take_back(...)
		local left = {}
		for n, client in ipairs { ... } do
			left[n] = self:take_all(client)
			if client.leaving then
				self.ledger:forget(client)
			end
		end
		self:serve_queue()
		self:commit()
		self:let_go(left)
	end

	-- Takes all leases from a client. Returns the client, and what must be ended
	-- when the change is on the disk. The caller commits.
	function Broker:take_all(client)
		local left = { client = client, session = self:session_of(client), peers = client.peers }
		for _, lease in ipairs(self.ledger:leases_of(client)) do
			self:take(lease)
		end
		self.ledger:leave_session(client)
		return left
	end

	-- Takes a lease from its client. It ends at once if its resource is not open.
	function Broker:take(lease)
		if lease.session and self.keeper.sessions[lease.session] then
			self.ledger:disown(lease)
		else
			self.ledger:remove(lease)
		end
	end

	-- Ends the sessions and forwarded leases of clients that have nothing any more.
	function Broker:let_go(left)
		for _, entry in ipairs(left) do
			if entry.session then
				self.keeper:finish(entry.session)
			end
			if entry.peers then
				self.forward:release(entry.client)
			end
		end
	end

	-- Takes leases back from a client. When that is on the disk, their resources in
	-- the session are closed. The session ends with the last lease, or if closing
	-- fails.
	function Broker:give_back(client, leases)
		local left = {}
		for _, lease in ipairs(leases) do
			self:take(lease)
		end
		if #leases > 0 and not self.ledger:has_leases(client) then
			left[1] = self:take_all(client)
		end
		self:serve_queue()
		self:commit()
		for _, lease in ipairs(leases) do
			if lease.remote and not left[1] then
				self.forward:give_back(client, lease)
			elseif lease.session then
				self:close_lease(lease)
			end
		end
		self:let_go(left)
		if next(self.due) then
			self:settle()
		end
	end

	-- Closes the resource of a lease that was given back. If the session does not
	-- close it, the session is ended, and the lease with it.
	function Broker:close_lease(lease)
		local session = self.keeper.sessions[lease.session]
		if session and not session.ending and not pcall(self.keeper.close, self.keeper, session, lease) then
			self:try_to(self.break_off, session)
		end
		if not session or not session.ending then
			self.due[lease.id] = true
		end
	end

	-- Does what is due. What cannot be written now stays due.
	function Broker:settle()
		for id in pairs(self.due) do
			local lease = self.ledger.leases[id]
			if lease then
				self.ledger:remove(lease)
			end
		end
		local left = {}
		for _, session in pairs(self.ended) do
			left[#left + 1] = self:free_session(session)
		end
		self:serve_queue()
		local due, ended = self.due, self.ended
		self.due, self.ended = {}, {}
		if not self:try_to(self.commit) then
			for id in pairs(due) do
				self.due[id] = true
			end
			for id, session in pairs(ended) do
				self.ended[id] = session
			end
			return
		end
		self:let_go(left)
	end

	-- Calls a method whose failure no call reports: it is written to stderr, unless
	-- it is the same as the last time. Returns whether it succeeded.
	function Broker:try_to(method, ...)
		local ok, e = pcall(method, self, ...)
		local complaint = not ok and tostring(e)
		if complaint and complaint ~= self.complaint then
			io.stderr:write("ave.broker: ", complaint, "\n")
		end
		self.complaint = complaint
		return ok
	end
end

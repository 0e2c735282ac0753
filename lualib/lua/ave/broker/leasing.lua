-- How a broker leases, and takes back.
--
-- Calls of clients are concurrent, because they may wait for sessions and other
-- brokers. Between two waits nothing else happens: so a lease is looked for,
-- granted and written to the journal without one in between.

local allocation = require("ave.broker.allocation")
local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local json = require("ave.json")

local Busy = exceptions.define("Busy")
local NoSuch = exceptions.define("NoSuch")

return function(Broker)
	-- Tells what has to be made for a request from what is equipment. Returns
	-- picks of the former and the profiles of the latter, both with gaps, and a
	-- profile that is not to be had.
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

	-- Finds what serves a request, as allocation.plan does.
	function Broker:plan(wanted, status)
		local picks, equipment, places = self:divide(wanted)
		if not picks then
			return nil, equipment
		end
		local found, missing = allocation.plan(self.inventory, equipment, status)
		for n, pick in ipairs(found or {}) do
			picks[places[n]] = pick
		end
		return found and picks, missing
	end

	-- Leases what is wanted, if it can be had here and now. Returns the leases, or
	-- nil and a profile that there was nothing for.
	function Broker:try(client, wanted, reason, reserved)
		local picks, missing = self:plan(wanted, self.ledger:status(client, reserved))
		if picks then
			return self.ledger:grant(client, picks, reason)
		end
		return nil, missing
	end

	-- Leases what is wanted here or elsewhere. `via` lists the brokers that were
	-- asked before, and grows by those that are asked now. Returns the leases, or
	-- nil, the missing profile and whether it is busy.
	function Broker:find(client, wanted, reason, via)
		table.insert(via, self.id)
		local leases, missing = self:try(client, wanted, reason, self.queue:reserved(self.inventory))
		local exists = leases or self:plan(wanted, allocation.everything)
		local busy = exists ~= nil
		if not leases then
			local elsewhere
			leases, elsewhere = self:forward_request(client, wanted, reason, via)
			busy = busy or elsewhere
		end
		if leases then
			self:record()
			return leases
		end
		if not exists then
			missing = select(2, self:plan(wanted, allocation.everything)) or missing
		end
		return nil, missing, busy
	end

	-- Has other brokers lease what is wanted. Returns the leases, or nil and whether
	-- it is busy there.
	function Broker:forward_request(client, wanted, reason, via)
		local connection = client.connection
		local picks, busy = self.forward:lease(client, wanted, reason, via)
		if not picks then
			return nil, busy
		end
		local leases = self.ledger:grant(client, picks, reason)
		if client.connection ~= connection then
			self:give_back(client, leases) -- it has come back meanwhile, and knows nothing of them
			return nil, false
		end
		return leases
	end

	-- Goes on without what peers that were killed have given to others since.
	function Broker:renew_forwarded()
		local lost = self.forward:renew()
		for id, lease in pairs(self.ledger.leases) do
			if lease.client and lease.remote and lost[lease.client .. " " .. lease.remote.peer] then
				self.ledger.leases[id] = nil
			end
		end
		if next(lost) then
			self:record()
		end
	end

	-- Raises the error of a request that cannot be served. The client loses what
	-- it has: two clients that each hold what the other waits for would wait for
	-- ever. What another broker has for its client is not taken (keep): that one
	-- may have it from elsewhere.
	function Broker:refuse(client, missing, busy, via, keep)
		if not keep then
			self:release(client)
		end
		local class = busy and Busy or NoSuch
		local message = (busy and "equipment is busy: " or "no such equipment: ") .. tostring(missing)
		error(class { message = message, via = json.list(via) }, 0)
	end

	-- Takes back whatever a client has. Equipment that its session uses is free
	-- when the session has ended.
	function Broker:release(client)
		local session = self:session_of(client)
		local any = false
		for _, lease in ipairs(self.ledger:leases_of(client)) do
			any = true
			lease.client = nil
			if not lease.session then
				self.ledger.leases[lease.id] = nil
			end
		end
		client.session = nil
		if session then
			self.keeper:finish(session)
		end
		if any then
			self:changed()
		end
		if client.peers then
			self.forward:release(client)
		end
	end

	-- Takes leases back from a client. What its session has is closed first; if
	-- that fails, the session ends. It also ends with the last lease.
	function Broker:give_back(client, leases)
		for _, lease in ipairs(leases) do
			lease.client = nil -- it cannot be given back twice
		end
		for _, lease in ipairs(leases) do
			local session = lease.session and self.keeper.sessions[lease.session]
			if lease.remote then
				self.forward:give_back(client, lease)
			elseif session and not pcall(self.keeper.close, self.keeper, session, lease) then
				self:break_off(session)
			end
			if not session or not session.ending then
				self.ledger.leases[lease.id] = nil
			end
		end
		if #leases > 0 and #self.ledger:leases_of(client) == 0 then
			self:release(client)
		end
		self:changed()
	end
end

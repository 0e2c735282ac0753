-- Leases of a fleet. Its scheduler gives equipment to jobs, on any host, and counts
-- its claims: each has a token, and a later claim has a higher one. The broker makes
-- sure that a job that was cut off, and does not know that its equipment was given to
-- another one, can neither lease it nor use it any more:
--
-- * For each piece, the highest token that it was leased with is on the disk. A
--   request with the same token or a lower one raises Stale.
-- * A request with a higher token ends the lease of a lower one: the client loses
--   everything. Its session is told, refuses calls from then on, and ends; only
--   then the piece is leased again.
-- * Leases of clients that do not belong to a fleet have no token, and are not ended.
-- * Nothing is forwarded: what other brokers have belongs to other hosts of the
--   fleet.

local Control = require("ave.network.control").Control
local allocation = require("ave.broker.allocation")
local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
local time = require("ave.time")
local token = require("ave.broker.token")

local Stale = exceptions.define("Stale")

-- How long a request waits for the end of sessions that serve what it gets, in
-- seconds, and how often it looks.
local PATIENCE, STEP = 20, 0.02

-- Tells whether a lease ends when a claim wants its piece, or ends already.
local function ends(lease, given)
	return not lease.client or lease.token and token.lower(lease.token, given)
end

return function(Broker)
	-- Tells whether a piece was leased with this token already, or with a higher one.
	function Broker:is_stale(i, given)
		local known = self.ledger:token_of(self.stock.equipment[i])
		return known ~= nil and not token.lower(known, given)
	end

	-- Returns the function status(i) for allocation.plan: what a claim can have after
	-- leases have ended that it ends, or that end already. A stack is kept for its
	-- client only if keeps(lease) is true for one of the client's leases.
	function Broker:status_of_claim(client, given, keeps)
		local reserved = self.queue:reserved()
		local now = self.ledger:status(client, reserved)
		return function(i)
			local lease = self.ledger.holder[i]
			if self:is_stale(i, given) then
				return "taken"
			elseif lease and not ends(lease, given) or reserved(i) then
				return now(i)
			end
			for _, other in ipairs(self:keepers_of(i, client)) do
				if keeps(other) then
					return "taken"
				end
			end
			return not lease and now(i) == "mine" and "mine" or "free"
		end
	end

	-- Lists the leases of other clients that make a piece their collateral.
	function Broker:keepers_of(i, client)
		local list = {}
		for _, s in ipairs(self.stock.of[i] or {}) do
			for _, mate in ipairs(self.stock.stacks[s]) do
				local lease = mate ~= i and self.ledger.holder[mate]
				if lease and lease.stack == s and lease.client and lease.client ~= client.id then
					table.insert(list, lease)
				end
			end
		end
		return list
	end

	-- Finds what serves a claim. A lease ends because the claim wants its piece, and
	-- then its whole client goes. Nothing ends only because the claim wants something
	-- of the client's stack.
	function Broker:plan_claim(client, wanted, given)
		local picks = self:plan(wanted, self:status_of_claim(client, given, function(lease)
			return not ends(lease, given)
		end))
		local goes, stays = {}, false
		for _, pick in ipairs(picks or {}) do
			local lease = pick.index and self.ledger.holder[pick.index]
			goes[lease and lease.client or false] = true
		end
		for _, pick in ipairs(picks or {}) do
			for _, lease in ipairs(pick.index and self:keepers_of(pick.index, client) or {}) do
				stays = stays or not goes[lease.client]
			end
		end
		if picks and not stays then
			return picks
		end
		return self:plan(wanted, self:status_of_claim(client, given, function()
			return true
		end))
	end

	-- Returns a piece that a request cannot have because of its token; nil if that is
	-- not the reason.
	function Broker:stale_piece(wanted, given)
		local picks, missing = self:plan(wanted, function(i)
			return self:is_stale(i, given) and "taken" or "free"
		end)
		if picks or not self:plan(wanted, allocation.everything) then
			return nil
		end
		for _, profile in ipairs { missing, unpack(wanted) } do
			for _, i in ipairs(self.stock.index:find(profile)) do
				if self:is_stale(i, given) then
					return self.stock.equipment[i]
				end
			end
		end
	end

	-- Raises Stale if a request cannot be served because of its token.
	function Broker:check_token(client, wanted, given)
		local profile = self:stale_piece(wanted, given)
		if profile then
			local known = self.ledger:token_of(profile)
			self:take_back(client)
			error(Stale {
				message = ("the token is stale: %s: known is %s, given was %s"):format(tostring(profile), known, given),
				profile = profile, known = known, given = given,
			}, 0)
		end
	end

	-- Takes everything from the clients whose leases a higher token ends. Their sessions
	-- are told when that is on the disk, because they may need a while to end.
	function Broker:fence(picks, given)
		local left, seen = {}, {}
		for _, pick in ipairs(picks) do
			local lease = pick.index and self.ledger.holder[pick.index]
			local client = lease and lease.client and self.ledger.clients[lease.client]
			if client and not seen[client] then
				seen[client] = true
				self:log(("%s loses its leases: token %s ends token %s"):format(client.id, given, lease.token))
				table.insert(left, self:take_all(client))
			end
		end
		if #left == 0 then
			return
		end
		self:serve_queue()
		self:commit()
		for _, entry in ipairs(left) do
			if entry.session then
				self.keeper:fence(entry.session, given)
			end
		end
		self:let_go(left)
	end

	-- Leases for a host of a fleet, with the token of its claim, and returns rows; or
	-- raises Stale, Busy or NoSuch. If others have to go, it waits until their sessions
	-- have ended. A takeover interrupts that, because only a broker that is not being
	-- handed over can end sessions; the call is repeated then.
	Broker.claim = Control.rpc(
		Control.resumable(Control.concurrent(function(self, profiles, given, reason)
			local wanted = checks.request(profiles, "claim")
			given, reason = token.check(given, "token"), reason and checks.reason(reason)
			self:admit()
			local client, connection = self:caller(), self.current_connection
			local deadline = host.clock() + PATIENCE
			while true do
				local leases = host.apart(function()
					return self:try_claim(client, wanted, reason, given, host.clock() > deadline)
				end)
				if leases then
					return self:rows_of(leases)
				end
				time.sleep(STEP)
				self:admit()
				if client.leaving or client.connection ~= connection.id then
					error(exceptions.Exception("the client has disconnected"), 0)
				end
			end
		end)),
		{ "reason" }
	)

	-- Returns what the client has leased with this token, if that is what is wanted: the
	-- call may have been interrupted when it was done.
	function Broker:claimed(client, wanted, given)
		local leases = self.ledger:leases_of(client)
		for n, profile in ipairs(wanted) do
			local lease = leases[n]
			if not lease or lease.token ~= given or not lease.profile:match(profile) then
				return nil
			end
		end
		return #leases == #wanted and leases or nil
	end

	-- Leases for a client with a token. If others have to go first, it tells them, and
	-- returns nil; if this is the last try, it raises Busy.
	function Broker:try_claim(client, wanted, reason, given, last)
		local known = self:claimed(client, wanted, given)
		if known then
			return known
		end
		self:check_token(client, wanted, given)
		local picks, missing = self:plan_claim(client, wanted, given)
		if not picks or last then
			local possible, lacking = self:plan(wanted, allocation.everything)
			self:refuse(client, not possible and lacking or missing or wanted[1], possible and {}, {})
		elseif not self:are_free(picks) then
			return self:fence(picks, given)
		end
		local leases = self.ledger:grant(client, picks, reason, given)
		self:commit()
		return leases
	end

	-- Tells whether nobody has what was picked, nor is it still being closed, with the
	-- rest of its stack.
	function Broker:are_free(picks)
		for _, pick in ipairs(picks) do
			if pick.index and self.ledger.holder[pick.index] then
				return false
			end
			for _, mate in ipairs(pick.stack and self.stock.stacks[pick.stack] or {}) do
				local lease = self.ledger.holder[mate]
				if lease and lease.stack == pick.stack and not lease.client then
					return false
				end
			end
		end
		return true
	end
end

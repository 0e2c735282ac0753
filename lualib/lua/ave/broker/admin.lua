-- The calls for administrators and for brokers that share. Lists of equipment
-- contain profiles.

local Control = require("ave.network.control").Control
local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
local json = require("ave.json")

local NoSuch = exceptions.define("NoSuch")

local function admin(method, optional)
	return Control.rpc(Control.preauth("admin")(Control.concurrent(method)), optional)
end

return function(Broker)
	-- Lists the equipment that matches a profile, or all without one, and for which
	-- choose(i) is true.
	function Broker:select_equipment(profile, choose)
		local list = json.list()
		for _, i in ipairs(self.stock.index:find(profile or {})) do
			if choose(i) then
				list[#list + 1] = self.stock.equipment[i]
			end
		end
		return list
	end

	-- Lists all equipment of the broker, leased or not.
	Broker.list_equipment = admin(function(self, profile)
		return self:select_equipment(profile, function()
			return true
		end)
	end, { "profile" })

	-- Lists the equipment that can be leased now.
	Broker.list_available = admin(function(self, profile)
		return self:available(profile)
	end, { "profile" })

	function Broker:available(profile)
		local status = self.ledger:status({}, self.queue:reserved())
		return self:select_equipment(profile, function(i)
			return status(i) == "free"
		end)
	end

	-- Lists the stacks, each as a list of profiles.
	Broker.list_stacks = admin(function(self)
		local stacks = json.list()
		for s, members in ipairs(self.stock.stacks) do
			stacks[s] = json.list()
			for m, i in ipairs(members) do
				stacks[s][m] = self.stock.equipment[i]
			end
		end
		return stacks
	end)

	-- The rows of list_allocations_all. A lease without a client is still being
	-- closed.
	function Broker:allocations()
		local list = json.list()
		for n, lease in ipairs(self.ledger:all()) do
			local client = self.ledger.clients[lease.owner] or {}
			list[n] = {
				lease = lease.id, profile = lease.profile, since = lease.since, reason = lease.reason,
				client = client.address, client_id = lease.client, accounts = client.accounts,
				remote = lease.remote and lease.remote.peer, token = lease.token,
			}
		end
		return list
	end

	-- Lists the collateral of one client as profiles, or of all clients with their
	-- owners.
	function Broker:collateral(client)
		local list = json.list()
		for n, entry in ipairs(self.ledger:collateral(client)) do
			local profile = self.stock.equipment[entry.index]
			local owner = self.ledger.clients[entry.lease.owner] or {}
			list[n] = client and profile or { profile = profile, client = owner.address, client_id = entry.lease.client }
		end
		return list
	end

	-- Lists the waiting requests, first come first: `left` is the time until the
	-- timeout, in seconds.
	Broker.list_waiting = admin(function(self)
		local list, now = json.list(), host.clock()
		for n, entry in ipairs(self.queue.entries) do
			local client = self.ledger.clients[entry.client] or {}
			list[n] = {
				profiles = json.list(entry.wanted), client = client.address, client_id = entry.client,
				since = entry.since, reason = entry.reason, left = math.max(0, entry.deadline - now),
			}
		end
		return list
	end)

	-- Returns the state of the broker in numbers.
	Broker.status = admin(function(self)
		return {
			pid = self.pid, id = self.id, uptime = os.time() - self.began,
			listens = self.listens, open = self.open, keyed = (self.authkey or "") ~= "",
			equipment = #self.stock.equipment, available = #self:available(),
			leases = self.ledger:count(), sessions = #self.keeper:dump(), waiting = #self.queue.entries,
			shares = #self.sharing:list(), sharing = self.sharing.active, handing_over = self.handing_over or false,
		}
	end)

	-- Takes all leases from a client, which stays connected.
	Broker.close_session = admin(function(self, client_id)
		local client = self.ledger.clients[checks.text(client_id, "client_id")]
		if not client then
			error(NoSuch("no such client: " .. client_id), 0)
		end
		self:take_back(client)
	end)

	-- Stops leasing: requests raise Restarting.
	Broker.begin_handover = admin(function(self)
		self.handing_over = true
	end)

	-- Leases again after begin_handover.
	Broker.end_handover = admin(function(self)
		self.handing_over = false
		self.queue:free_all()
		self:serve_queue()
		self:commit()
	end)

	-- Ends the broker with all its sessions. Clients get an Exit.
	Broker.stop = admin(function(self)
		self:close_down()
		self:shutdown("the broker was stopped")
	end)

	-- Offers this broker's equipment to the broker share_with.
	Broker.start_sharing = admin(function(self)
		self.sharing:start()
		self.book:touch("broker", "broker")
		self:commit()
	end)

	Broker.stop_sharing = admin(function(self)
		self.sharing:stop()
		self.book:touch("broker", "broker")
		self:commit()
	end)

	-- Lists the brokers that share their equipment with this one.
	Broker.list_shares = admin(function(self)
		local list = json.list()
		for n, offer in ipairs(self.sharing:list()) do
			list[n] = { host = offer.host, port = offer.port }
		end
		return list
	end)

	-- Stops forwarding requests to a broker. Leases that exist are not affected.
	Broker.drop_share = admin(function(self, host_name, port)
		local dropped = self.sharing:drop(function(offer)
			return offer.host == host_name and offer.port == port
		end)
		if dropped == 0 then
			error(NoSuch(("no such share: %s:%s"):format(tostring(host_name), tostring(port))), 0)
		end
	end)

	Broker.drop_all_shares = admin(function(self)
		return self.sharing:drop(function()
			return true
		end)
	end)

	local function sharer(method, optional)
		return Control.rpc(Control.preauth("share")(Control.concurrent(method)), optional)
	end

	-- Accepts the offer of another broker, which listens on a port of the caller's
	-- host. The offer ends with the connection.
	Broker.share = sharer(function(self, port, authkey, anew)
		self.sharing:take(self.current_connection, port, authkey, anew)
	end, { "authkey", "anew" })

	-- Tells whether the offer of the calling broker is still accepted.
	Broker.is_shared = sharer(function(self)
		return self.sharing.offers[self.current_connection.id] ~= nil
	end)
end

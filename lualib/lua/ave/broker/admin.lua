-- The calls of administrators, and of brokers that share. What lists equipment
-- goes by profiles.

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
	-- Lists the equipment that matches a profile, or all without one, and for
	-- which choose says yes.
	function Broker:select_equipment(profile, choose)
		local list = json.list()
		for i, piece in ipairs(self.inventory.equipment) do
			if choose(i) and piece:match(profile or {}) then
				list[#list + 1] = piece
			end
		end
		return list
	end

	-- The equipment that the broker has, whether it is leased or not.
	Broker.list_equipment = admin(function(self, profile)
		return self:select_equipment(profile, function()
			return true
		end)
	end, { "profile" })

	-- The equipment that somebody could lease now.
	Broker.list_available = admin(function(self, profile)
		return self:available(profile)
	end, { "profile" })

	function Broker:available(profile)
		local status = self.ledger:status({}, self.queue:reserved(self.inventory))
		return self:select_equipment(profile, function(i)
			return status(i) == "free"
		end)
	end

	-- The stacks: lists of profiles.
	Broker.list_stacks = admin(function(self)
		local stacks = json.list()
		for s, members in ipairs(self.inventory.stacks) do
			stacks[s] = json.list()
			for m, i in ipairs(members) do
				stacks[s][m] = self.inventory.equipment[i]
			end
		end
		return stacks
	end)

	-- What is leased, for list_allocations_all. An entry without a client is still
	-- being closed.
	function Broker:allocations()
		local list = json.list()
		for n, lease in ipairs(self.ledger:select(function()
			return true
		end)) do
			local client = self.ledger.clients[lease.owner] or {}
			list[n] = {
				lease = lease.id, profile = lease.profile, since = lease.since, reason = lease.reason,
				client = client.address, client_id = lease.client, accounts = client.accounts,
				remote = lease.remote and lease.remote.peer,
			}
		end
		return list
	end

	-- Collateral as profiles: of one client, or of all, with whose it is.
	function Broker:collateral(client)
		local list = json.list()
		for n, entry in ipairs(self.ledger:collateral(client)) do
			local profile = self.inventory.equipment[entry.index]
			local owner = self.ledger.clients[entry.lease.owner] or {}
			list[n] = client and profile or { profile = profile, client = owner.address, client_id = entry.lease.client }
		end
		return list
	end

	-- Who waits, the first one first: for what, since when, and how many seconds
	-- more.
	Broker.list_waiting = admin(function(self)
		local list = json.list()
		for n, entry in ipairs(self.queue.entries) do
			local client = self.ledger.clients[entry.client] or {}
			list[n] = {
				profiles = json.list(entry.wanted), client = client.address, client_id = entry.client,
				since = entry.since, reason = entry.reason, left = math.max(0, entry.deadline - host.clock()),
			}
		end
		return list
	end)

	-- The broker in numbers.
	Broker.status = admin(function(self)
		return {
			pid = self.pid, id = self.id, uptime = os.time() - self.began,
			equipment = #self.inventory.equipment, available = #self:available(),
			leases = #self:allocations(), sessions = #self.keeper:dump(), waiting = #self.queue.entries,
			shares = #self.sharing:list(), sharing = self.sharing.active, handing_over = self.handing_over or false,
		}
	end)

	-- Takes everything away from a client, by its client_id. Its connection stays.
	Broker.close_session = admin(function(self, client_id)
		local client = self.ledger.clients[checks.text(client_id, "client_id")]
		if not client then
			error(NoSuch("no such client: " .. client_id), 0)
		end
		self:release(client)
	end)

	-- From now on nothing is leased: those who ask get Restarting.
	Broker.begin_handover = admin(function(self)
		self.handing_over = true
	end)

	-- Goes on leasing.
	Broker.end_handover = admin(function(self)
		self.handing_over = false
		self:serve_queue()
	end)

	-- Ends the broker, with all its sessions. Its clients see an Exit.
	Broker.stop = admin(function(self)
		self:close_down()
		self:shutdown("the broker was stopped")
	end)

	-- Offers this broker's equipment to the one that is configured for it.
	Broker.start_sharing = admin(function(self)
		self.sharing:start()
		self:record()
	end)

	Broker.stop_sharing = admin(function(self)
		self.sharing:stop()
		self:record()
	end)

	-- The brokers that share their equipment with this one.
	Broker.list_shares = admin(function(self)
		local list = json.list()
		for n, offer in ipairs(self.sharing:list()) do
			list[n] = { host = offer.host, port = offer.port }
		end
		return list
	end)

	-- Forwards no more requests to a broker. What was leased there stays so.
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

	-- Takes the offer of another broker, which listens on a port of the caller's
	-- host. It holds as long as the connection.
	Broker.share = sharer(function(self, port, authkey, anew)
		self.sharing:take(self.current_connection, port, authkey, anew)
	end, { "authkey", "anew" })

	-- Whether the offer of the calling broker holds.
	Broker.is_shared = sharer(function(self)
		return self.sharing.offers[self.current_connection.id] ~= nil
	end)
end

-- The ledger has the clients of a broker, and who has leased what, since when
-- and for what. It is data and knows nothing of the network; ids are never used
-- again, also after a restart.
--
-- A client: id, connection (the id of its connection; nil while it is away),
-- address, accounts, token (by which it is known again), linger (how long it may
-- be away), missing_until, session (an id).
-- A lease: id, client (nil once the client has no right to it any more and the
-- resource is still being closed), owner (whose it was), profile, index of the
-- equipment, stack, since, reason, session (where its resource is served),
-- remote ({peer =, lease =} if another broker has leased it to this one).

local json = require("ave.json")
local Profile = require("ave.profile").Profile

local Ledger = {}
Ledger.__index = Ledger

local function new(inventory)
	return setmetatable({ inventory = inventory, clients = {}, leases = {}, last = 0 }, Ledger)
end

function Ledger:number()
	self.last = self.last + 1
	return self.last
end

function Ledger:add_client(connection)
	local client = {
		id = "client-" .. self:number(),
		connection = connection.id,
		address = connection.address,
		accounts = connection.accounts,
		linger = 0,
	}
	self.clients[client.id] = client
	return client
end

function Ledger:client_of(connection)
	for _, client in pairs(self.clients) do
		if client.connection == connection.id then
			return client
		end
	end
end

-- The leases for which choose says yes, the oldest first.
function Ledger:select(choose)
	local list = {}
	for _, lease in pairs(self.leases) do
		if choose(lease) then
			table.insert(list, lease)
		end
	end
	table.sort(list, function(a, b)
		return a.id < b.id
	end)
	return list
end

function Ledger:leases_of(client)
	return self:select(function(lease)
		return lease.client == client.id
	end)
end

-- What the equipment is to a client, as allocation.plan asks for it. What is
-- reserved, a set of indices, counts as taken.
function Ledger:status(client, reserved)
	local holder, stack_holder = {}, {}
	for _, lease in pairs(self.leases) do
		local who = lease.client or "nobody"
		if lease.index then
			holder[lease.index] = who
		end
		if lease.stack then
			stack_holder[lease.stack] = who
		end
	end
	return function(i)
		if holder[i] then
			return holder[i] == client.id and "leased" or "taken"
		elseif reserved and reserved[i] then
			return "taken"
		end
		local is = "free"
		for _, s in ipairs(self.inventory.of[i] or {}) do
			if stack_holder[s] and stack_holder[s] ~= client.id then
				return "taken"
			end
			is = stack_holder[s] and "mine" or is
		end
		return is
	end
end

-- Leases what was picked, which is one pick for each wanted profile: a piece of
-- equipment, or a profile of something that is made for the lease.
function Ledger:grant(client, picks, reason)
	local leases = {}
	for n, pick in ipairs(picks) do
		local id = self:number()
		local profile = pick.profile or self.inventory.equipment[pick.index]
		if pick.made then
			profile = profile:with { uid = profile.type .. "-" .. id }
		end
		leases[n] = {
			id = id, client = client.id, owner = client.id, profile = profile,
			index = pick.index, stack = pick.stack, remote = pick.remote,
			since = os.time(), reason = reason,
		}
		self.leases[id] = leases[n]
	end
	return leases
end

-- What belongs to the stacks of leases and is not leased: a list of {index,
-- lease}. With a client, only what is its own.
function Ledger:collateral(client)
	local list, leased, seen = {}, {}, {}
	for _, lease in pairs(self.leases) do
		leased[lease.index or 0] = true
	end
	for _, lease in ipairs(self:select(function(l)
		return l.stack and (not client or l.client == client.id)
	end)) do
		for _, i in ipairs(self.inventory.stacks[lease.stack]) do
			if not leased[i] and not seen[i] then
				seen[i] = true
				table.insert(list, { index = i, lease = lease })
			end
		end
	end
	return list
end

-- The ledger as JSON takes it.
function Ledger:dump()
	local clients = json.list()
	for _, client in pairs(self.clients) do
		table.insert(clients, client)
	end
	local leases = json.list(self:select(function()
		return true
	end))
	return { clients = clients, leases = leases, last = self.last }
end

-- Fills the ledger with what dump has given. The configuration may have changed
-- since: equipment that is not there any more stays leased until it is given
-- back, and is in no stack.
function Ledger:restore(state)
	self.last = state.last
	for _, client in ipairs(state.clients) do
		self.clients[client.id] = client
	end
	local taken = {}
	for _, lease in ipairs(state.leases) do
		lease.profile = Profile(lease.profile)
		local was = lease.index
		lease.index = nil
		for i, profile in ipairs(self.inventory.equipment) do
			if was and not lease.index and not taken[i] and profile == lease.profile then
				lease.index, taken[i] = i, true
			end
		end
		local stacks = lease.index and self.inventory.of[lease.index] or {}
		lease.stack = lease.stack and (self:same_stack(stacks, lease.stack) or stacks[1])
		self.leases[lease.id] = lease
	end
end

function Ledger:same_stack(stacks, wanted)
	for _, s in ipairs(stacks) do
		if s == wanted then
			return s
		end
	end
end

return { new = new }

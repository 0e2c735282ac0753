-- The ledger has the clients of a broker and their leases. It is plain data and
-- knows nothing of the network. Ids are never used twice, not even after a restart.
--
-- A client: id, connection (the id of its connection; nil while it is away),
-- address, accounts, token (with which it can come back), linger (how long it may
-- be away), contact (how long it may be silent, see contact.lua), missing_until, leaving (it is to be forgotten), session (an id), peers
-- (see forward.lua).
-- A lease: id, fence (a number greater than that of any earlier lease), client (nil
-- when the client has lost it and the resource is still being closed), owner (whose
-- it was), profile, index of the equipment, stack, since, reason, session (where
-- its resource is served), remote ({peer =, lease =} if another broker has leased
-- it to this one), token (of a fleet's claim, see claims.lua).
--
-- Every change of a record that must survive the broker calls touch(kind, id).

local allocation = require("ave.broker.allocation")
local json = require("ave.json")
local Profile = require("ave.profile").Profile

local Ledger = {}
Ledger.__index = Ledger

local function new(inventory, touch)
	return setmetatable({
		inventory = inventory, touch = touch, clients = {}, leases = {}, last = 0, fence = 0,
		by_connection = {}, by_token = {},
		of = {}, -- for each client, its leases by id
		tokens = {}, -- for each piece that a fleet has leased, {id, token}: its profile as text, and the highest token
		holder = {}, -- for each piece, its lease
		stack_holders = {}, -- for each stack, the number of leases of each client
		freed = {}, -- the set of pieces that may have become free since it was emptied
	}, Ledger)
end

function Ledger:number()
	self.last = self.last + 1
	self.touch("broker", "broker")
	return self.last
end

-- Returns a number greater than any before. It starts with the time, so that this
-- is true even for a broker that has lost its state.
local function next_fence(self)
	self.fence = math.max(self.fence + 1, os.time() * 1000)
	return self.fence
end

function Ledger:add_client(connection)
	local client = {
		id = "client-" .. self:number(),
		address = connection.address,
		accounts = connection.accounts,
		linger = 0,
	}
	self.clients[client.id] = client
	self:attach(client, connection.id)
	return client
end

function Ledger:forget(client)
	self:attach(client, nil)
	self.clients[client.id] = nil
	if client.token then
		self.by_token[client.token] = nil
	end
	self.touch("clients", client.id)
end

-- Sets the connection of a client; nil if it is away.
function Ledger:attach(client, connection)
	if client.connection then
		self.by_connection[client.connection] = nil
	end
	client.connection = connection
	if connection then
		self.by_connection[connection] = client
	end
end

function Ledger:enroll(client, token, linger, contact)
	client.token, client.linger, client.contact = token, linger, contact
	self.by_token[token] = client
	self.touch("clients", client.id)
end

-- Sets the session that holds a client's resources.
function Ledger:enter_session(client, session)
	client.session = session
	self.touch("clients", client.id)
end

-- Notes that a client has neither a session nor peers any more.
function Ledger:leave_session(client)
	if client.session or client.peers then
		client.session, client.peers = nil, nil
		self.touch("clients", client.id)
	end
end

function Ledger:client_of(connection)
	return self.by_connection[connection.id]
end

local function by_id(a, b)
	return a.id < b.id
end

-- Returns the leases of a set, oldest first.
local function sorted(leases)
	local list = {}
	for _, lease in pairs(leases) do
		table.insert(list, lease)
	end
	table.sort(list, by_id)
	return list
end

function Ledger:all()
	return sorted(self.leases)
end

function Ledger:count()
	local n = 0
	for _ in pairs(self.leases) do
		n = n + 1
	end
	return n
end

function Ledger:leases_of(client)
	return sorted(self.of[client.id] or {})
end

function Ledger:has_leases(client)
	return next(self.of[client.id] or {}) ~= nil
end

local NOBODY = "nobody"

local function count_stack(self, lease, n)
	if lease.stack then
		local holders = self.stack_holders[lease.stack] or {}
		local who = lease.client or NOBODY
		local left = (holders[who] or 0) + n
		holders[who] = left > 0 and left or nil
		self.stack_holders[lease.stack] = holders
	end
end

-- Adds a lease.
function Ledger:put(lease)
	self.leases[lease.id] = lease
	if lease.client then
		self.of[lease.client] = self.of[lease.client] or {}
		self.of[lease.client][lease.id] = lease
	end
	if lease.index then
		self.holder[lease.index] = lease
	end
	count_stack(self, lease, 1)
	self.touch("leases", lease.id)
end

-- Takes a lease from its client, while its resource is still open.
function Ledger:disown(lease)
	if lease.client then
		count_stack(self, lease, -1)
		self.of[lease.client][lease.id] = nil
		if next(self.of[lease.client]) == nil then
			self.of[lease.client] = nil
		end
		lease.client = nil
		count_stack(self, lease, 1)
		self.touch("leases", lease.id)
	end
end

-- Ends a lease.
function Ledger:remove(lease)
	self:disown(lease)
	count_stack(self, lease, -1)
	self.leases[lease.id] = nil
	if lease.index then
		self.holder[lease.index] = nil
		self:release(lease.index)
	end
	for _, i in ipairs(lease.stack and self.inventory.stacks[lease.stack] or {}) do
		self:release(i)
	end
	self.touch("leases", lease.id)
end

-- Notes that a piece may be free now.
function Ledger:release(index)
	for _, i in ipairs(allocation.around(self.inventory, index)) do
		self.freed[i] = true
	end
end

-- Sets the session in which a lease is open, or nil.
function Ledger:open(lease, session)
	lease.session = session
	self.touch("leases", lease.id)
end

-- Returns the function status(i) for allocation.plan. Pieces for which reserved(i)
-- is true count as taken.
function Ledger:status(client, reserved)
	return function(i)
		local lease = self.holder[i]
		if lease then
			return lease.client and lease.client == client.id and "leased" or "taken"
		elseif reserved and reserved(i) then
			return "taken"
		end
		local is = "free"
		for _, s in ipairs(self.inventory.of[i] or {}) do
			for who in pairs(self.stack_holders[s] or {}) do
				if who ~= client.id then
					return "taken"
				end
				is = "mine"
			end
		end
		return is
	end
end

-- Returns the highest token that a piece was leased with; nil if there is none.
function Ledger:token_of(profile)
	local known = self.tokens[tostring(profile)]
	return known and known.token
end

function Ledger:set_token(profile, token)
	local id = tostring(profile)
	self.tokens[id] = { id = id, token = token }
	self.touch("tokens", id)
end

-- Leases what was picked: for each wanted profile a piece of equipment, or the
-- profile of something that is made for the lease. The token is that of a fleet's
-- claim, which is higher than those that are known.
function Ledger:grant(client, picks, reason, token)
	local leases = {}
	for n, pick in ipairs(picks) do
		local id = self:number()
		local profile = pick.profile or self.inventory.equipment[pick.index]
		if pick.made then
			profile = profile:with { uid = profile.type .. "-" .. id }
		end
		leases[n] = {
			id = id, fence = next_fence(self), client = client.id, owner = client.id, profile = profile,
			index = pick.index, stack = pick.stack, remote = pick.remote,
			since = os.time(), reason = reason, token = token,
		}
		self:put(leases[n])
		if token and pick.index then
			self:set_token(profile, token)
		end
	end
	self.touch("clients", client.id)
	return leases
end

-- Lists what belongs to the stacks of leases and is not leased, as {index, lease};
-- with a client, only its own collateral.
function Ledger:collateral(client)
	local list, seen = {}, {}
	for _, lease in ipairs(client and self:leases_of(client) or self:all()) do
		for _, i in ipairs(lease.stack and self.inventory.stacks[lease.stack] or {}) do
			if not self.holder[i] and not seen[i] then
				seen[i] = true
				table.insert(list, { index = i, lease = lease })
			end
		end
	end
	return list
end

-- Returns the ledger as a value for JSON.
function Ledger:dump()
	local clients = json.list()
	for _, client in pairs(self.clients) do
		table.insert(clients, client)
	end
	local tokens = json.list()
	for _, known in pairs(self.tokens) do
		table.insert(tokens, known)
	end
	return { clients = clients, leases = json.list(self:all()), tokens = tokens, last = self.last, fence = self.fence }
end

-- Fills the ledger with the result of dump.
function Ledger:restore(state)
	self.last, self.fence = state.last, state.fence or 0
	for _, client in ipairs(state.clients) do
		self:restore_client(client)
	end
	for _, lease in ipairs(state.leases) do
		self:restore_lease(lease)
	end
	for _, known in ipairs(state.tokens or {}) do -- earlier versions have none
		self.tokens[known.id] = known
	end
end

function Ledger:restore_client(client)
	self.clients[client.id] = client
	self:attach(client, client.connection)
	if client.token then
		self.by_token[client.token] = client
	end
end

-- Adds a lease whose profile is a plain table. The configuration may have changed:
-- equipment that no longer exists stays leased until it is given back, and is in no
-- stack.
function Ledger:restore_lease(lease)
	lease.profile = Profile(lease.profile)
	lease.fence = lease.fence or next_fence(self)
	local was = lease.index
	lease.index = nil
	for _, i in ipairs(was and self.inventory.index:find(lease.profile) or {}) do
		if not self.holder[i] and self.inventory.equipment[i] == lease.profile then
			lease.index = i
			break
		end
	end
	local stacks = lease.index and self.inventory.of[lease.index] or {}
	lease.stack = lease.stack and (self:same_stack(stacks, lease.stack) or stacks[1])
	self:put(lease)
end

function Ledger:same_stack(stacks, wanted)
	for _, s in ipairs(stacks) do
		if s == wanted then
			return s
		end
	end
end

return { new = new }

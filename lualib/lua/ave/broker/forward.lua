-- A broker forwards what it cannot lease to other brokers, its peers. For each
-- client and peer it is a client of that peer itself, so that what is leased there
-- ends with the client here.
--
-- A request carries the ids of the brokers that it has visited. A broker that finds
-- its own id among them answers at once that it has nothing. A refusal also names
-- all brokers that were asked, so that they are not asked again over another path.
-- So every broker is asked once, and no request goes in circles, however the
-- brokers are connected.

local checks = require("ave.broker.checks")
local client_of = require("ave.broker.client")
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
local json = require("ave.json")

local Forward = {}
Forward.__index = Forward

-- The largest number of brokers that a request can visit.
local MOST = 16

-- The time limit for the answer of a peer, in seconds. A peer leases its own
-- equipment at once, but may have to ask others.
local TIME = 5

-- How often a peer is contacted within its grace time.
local VISITS = 3

-- Options: peers (a function that lists them), linger, and log.
local function new(options)
	return setmetatable({ options = options, connections = {}, lost = {}, renewed = host.clock() }, Forward)
end

local function name_of(peer)
	return peer.host .. ":" .. peer.port
end

local function options_for(self, peer)
	return {
		address = { peer.host, peer.port }, authkey = peer.authkey or "", timeout = TIME,
		call_timeout = TIME, patience = TIME, linger = self.options.linger,
	}
end

-- Returns the connection to a peer for a client. The client's `peers` keep the
-- tokens, with which another process can continue.
function Forward:connection(client, peer)
	local name = name_of(peer)
	local all = self.connections[client.id] or {}
	self.connections[client.id] = all
	if not all[name] then
		local connection = client_of.connect(options_for(self, peer))
		if self.connections[client.id] ~= all then
			connection:close()
			error(exceptions.Exception("the client lost all its leases in the meantime"), 0)
		end
		all[name] = connection
		client.peers = client.peers or json.object()
		client.peers[name] = { peer = peer, token = all[name].token }
	end
	return all[name]
end

local function add_all(list, more)
	for _, id in ipairs(type(more) == "table" and more or {}) do
		local seen = false
		for _, other in ipairs(list) do
			seen = seen or other == id
		end
		if not seen then
			table.insert(list, id)
		end
	end
end

-- Asks the peers for what a client wants. Returns picks for the ledger; or nil and,
-- if a peer has it and it is busy, its holders. `via` lists the brokers that were
-- asked; those that are asked here are added.
function Forward:lease(client, wanted, reason, via)
	local busy
	for _, peer in ipairs(self.options.peers()) do
		if #via >= MOST then
			break
		end
		local ok, rows = pcall(self.ask, self, client, peer, wanted, reason, via)
		if ok then
			return self:picks(client, peer, rows)
		end
		local refused = type(rows) == "table" and rows.via
		if refused and rows:is("Busy") then
			busy = busy or {}
			add_all(busy, rows.holders)
		end
		add_all(via, refused)
		if not refused then
			self.options.log(("the request cannot be forwarded to broker %s: %s"):format(name_of(peer), tostring(rows)))
		end
	end
	return nil, busy
end

function Forward:ask(client, peer, wanted, reason, via)
	local connection = self:connection(client, peer)
	local rows = self:use(client.id, name_of(peer), connection, "call", "lease", wanted, reason or json.null, via)
	if not self.connections[client.id] then -- release was called
		error(exceptions.Exception("the client lost all its leases in the meantime"), 0)
	end
	return rows
end

function Forward:picks(client, peer, rows)
	local picks = {}
	for n, row in ipairs(rows) do
		self:connection(client, peer).handles[row.lease] = true
		picks[n] = {
			profile = checks.profile(row.profile, "profile of another broker"),
			remote = { peer = name_of(peer), lease = row.lease },
		}
	end
	return picks
end

-- Returns the connection that a lease of a client belongs to.
function Forward:of(client, lease)
	local known = client.peers and client.peers[lease.remote.peer]
	return known and self:connection(client, known.peer)
end

-- Makes a peer serve a lease, and returns where.
function Forward:serve(client, lease)
	local connection = self:of(client, lease)
	local row = self:use(client.id, lease.remote.peer, connection, "call", "serve", json.list { lease.remote.lease })[1]
	if row.port and row.host == "" then
		row.host = connection.address[1]
	end
	return row
end

-- Gives a lease back. It is not an error if the peer no longer knows it.
function Forward:give_back(client, lease)
	pcall(function()
		self:use(client.id, lease.remote.peer, self:of(client, lease), "give_back", { { lease = lease.remote.lease } })
	end)
end

-- Gives back what a client has from all peers. It calls the peers, because they
-- would wait for a connection that is only closed.
function Forward:release(client)
	local all = self.connections[client.id] or {}
	self.connections[client.id] = nil
	client.peers = nil
	for _, connection in pairs(all) do
		pcall(connection.call, connection, "yield_resources")
		connection:close()
	end
end

-- Calls a method over a connection, and notes if the peer no longer knows the
-- client.
function Forward:use(client, peer, connection, method, ...)
	local ok, result = pcall(connection[method], connection, ...)
	if ok then
		return result
	elseif not connection.token then
		self.lost[client .. " " .. peer] = true
		self.options.log(("broker %s no longer knows what was leased there"):format(peer))
	end
	error(result, 0)
end

-- Contacts the peers regularly: a peer that was killed and started again takes back
-- the leases of clients that do not come back within the grace time. Returns what
-- was lost since the last time, as a set of "client peer".
function Forward:renew()
	local now = host.clock()
	if now >= self.renewed + self.options.linger / VISITS then
		self.renewed = now
		for _, visit in ipairs(self:visits()) do
			pcall(self.use, self, visit.client, visit.peer, visit.connection, "call", "list_allocations")
		end
	end
	local lost = self.lost
	self.lost = {}
	return lost
end

-- Returns the connections over which something is leased.
function Forward:visits()
	local list = {}
	for client, all in pairs(self.connections) do
		for peer, connection in pairs(all) do
			if next(connection.handles) then
				table.insert(list, { client = client, peer = peer, connection = connection })
			end
		end
	end
	return list
end

-- Becomes the client of the peers that another process was. Returns those of the
-- leases that were lost in the meantime.
function Forward:restore(client, leases)
	local lost = {}
	for name, known in pairs(client.peers or {}) do
		local numbers, here = {}, {}
		for _, lease in ipairs(leases) do
			if lease.remote and lease.remote.peer == name then
				table.insert(numbers, lease.remote.lease)
				table.insert(here, lease)
			end
		end
		local ok, connection = pcall(client_of.resume, options_for(self, known.peer), known.token, numbers)
		if ok then
			self.connections[client.id] = self.connections[client.id] or {}
			self.connections[client.id][name] = connection
		else
			client.peers[name] = nil
			for _, lease in ipairs(here) do
				table.insert(lost, lease)
			end
		end
	end
	return lost
end

return { new = new, MOST = MOST }

-- A broker forwards what it cannot lease to other brokers, its peers. For each
-- client and peer it is a client of that peer itself, so that what is leased
-- there goes with the client here.
--
-- A request carries the ids of the brokers that it has been to. A broker that
-- finds its own answers at once that it has nothing; and a refusal names all who
-- were asked, so that they do not look again on another way. So every broker looks
-- once, and no request goes round, however they are connected.

local checks = require("ave.broker.checks")
local client_of = require("ave.broker.client")
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
local json = require("ave.json")

local Forward = {}
Forward.__index = Forward

-- MOST is the number of brokers that a request can visit.
local MOST = 16

-- TIME is the number of seconds that a peer has to answer. It leases equipment
-- of its own at once, and may have to ask others.
local TIME = 5

-- VISITS is how often a peer is visited within the time that it would wait.
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
		address = { peer.host, peer.port }, authkey = peer.authkey, timeout = TIME,
		call_timeout = TIME, patience = TIME, linger = self.options.linger,
	}
end

-- The connection to a peer that this broker has for a client. The client's
-- `peers` keep the tokens, by which another process can go on.
function Forward:connection(client, peer)
	local name = name_of(peer)
	local all = self.connections[client.id] or {}
	self.connections[client.id] = all
	if not all[name] then
		local connection = client_of.connect(options_for(self, peer))
		if self.connections[client.id] ~= all then
			connection:close()
			error(exceptions.Exception("the client has lost everything meanwhile"), 0)
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

-- Asks the peers for what a client wants. Returns picks for the ledger, or nil
-- and whether one of them has it and is busy. `via` lists the brokers that were
-- asked before, and grows by those that are asked here.
function Forward:lease(client, wanted, reason, via)
	local busy = false
	for _, peer in ipairs(self.options.peers()) do
		if #via >= MOST then
			break
		end
		local ok, rows = pcall(self.ask, self, client, peer, wanted, reason, via)
		if ok then
			return self:picks(client, peer, rows)
		end
		local refused = type(rows) == "table" and rows.via
		busy = busy or refused and rows:is("Busy")
		add_all(via, refused)
		if not refused then
			self.options.log(("the broker %s cannot be asked: %s"):format(name_of(peer), tostring(rows)))
		end
	end
	return nil, busy
end

function Forward:ask(client, peer, wanted, reason, via)
	local connection = self:connection(client, peer)
	local rows = self:use(client.id, name_of(peer), connection, "call", "lease", wanted, reason or json.null, via)
	if not self.connections[client.id] then -- release was called
		error(exceptions.Exception("the client has lost everything meanwhile"), 0)
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

-- The connection that a lease of a client belongs to.
function Forward:of(client, lease)
	local known = client.peers and client.peers[lease.remote.peer]
	return known and self:connection(client, known.peer)
end

-- Has a peer serve a lease, and returns where.
function Forward:serve(client, lease)
	local connection = self:of(client, lease)
	local row = self:use(client.id, lease.remote.peer, connection, "call", "serve", json.list { lease.remote.lease })[1]
	if row.port and row.host == "" then
		row.host = connection.address[1]
	end
	return row
end

-- Gives a lease back. One that the peer does not know any more is no error.
function Forward:give_back(client, lease)
	pcall(function()
		self:use(client.id, lease.remote.peer, self:of(client, lease), "give_back", { { lease = lease.remote.lease } })
	end)
end

-- Gives back what a client has from any peer. It waits for the peers, because a
-- connection that was just closed would be waited for by them.
function Forward:release(client)
	local all = self.connections[client.id] or {}
	self.connections[client.id] = nil
	client.peers = nil
	for _, connection in pairs(all) do
		pcall(connection.call, connection, "yield_resources")
		connection:close()
	end
end

-- Calls a method of a connection, and notes if the peer has forgotten it.
function Forward:use(client, peer, connection, method, ...)
	local ok, result = pcall(connection[method], connection, ...)
	if ok then
		return result
	elseif not connection.token then
		self.lost[client .. " " .. peer] = true
		self.options.log(("the broker %s has forgotten what was leased there"):format(peer))
	end
	error(result, 0)
end

-- Makes itself seen by the peers, now and then: one that was killed takes back what
-- its clients have who do not come to it within the grace time. Returns what has
-- been lost since the last time, as a set of "client peer".
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

-- The connections by which something is leased.
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

-- Becomes the client of the peers again that another process was. Returns the
-- leases, of those in the list, that have been lost meanwhile.
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

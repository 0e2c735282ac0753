-- Sharing: a broker offers its equipment to another broker, which then forwards
-- requests to it. The offer ends with the connection, and is made again if the
-- connection is lost, for instance because the other broker was restarted.

local RemoteControl = require("ave.network.control").RemoteControl
local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local json = require("ave.json")

local Sharing = {}
Sharing.__index = Sharing

local TIME = 5 -- seconds for connecting to the other broker and for its answer

-- Options: master, the broker to share with (a peer, or nil), and what it needs to
-- connect to this broker: id, port and authkey.
local function new(options)
	return setmetatable({ options = options, active = false, offers = {}, dropped = {} }, Sharing)
end

function Sharing:start()
	if not self.options.master then
		error(exceptions.Exception("cannot share: the option share_with is not set"), 0)
	end
	self:offer(true)
	self.active = true
end

function Sharing:offer(anew)
	local master = self.options.master
	local remote = RemoteControl({ master.host, master.port }, master.authkey, TIME, false, nil, { call_timeout = TIME })
	local ok, e = pcall(remote.share, remote, self.options.port, self.options.authkey or json.null, anew)
	if not ok then
		remote:close()
		error(e, 0)
	end
	self:disconnect()
	self.remote = remote
end

function Sharing:disconnect()
	if self.remote then
		self.remote:close()
		self.remote = nil
	end
end

function Sharing:stop()
	self.active = false
	self:disconnect()
end

-- Makes the offer again if it does not stand, unless it was dropped. The other
-- broker may be away for long.
function Sharing:renew()
	if not self.active then
		return
	end
	local there, stands = false, true
	if self.remote then
		there, stands = pcall(self.remote.is_shared, self.remote)
	end
	if not there then
		pcall(self.offer, self, false)
	elseif not stands then
		self:stop()
	end
end

local function name_of(offer)
	return offer.host .. ":" .. offer.port
end

-- Accepts an offer. If it was dropped, its owner must make it again explicitly.
function Sharing:take(connection, port, authkey, anew)
	local offer = checks.peer({ host = connection.address[1], port = port, authkey = authkey }, "share")
	if anew then
		self.dropped[name_of(offer)] = nil
	elseif self.dropped[name_of(offer)] then
		error(exceptions.Exception("the share was dropped"), 0)
	end
	self.offers[connection.id] = offer
end

function Sharing:lost(connection)
	self.offers[connection] = nil
end

function Sharing:list()
	local list = json.list()
	for _, offer in pairs(self.offers) do
		table.insert(list, offer)
	end
	table.sort(list, function(a, b)
		return name_of(a) < name_of(b)
	end)
	return list
end

-- Drops the offers for which choose returns true. Returns their number.
function Sharing:drop(choose)
	local n = 0
	for connection, offer in pairs(self.offers) do
		if choose(offer) then
			self.offers[connection] = nil
			self.dropped[name_of(offer)] = true
			n = n + 1
		end
	end
	return n
end

function Sharing:dump()
	local offers = json.list()
	for connection, offer in pairs(self.offers) do
		table.insert(offers, { connection = connection, offer = offer })
	end
	local dropped = json.object()
	for name in pairs(self.dropped) do
		dropped[name] = true
	end
	return { active = self.active, offers = offers, dropped = dropped }
end

-- Continues with the result of dump; connections are those that still exist.
function Sharing:restore(state, connections)
	self.dropped = state.dropped
	for _, entry in ipairs(state.offers) do
		if connections[entry.connection] then
			self.offers[entry.connection] = entry.offer
		end
	end
	self.active = state.active
end

return { new = new }

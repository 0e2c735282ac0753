-- What a broker is made of, and what happens to it beside the calls of clients.

local Control = require("ave.network.control").Control
local Forward = require("ave.broker.forward")
local Keeper = require("ave.broker.keeper")
local Ledger = require("ave.broker.ledger")
local Queue = require("ave.broker.queue")
local Sharing = require("ave.broker.sharing")
local allocation = require("ave.broker.allocation")
local daemon_host = require("ave.daemon.host")
local host = require("ave.broker.host")
local options = require("ave.broker.options")
local resources = require("ave.broker.resources")

local TICK = 0.5 -- seconds

return function(Broker)
	-- Broker(options): the options of Control, and those in options.lua.
	function Broker:init(given)
		local own, others = options.read(given)
		Control.init(self, others)
		for name, value in pairs(own) do
			self[name] = value
		end
	end

	-- Sends the output of a broker with a log file there, and so that of sessions.
	function Broker:redirect()
		if self.log_file then
			daemon_host.redirect(self.log_file)
		end
	end

	-- Makes what the broker works with. A state that was left behind is taken up
	-- once the port is this broker's.
	function Broker:initialize()
		self.id, self.began = host.secret(), os.time()
		self.inventory = allocation.inventory(self.equipment, self.stacks)
		self.ledger = Ledger.new(self.inventory)
		self.made = resources.made(self.resources)
		self.queue = Queue.new()
		self.keeper = Keeper.new {
			classes = self.resources, grace = self.grace, home = self.home,
			directory = self.session_directory or (os.getenv("TMPDIR") or "/tmp"),
			record = function()
				self:record()
			end,
			join = function(process)
				self:join_later(process)
			end,
		}
		self.sharing = Sharing.new { master = self.share_with, port = self.port, authkey = self.authkey }
		self.forward = Forward.new {
			linger = self.grace,
			log = function(message)
				self:log(message)
			end,
			peers = function()
				return self:peers()
			end,
		}
		Control.initialize(self)
		if not self.takeover then
			self:recover()
		end
		host.tick(self, TICK)
	end

	-- The brokers that requests are forwarded to.
	function Broker:peers()
		local list = { unpack(self.remotes) }
		for _, offer in ipairs(self.sharing:list()) do
			table.insert(list, { host = offer.host, port = offer.port, authkey = offer.authkey })
		end
		return list
	end

	function Broker:session_of(client)
		return client.session and self.keeper.sessions[client.session]
	end

	-- Has those in the queue try again, after equipment has become free.
	function Broker:changed()
		self:serve_queue()
		self:record()
	end

	function Broker:lost_connection(connection)
		self.queue:remove(connection.id)
		self.sharing:lost(connection.id)
		local client = self.ledger:client_of(connection)
		if not client then
			return
		end
		client.connection = nil
		if client.linger > 0 and #self.ledger:leases_of(client) > 0 then
			client.missing_until = host.clock() + client.linger
			self:record()
		else
			self:dismiss(client)
		end
	end

	-- A session has ended: what was used by it is free, and its client loses the
	-- rest if it was not the broker that ended it.
	function Broker:joined_process(pid)
		local session = self.keeper:joined(pid)
		if session then
			self:session_ended(session)
		end
	end

	function Broker:session_ended(session)
		for id, lease in pairs(self.ledger.leases) do
			if lease.session == session.id then
				self.ledger.leases[id] = nil
			end
		end
		local client = session.client and self.ledger.clients[session.client]
		if client then
			client.session = nil
			self:release(client)
		end
		self:changed()
	end

	-- Does what time brings. A service is idle too seldom for that: somebody may be
	-- waiting in the queue all the time.
	function Broker:tick()
		self:expire()
		self.sharing:renew()
	end

	function Broker:expire()
		self.keeper:expire()
		local now, missing = host.clock(), {}
		for _, client in pairs(self.ledger.clients) do
			table.insert(missing, client.missing_until and client.missing_until < now and client or nil)
		end
		for _, client in ipairs(missing) do
			if not self:is_present(client) then
				self:dismiss(client)
			end
		end
	end

	-- Whether a client that has not come back still uses its session: a long call
	-- of its resource may keep it from noticing that the broker was away.
	function Broker:is_present(client)
		local session = self:session_of(client)
		if not session then
			return false
		end
		local ok, status = pcall(self.keeper.status, self.keeper, session)
		if not client.missing_until then
			return true -- it has come while the session was asked
		end
		local present = ok and status.clients > 0
		client.missing_until = present and host.clock() + self.grace or client.missing_until
		return present
	end
end

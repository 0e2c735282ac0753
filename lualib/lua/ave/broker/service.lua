-- What a broker is made of, and what happens to it beside the calls of clients.

local Control = require("ave.network.control").Control
local Forward = require("ave.broker.forward")
local Keeper = require("ave.broker.keeper")
local Ledger = require("ave.broker.ledger")
local Queue = require("ave.broker.queue")
local Sharing = require("ave.broker.sharing")
local allocation = require("ave.broker.allocation")
local configuration = require("ave.broker.configuration")
local daemon_host = require("ave.daemon.host")
local host = require("ave.broker.host")
local resources = require("ave.broker.resources")

local TICK = 0.5 -- seconds

return function(Broker)
	-- Broker(options): the options of Control, and those in configuration.lua.
	function Broker:init(given)
		local own, others = configuration.split(given)
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
		self.owner = { pid = self.pid, start = select(2, host.find(self.pid)) }
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

	-- Has those in the queue try again, after equipment has become free.
	function Broker:changed()
		self:serve_queue()
		self:record()
	end

	-- Does what time brings. A service is idle too seldom for that: somebody may be
	-- waiting in the queue all the time.
	function Broker:tick()
		self:expire()
		self.sharing:renew()
		self:renew_forwarded()
	end
end

-- Sets a broker up, and handles everything except the calls of clients.

local Control = require("ave.network.control").Control
local Book = require("ave.broker.book")
local Forward = require("ave.broker.forward")
local Keeper = require("ave.broker.keeper")
local Ledger = require("ave.broker.ledger")
local Queue = require("ave.broker.queue")
local Sharing = require("ave.broker.sharing")
local allocation = require("ave.broker.allocation")
local configuration = require("ave.broker.configuration")
local daemon_host = require("ave.daemon.host")
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
local resources = require("ave.broker.resources")
local shelves = require("ave.broker.shelves")

local TICK = 0.5 -- seconds

-- Addresses that mean all addresses of the host.
local ANYWHERE = { ["0.0.0.0"] = "", ["::"] = "" }

local function shown(address)
	return address == "" and "all addresses" or address
end

return function(Broker)
	-- Options: those of Control, and those in configuration.lua.
	function Broker:init(given)
		local own, others = configuration.split(given)
		Control.init(self, others)
		for name, value in pairs(own) do
			self[name] = value
		end
	end

	-- Sends the output of the broker, and so of its sessions, to the log file.
	function Broker:redirect()
		if self.log_file then
			daemon_host.redirect(self.log_file)
		end
	end

	-- Makes the objects that the broker works with. The state of an earlier broker
	-- is read only when this broker has the port.
	function Broker:initialize()
		local account, uid = host.account()
		if self.account and self.account ~= account and uid ~= 0 then
			error(exceptions.Exception(configuration.not_root(self.account, account or uid)), 0)
		end
		self.id, self.began = host.secret(), os.time()
		self.due, self.ended = {}, {} -- see leasing.lua
		self.contacts = {} -- see contact.lua
		self.book = Book.new {
			path = self.state_file,
			undone = function()
				self:undone()
			end,
		}
		local function touch(kind, id)
			self.book:touch(kind, id)
		end
		self.stock = allocation.inventory(self.equipment, self.stacks)
		self.ledger = Ledger.new(self.stock, touch)
		self.made = resources.made(self.resources)
		self.queue = Queue.new(self.stock)
		self.keeper = Keeper.new {
			classes = self.resources, grace = self.grace, home = self.home, account = self.account,
			directory = self.session_directory or (os.getenv("TMPDIR") or "/tmp"),
			touch = function(id)
				touch("sessions", id)
			end,
			commit = function()
				self:commit()
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
		self.book.shelves = shelves(self)
		Control.initialize(self)
		if not self.takeover then
			self:clear_parts()
			self:recover()
		end
		self:introduce()
		host.tick(self, TICK)
	end

	-- Removes temporary files of processes that were killed while they wrote the
	-- state, even under the name that it had in earlier versions.
	function Broker:clear_parts()
		if self.state_file then
			host.clear_parts(self.state_file)
			host.clear_parts((self.state_file:gsub("%.db$", ".json")))
		end
	end

	-- Writes to the log who can connect, and as which account commands run. After a
	-- takeover, the broker still listens at the old address.
	function Broker:introduce()
		local place, wanted = host.listens(self), ANYWHERE[self.listen] or self.listen
		self.listens = place ~= "" and place or wanted
		self:log(("listens on %s, port %d"):format(shown(self.listens), self.port))
		if self.listens ~= wanted then
			self:log(("the configuration says to listen on %s: stop and start the broker to change that"):format(shown(wanted)))
		end
		local account, uid = host.account()
		if self.open then
			self:log(("open: everybody who can connect to the port can lease equipment, and run commands here as '%s'"):format(
				self.account or account or uid))
		end
		if uid == 0 and not self.account then
			self:log("workspaces and commands of clients run as root: set account to run them as another account")
		end
	end

	-- Lists the brokers that requests are forwarded to.
	function Broker:peers()
		local list = { unpack(self.remotes) }
		for _, offer in ipairs(self.sharing:list()) do
			table.insert(list, { host = offer.host, port = offer.port, authkey = offer.authkey })
		end
		return list
	end

	-- Does periodic work. `idle` would be called too rarely for this, because
	-- clients may be waiting in the queue all the time.
	function Broker:tick()
		self:expire()
		self.sharing:renew()
		self:renew_forwarded()
		self:settle()
		self.ticked = host.clock() -- a tick may take long, because it asks other brokers
	end
end

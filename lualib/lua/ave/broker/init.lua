-- The broker leases equipment to clients. Profiles describe the equipment and what
-- a client asks for; a client gets everything that it asks for, or nothing. A lease
-- ends when the client gives it back or disconnects.
--
-- Each module below adds methods to the class, or makes one of the objects that it
-- works with.

local Control = require("ave.network.control").Control
local client = require("ave.broker.client")
local exceptions = require("ave.exceptions")

local Broker = Control:subclass("Broker")

require("ave.broker.service")(Broker)
require("ave.broker.presence")(Broker)
require("ave.broker.contact")(Broker)
require("ave.broker.busy")(Broker)
require("ave.broker.leasing")(Broker)
require("ave.broker.claims")(Broker)
require("ave.broker.calls")(Broker)
require("ave.broker.serving")(Broker)
require("ave.broker.waiting")(Broker)
require("ave.broker.admin")(Broker)
require("ave.broker.state")(Broker)

return {
	Broker = Broker,
	Session = require("ave.broker.session").Session,
	Busy = exceptions.define("Busy"),
	NoSuch = exceptions.define("NoSuch"),
	Stale = exceptions.define("Stale"),
	check = function(...)
		return require("ave.broker.laboratory").check(...)
	end,
	configure = function(...)
		return require("ave.broker.laboratory").configure(...)
	end,
	connect = client.connect,
}

-- The broker leases equipment to clients. Equipment is described by profiles;
-- a client asks for what it needs by profiles too, and gets all of it or
-- nothing. A lease lasts until the client gives it back or goes away.
--
-- The class is put together from its parts: each of the modules below adds
-- methods to it, or is one of the things that it works with.

local Control = require("ave.network.control").Control
local client = require("ave.broker.client")
local configuration = require("ave.broker.configuration")
local exceptions = require("ave.exceptions")

local Broker = Control:subclass("Broker")

require("ave.broker.service")(Broker)
require("ave.broker.presence")(Broker)
require("ave.broker.leasing")(Broker)
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
	configure = configuration.read,
	connect = client.connect,
}

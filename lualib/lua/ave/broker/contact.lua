-- Clients that must stay in contact. The host of a fleet may be stopped or cut off
-- while its connection and its sessions seem to be all right. So it enrolls with
-- `contact`: if it makes no call for that many seconds, it is gone, and what it has
-- leased ends, with its session. Any call counts, and `beat` is there for nothing else.

local Control = require("ave.network.control").Control
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
local json = require("ave.json")

local NoSuch = exceptions.define("NoSuch")

-- If more than this time passes between two ticks, in seconds, the broker was stopped
-- itself. Then it does not know who was silent. A client calls every 0.5 s and may be
-- silent for 1.5 s, so a pause that is not noticed must be shorter than 1 s.
local PAUSE = 0.9

return function(Broker)
	-- Notes over which connection a client stays in contact.
	function Broker:expect_contact(client, connection)
		self.contacts[client.id] = client.contact and connection or nil
	end

	-- Marks clients as leaving that were silent for too long.
	function Broker:check_contacts()
		local now = host.clock()
		if not self.ticked or now - self.ticked > PAUSE then
			self.watches_since = now
		end
		for id, connection in pairs(self.contacts) do
			local client = self.ledger.clients[id]
			local silence = math.min(host.silence(connection), now - self.watches_since)
			if not client or client.connection ~= connection.id then
				self.contacts[id] = nil
			elseif silence > client.contact then
				self:log(("%s was silent for %.1f s: its leases end"):format(id, silence))
				self.contacts[id], client.leaving = nil, true
			end
		end
	end

	-- Says that the client is still there. Returns the numbers of its leases. Raises
	-- NoSuch if it was forgotten.
	Broker.beat = Control.rpc(Control.concurrent(function(self)
		local client = self.ledger:client_of(self.current_connection)
		if not client or client.leaving or not client.token then
			error(NoSuch("the broker does not know this client, or has taken back its leases: call enroll"), 0)
		end
		local leases = json.list()
		for n, lease in ipairs(self.ledger:leases_of(client)) do
			leases[n] = lease.id
		end
		return leases
	end))
end

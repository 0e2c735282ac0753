-- The shelves are the records of a broker, as the book keeps them. For each kind of
-- record they tell how one is read, how it is restored to an earlier state, and
-- which records there are.
--
-- The connections of clients are on no shelf: they end with the broker, and they
-- exist even if something could not be written.

local CLIENT = { "id", "address", "accounts", "token", "linger", "contact", "session", "peers" }
local SESSION = { "id", "client", "pid", "start", "port", "key", "broker_key", "directory" }

local function some(record, names)
	local copy = {}
	for _, name in ipairs(names) do
		copy[name] = record[name]
	end
	return copy
end

local function clients_of(ledger)
	local shelf = { all = ledger.clients }

	function shelf.get(id)
		return ledger.clients[id] and some(ledger.clients[id], CLIENT)
	end

	-- A client that was not written is still there, and has nothing.
	function shelf.put(id, values)
		local client = ledger.clients[id]
		if not client then
			if values then
				values.leaving = true -- it was to be forgotten, and is still
				ledger:restore_client(values)
			end
			return
		end
		values = values or { linger = 0 }
		if client.token and client.token ~= values.token then
			ledger.by_token[client.token] = nil
		end
		client.token, client.linger, client.session = values.token, values.linger, values.session
		client.contact = values.contact
		client.peers = client.peers or values.peers -- connections that there are stay
		ledger:restore_client(client)
	end

	return shelf
end

local function leases_of(ledger)
	local shelf = { all = ledger.leases }

	function shelf.get(id)
		return ledger.leases[id]
	end

	-- Others may be waiting with the lease in their hands: it stays the same.
	function shelf.put(id, values)
		local lease = ledger.leases[id]
		if lease then
			ledger:remove(lease)
		end
		if values and lease then
			for name in pairs(lease) do
				lease[name] = values[name]
			end
			for name, value in pairs(values) do
				lease[name] = value
			end
		end
		if values then
			ledger:restore_lease(lease or values)
		end
	end

	return shelf
end

local function sessions_of(keeper)
	local shelf = { all = keeper.sessions }

	function shelf.get(id)
		return keeper.sessions[id] and some(keeper.sessions[id], SESSION)
	end

	-- A process that runs does so whether it was written or not.
	function shelf.put(id, values)
		if values then
			keeper.sessions[id] = keeper.sessions[id] or values
		elseif not keeper.processes[id] then
			keeper.sessions[id] = nil
		end
	end

	return shelf
end

local function tokens_of(ledger)
	local shelf = { all = ledger.tokens }

	function shelf.get(id)
		return ledger.tokens[id]
	end

	function shelf.put(id, values)
		ledger.tokens[id] = values
	end

	return shelf
end

-- The broker itself is the only record of its kind. Its numbers are not put back,
-- because none is used twice.
local function itself(broker)
	local shelf = { all = { broker = true } }

	function shelf.get()
		return {
			id = broker.id, began = broker.began, last = broker.ledger.last, fence = broker.ledger.fence,
			sharing = { active = broker.sharing.active },
		}
	end

	function shelf.put(_, values)
		broker.sharing.active = values ~= nil and values.sharing.active
	end

	return shelf
end

return function(broker)
	return {
		broker = itself(broker), clients = clients_of(broker.ledger), leases = leases_of(broker.ledger),
		sessions = sessions_of(broker.keeper), tokens = tokens_of(broker.ledger),
	}
end

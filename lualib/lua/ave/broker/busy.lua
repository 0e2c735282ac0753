-- The error Busy: why equipment is busy, for people and for programs.

local json = require("ave.json")

-- The largest number of holders in an error.
local MOST = 10

local function text_of(holder)
	local who = holder.client and holder.client[1] .. ":" .. holder.client[2] or "a client that has disconnected"
	if holder.accounts and holder.accounts[1] then
		who = ("%s (%s)"):format(who, table.concat(holder.accounts, ", "))
	end
	local how = { waiting = "held back for ", closing = "still being closed for ", collateral = "collateral of " }
	local text = (how[holder.state] or "leased by ") .. who
		.. " since " .. os.date("%Y-%m-%d %H:%M:%S", holder.since)
	return holder.reason and text .. ": " .. holder.reason or text
end

return function(Broker)
	-- Returns who has a piece, or for whom it is held back; nil if it is free.
	function Broker:holder_of(i)
		local function row(client, entry, state)
			client = client or {}
			return {
				profile = self.stock.equipment[i], client = client.address, client_id = client.id,
				accounts = client.accounts, since = entry.since, reason = entry.reason, token = entry.token, state = state,
			}
		end
		local lease = self.ledger.holder[i]
		if lease then
			return row(self.ledger.clients[lease.owner], lease, not lease.client and "closing" or "leased")
		end
		for _, s in ipairs(self.stock.of[i] or {}) do
			for _, mate in ipairs(self.stock.stacks[s]) do
				local other = self.ledger.holder[mate]
				if other and other.stack == s then
					return row(self.ledger.clients[other.owner], other, "collateral")
				end
			end
		end
		local entry = self.queue:kept_for(i)
		return entry and row(self.ledger.clients[entry.client], entry, "waiting")
	end

	-- Returns rows about who has what matches a profile, at most MOST, and their
	-- full number.
	function Broker:holders_of(profile)
		local holders, n = json.list(), 0
		for _, i in ipairs(self.stock.index:find(profile)) do
			local holder = self:holder_of(i)
			if holder then
				n = n + 1
				holders[#holders + 1] = n <= MOST and holder or nil
			end
		end
		return holders, n
	end

	-- Returns the details of Busy: a message, and the holders in this broker and in
	-- others that were asked.
	function Broker:busy(missing, elsewhere)
		local holders, n = self:holders_of(missing)
		for _, holder in ipairs(elsewhere or {}) do
			n = n + 1
			holders[#holders + 1] = n <= MOST and holder or nil
		end
		local message = "equipment is busy: " .. tostring(missing)
		if n > 0 then
			message = message .. ": " .. text_of(holders[1])
		end
		if n > 1 then
			message = ("%s; and %d more"):format(message, n - 1)
		end
		return { message = message, holders = holders }
	end
end

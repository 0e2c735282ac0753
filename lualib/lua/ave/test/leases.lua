-- Leases what blocks need: from the broker of this user, or, in a job of a fleet, from
-- what the fleet has leased for the job. A block is a client of its own, so that it loses
-- nothing if an inner block asks for more in vain. Only if the inner block wants what
-- belongs to a stack of the outer one, both are one client: nobody else can have that.

local host = require("ave.test.host")
local json = require("ave.json")

local leases = {}

local WAIT = 600 -- seconds that a request waits by default
local CONNECT = 10 -- seconds for connecting to the broker
local LATE = 150 -- seconds that an answer may take beside the wait: opening a resource takes up to 120
local LONGEST = 1000 -- bytes of a reason

local function list_of(equipment)
	local texts = {}
	for n, entry in ipairs(equipment) do
		texts[n] = entry.name .. ": " .. tostring(entry.profile)
	end
	return table.concat(texts, ", ")
end

-- text returns what all of a list of blocks need, as JSON in the form of wire.Needs.
function leases.text(blocks)
	local all, seen = {}, {}
	for _, block in ipairs(blocks) do
		local own = block.needs
		for _, entry in ipairs(own.equipment) do
			all.equipment = all.equipment or json.list()
			table.insert(all.equipment, { name = entry.name, profile = entry.profile })
		end
		for _, tag in ipairs(own.tags) do
			all.tags = all.tags or json.list()
			if not seen[tag] then
				seen[tag] = true
				table.insert(all.tags, tag)
			end
		end
		for _, size in ipairs { "cores", "memory" } do
			local most = math.max(all[size] or 0, own[size] or 0)
			all[size] = most > 0 and most or nil
		end
		all.exclusive = all.exclusive or own.exclusive or nil
	end
	return next(all) and json.encode(all)
end

-- check_tags raises an error if this host does not have the tags.
local function check_tags(wanted)
	local has, here = {}, wanted[1] and host.tags() or {}
	for _, tag in ipairs(here) do
		has[tag] = true
	end
	for _, tag in ipairs(wanted) do
		if not has[tag] then
			local key, same = tag:match("^[^=]*="), {}
			for _, own in ipairs(here) do
				if key and own:sub(1, #key) == key then
					table.insert(same, own)
				end
			end
			error(("test.needs: wanted %s, this host has %s"):format(tag, table.concat(same[1] and same or here, ", ")), 0)
		end
	end
end

-- problem_of returns the message of an error that a broker or the connection raises.
local function problem_of(e, began)
	if type(e) ~= "table" or not e.is then
		return tostring(e)
	elseif e:is("Busy") then
		return ("Busy: %s; waited %.1f s"):format(e.message, host.now() - began)
	end
	return (e:is("TypeError") and "" or e.type .. ": ") .. tostring(e.message)
end

-- shown returns the text of a profile.
function leases.shown(profile) return tostring(require("ave.profile").Profile(profile)) end

-- around returns the next block outwards that is a client of the broker.
local function around(block)
	block = block.parent
	while block do
		if block.needs and block.needs.client then
			return block
		end
		block = block.parent
	end
end

-- reason_of says to others what the lease is for.
local function reason_of(first)
	local name = table.concat(first.path or {}, " ")
	local text = host.choice().file .. (name ~= "" and ": " .. name or "")
	return #text > LONGEST and text:sub(1, LONGEST - 3):gsub("[\192-\255][\128-\191]*$", "") .. "..." or text
end

local function connect(own)
	local wait = own.wait or WAIT
	return require("ave.broker.client").connect { timeout = CONNECT, patience = CONNECT, call_timeout = wait + LATE }
end

-- lose says of the blocks around a block that they have lost their equipment: a client
-- that asks for more in vain loses what it has.
local function lose(block, why)
	local client, outer = block.needs.client, around(block)
	while outer do
		if outer.needs.client == client then
			local text = ("lost %s: %s"):format(list_of(outer.needs.equipment), why)
			outer.needs.problems = { { status = "error", message = text } }
			for _, entry in ipairs(outer.needs.equipment) do
				entry.handle, entry.lost = nil, "; it is lost: " .. why
			end
		end
		outer = around(outer)
	end
end

-- of_stack returns the block outwards whose client a block must be, because it wants the
-- collateral of that; nil if there is none.
local function of_stack(block)
	local outer = around(block)
	while outer do
		for _, profile in ipairs(outer.needs.client:call("list_collateral")) do
			for _, entry in ipairs(block.needs.equipment) do
				if require("ave.profile").Profile(profile):match(entry.profile) then
					return outer
				end
			end
		end
		outer = around(outer)
	end
end

-- request leases from the broker.
local function request(block, first)
	local own, outer = block.needs, of_stack(block)
	local wanted = { wait = own.wait or WAIT, reason = reason_of(first) }
	for n, entry in ipairs(own.equipment) do
		wanted[n] = entry.profile
	end
	own.client = outer and outer.needs.client or connect(own)
	own.connected = not outer
	return own.client:request(wanted)
end

local function from_broker(block, first, notes)
	local own, began = block.needs, host.now()
	local ok, handles = pcall(request, block, first)
	if not ok then
		local why = ("cannot lease %s: %s"):format(list_of(own.equipment), problem_of(handles, began))
		if own.connected then
			leases.give_back(block, true)
		elseif own.client then
			lose(block, why)
		end
		error(why, 0)
	end
	for n, entry in ipairs(own.equipment) do
		entry.handle = handles[n]
		table.insert(notes, ("leased %s: %s, waited %.1f s"):format(entry.name, leases.shown(handles[n].profile), host.now() - began))
	end
end

-- from_fleet takes what the fleet has leased for this job.
local function from_fleet(block, given, notes)
	local own, names = block.needs, {}
	own.client = require("ave.broker.leased").open()
	own.connected = true
	for _, entry in ipairs(own.equipment) do
		for _, lease in ipairs(given.leases or {}) do
			table.insert(names, lease.name)
			if lease.name == entry.name and require("ave.profile").Profile(lease.profile):match(entry.profile) then
				entry.handle = own.client:handle(lease)
			end
		end
		if not entry.handle then
			error(("the fleet has not leased %s for this job, but: %s"):format(list_of { entry },
				names[1] and table.concat(names, ", ") or "nothing"), 0)
		end
		table.insert(notes, ("leased %s: %s, by the fleet"):format(entry.name, leases.shown(entry.handle.profile)))
	end
end

-- supply leases what a block needs, or raises an error that says why it cannot have it.
function leases.supply(block, first, notes)
	local given = host.fleet()
	if not given then
		check_tags(block.needs.tags)
	end
	if not block.needs.equipment[1] then
		return
	elseif given then
		from_fleet(block, given, notes)
	else
		from_broker(block, first, notes)
	end
end

-- give_back ends the leases of a block. It waits until others can have the equipment;
-- with quick, the end of the connection ends them.
function leases.give_back(block, quick)
	local own = block.needs
	local client = own.client
	if not client then
		return
	end
	local handles = {}
	for _, entry in ipairs(own.equipment) do
		table.insert(handles, entry.handle)
		entry.handle = nil
	end
	if handles[1] and not quick then
		pcall(client.yield, client, unpack(handles))
	end
	if own.connected then
		client:close()
	end
	own.client = nil
end

return leases

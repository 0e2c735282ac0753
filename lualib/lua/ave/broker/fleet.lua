-- The client of a fleet: it leases equipment wherever that is. For each request a
-- process, "avelab hold", talks to the hub of the fleet: it keeps the equipment until
-- its input is closed, so also until this process has died. The handles talk to the
-- sessions directly.

local checks = require("ave.broker.checks")
local exceptions = require("ave.exceptions")
local host = require("ave.broker.host")
local json = require("ave.json")
local leased = require("ave.broker.leased")
local resources = require("ave.broker.resources")
local text = require("ave.text")

local Busy, NoSuch = exceptions.define("Busy"), exceptions.define("NoSuch")

local Fleet = {}
Fleet.__index = Fleet

local AT_ONCE = 5 -- seconds in which a fleet leases what is free
local LATE = 30 -- seconds that an answer may take beside the wait
local GIVING_BACK = 15 -- seconds

local known = { fleet = true, resources = true }

-- Options of connect: fleet, which is the address of a hub or true, and resources.
local function connect(options)
	local names = {}
	for name in pairs(known) do
		table.insert(names, name)
	end
	for name in pairs(options) do
		if not known[name] then
			checks.type_error("connect: option '%s' cannot be used together with fleet%s", tostring(name),
				text.among(tostring(name), names))
		end
	end
	if options.fleet ~= true and type(options.fleet) ~= "string" then
		checks.wanted("connect: fleet", "the address of a hub, or true", options.fleet)
	end
	local command = { host.lab(), "hold" }
	if options.fleet ~= true then
		table.insert(command, "--hub=" .. options.fleet:match("^[^#]*")) -- a join line has more after the address
	end
	return setmetatable({
		command = command, holds = {}, classes = resources.check(options.resources or {}, "connect: resources"),
	}, Fleet)
end

-- Raises the error that a broker would raise.
local function refuse(answer)
	local class = answer.code == "unmet" and NoSuch or answer.code == "busy" and Busy or exceptions.Exception
	error(class { message = answer.error, holders = class == Busy and json.list() or nil }, 0)
end

-- Reads the profiles, the wait and the reason of a request.
local function order_of(wanted)
	local order = { needs = json.list(), reason = wanted.reason and checks.reason(wanted.reason) }
	for n, profile in ipairs(checks.request({ unpack(wanted) }, "request")) do
		order.needs[n] = { name = tostring(n), profile = profile }
	end
	local wait = wanted.wait and checks.seconds(wanted.wait, "wait") or 0
	order.wait = math.max(wait, AT_ONCE)
	if wait == math.huge then
		order.wait = 0 -- without limit
	end
	return order
end

-- Leases what matches a list of profiles, all at one host, and returns a list of
-- handles. The list may have the fields wait (seconds) and reason. Without wait, it
-- waits only as long as a fleet needs.
function Fleet:request(wanted)
	if self.closed then
		error(exceptions.Exception("the client was closed"), 0)
	end
	local order = order_of(wanted)
	local hold = { process = host.help(self.command, json.encode(order)), handles = {} }
	self.holds[hold] = true
	local ok, result = pcall(self.receive, self, hold, order)
	if not ok then
		self:release(hold)
		error(result, 0)
	end
	return result
end

-- Waits for the equipment, and makes the handles.
function Fleet:receive(hold, order)
	local limit = order.wait > 0 and order.wait + LATE or nil
	local line = hold.process:read(limit)
	local ok, answer = pcall(json.decode, line)
	if not ok or type(answer) ~= "table" then
		error(exceptions.Exception("unexpected answer of avelab: " .. text.printable(line)), 0)
	elseif answer.error then
		refuse(answer)
	end
	hold.leased = leased.open(self.classes, function(handle)
		self:yield(handle)
	end)
	local handles = {}
	for _, lease in ipairs(answer.leases) do
		handles[tonumber(lease.name)] = hold.leased:handle(lease)
	end
	for n in ipairs(order.needs) do
		if not handles[n] then
			error(exceptions.Exception("the fleet has not leased all that was asked for"), 0)
		end
		hold.handles[handles[n]] = true
	end
	return handles
end

-- Leases what matches the profiles, and returns a handle for each.
function Fleet:get(...)
	return unpack(self:request { ... })
end

function Fleet:release(hold)
	self.holds[hold] = nil
	hold.process:close(GIVING_BACK)
	if hold.leased then
		hold.leased:close()
	end
end

-- Gives back handles, or everything if there are none. What was leased together ends
-- together, with the last of its handles.
function Fleet:yield(...)
	local given = { ... }
	for hold in pairs(self.holds) do
		for _, handle in ipairs(given) do
			hold.handles[handle] = nil
		end
		if #given == 0 or next(hold.handles) == nil then
			self:release(hold)
		end
	end
end

-- Lists the profiles of what this client has leased.
function Fleet:list()
	local profiles = json.list()
	for hold in pairs(self.holds) do
		for handle in pairs(hold.process:is_alive() and hold.handles or {}) do
			table.insert(profiles, handle.profile)
		end
	end
	return profiles
end

function Fleet.call()
	error(exceptions.Exception("the client of a fleet has no broker to call: use request, yield and list"), 0)
end

-- Gives everything back.
function Fleet:close()
	self:yield()
	self.closed = true
end

return { connect = connect }

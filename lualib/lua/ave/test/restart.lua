-- restart_under_load: restarts a service several times while clients call it all
-- the time, and checks that they do not notice.

local connection = require("ave.network.connection")
local control = require("ave.network.control")
local failure = require("ave.test.failure")
local eventually = require("ave.test.eventually")
local Pipe = require("ave.network.pipe").Pipe
local Process = require("ave.network.process").Process

local defaults = {
	service = false, -- the running service
	successor = false, -- a function that makes a service that takes over; it may also start it
	clients = 8,
	restarts = 10,
	method = "echo", -- returns its argument
	depth = 2, -- calls that each client makes at the same time
	size = 100, -- the longest argument, in bytes
	timeout = 30, -- of a call
}

local function known()
	local names = {}
	for name in pairs(defaults) do
		names[#names + 1] = name
	end
	table.sort(names)
	return table.concat(names, ", ")
end

local function with_defaults(given)
	local options = {}
	for name, value in pairs(defaults) do
		options[name] = value
	end
	for name, value in pairs(given) do
		if defaults[name] == nil then
			error("restart_under_load: there is no option '" .. tostring(name) .. "'; valid names are " .. known(), 0)
		end
		options[name] = value
	end
	if type(options.service) ~= "table" or type(options.successor) ~= "function" then
		error("restart_under_load: wanted the options service, a Control, and successor, a function", 0)
	end
	return options
end

-- One round of calls by all clients. The answers must come in order.
local function call_all(remotes, options, round)
	local wanted, futures = {}, {}
	for i, remote in ipairs(remotes) do
		for k = 1, options.depth do
			local padding = (round * 7919 + i * 104729 + k * 1299709) % options.size
			local text = string.format("client %d, round %d, call %d %s", i, round, k, ("x"):rep(padding))
			wanted[#wanted + 1] = text
			futures[#futures + 1] = remote.future[options.method](remote.future, text)
		end
	end
	for i, future in ipairs(futures) do
		local got = future:get(options.timeout)
		if got ~= wanted[i] then
			error(string.format("wanted the answer %q, got %q", wanted[i]:sub(1, 60), tostring(got):sub(1, 60)), 0)
		end
	end
	return #futures
end

-- Runs in the process of the clients until it is told to stop. It sends the number
-- of calls, or what went wrong.
local function load(options, told)
	local calls, remotes = 0, {}
	local ok, failed = pcall(function()
		for i = 1, options.clients do
			remotes[i] = control.RemoteControl({ "", options.port }, options.authkey, options.timeout)
			remotes[i]:connect()
		end
		told:put("connected")
		local round = 0
		while not told:poll(connection.POLLIN, 0) do
			round = round + 1
			calls = calls + call_all(remotes, options, round)
		end
	end)
	told:put(ok and calls or { failed = tostring(failed) })
end

local function start_load(options, service)
	local copied = { port = service.port, authkey = service.authkey }
	for _, name in ipairs { "clients", "method", "depth", "size", "timeout" } do
		copied[name] = options[name]
	end
	local pipe, theirs = Pipe.pair()
	local process = Process { target = load, args = { copied, theirs }, proc_name = "ave-load" }
	process:start()
	theirs:close()
	local first = pipe:get(options.timeout)
	if first ~= "connected" then
		failure.raise("the clients could not connect: " .. tostring(first.failed))
	end
	return process, pipe
end

local function descriptors(pid)
	local pipe = io.popen("ls /proc/" .. pid .. "/fd | wc -l")
	local count = tonumber(pipe:read("*a"))
	pipe:close()
	return count
end

-- Restarts the service until a client has failed or all restarts are done, and
-- returns the last service.
local function restart(options, load_failed)
	local service = options.service
	for i = 1, options.restarts do
		local successor = options.successor()
		if not successor.pid then
			successor:start { synchronize = true }
		end
		local status = service:join(options.timeout)
		if status ~= 0 then
			failure.raise(string.format("restart %d: the replaced service ended with status %s, wanted 0", i, tostring(status)))
		end
		service = successor
		if load_failed() then
			break
		end
	end
	return service
end

-- restart_under_load{service=, successor=, clients=, restarts=, ...} returns the
-- service that is running at the end, and the number of calls.
return function(given)
	local options = with_defaults(given)
	local before = descriptors(options.service.pid)
	local process, pipe = start_load(options, options.service)
	local ok, service = pcall(restart, options, function()
		return pipe:poll(connection.POLLIN, 0)
	end)
	pipe:put("stop")
	local got, result = pcall(pipe.get, pipe, options.timeout)
	pipe:close()
	process:kill()
	process:join(options.timeout)
	if not ok or not got then
		error(not ok and service or result, 0)
	end
	if type(result) == "table" then
		failure.raise("a client noticed the restarts: " .. result.failed)
	end
	eventually(function()
		local after = descriptors(service.pid)
		return after <= before or error(string.format("the service had %d open descriptors before the restarts and has %d now", before, after), 0)
	end)
	return service, result
end

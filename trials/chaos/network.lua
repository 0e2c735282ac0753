-- A network that delays, cuts and resets, between clients and a service.

local ave = require("ave")
local posix = ave.posix
local Counter = require("counter")
local BlockingConnection = ave.network.connection.BlockingConnection

-- Copies from one descriptor to another one, in pieces and with delays. It ends after a
-- random number of pieces, or when a side has closed.
local function pump(from, to, pieces)
	for _ = 1, pieces do
		local ok, data = pcall(posix.read, from, 65536)
		if not ok or data == "" then
			return
		end
		if math.random(5) == 1 then
			ave.time.sleep(math.random() * 0.03)
		end
		local at = 1
		while at <= #data do
			local size = math.random(3) == 1 and math.random(200) or #data
			if not pcall(posix.write, to, data:sub(at, at + size - 1), 20) then
				return
			end
			at = at + size
		end
	end
end

-- Serves one client of the proxy.
local function pass(client, target)
	local service = BlockingConnection({ "", target })
	service:connect(20)
	local pieces = math.random(4) == 1 and math.random(20) or math.random(400)
	local a, b = client:fileno(), service:fileno()
	local back = ave.task.spawn(pump, b, a, pieces)
	local there = ave.task.spawn(pump, a, b, pieces)
	while not (back:done() or there:done()) do
		ave.time.sleep(0.005)
	end
	-- They must end before the descriptors are closed: the numbers may belong to the next client then.
	for _, one in ipairs { back, there } do
		one:cancel()
		pcall(one.join, one, 20)
	end
	if math.random(2) == 1 then
		-- Closing a socket with unread data makes the system send a reset.
		posix.poll({ a }, 0.2)
	end
	client:close()
	service:close()
end

-- The process between clients and a service.
local function proxy(socket, target, seed)
	math.randomseed(seed)
	local listener = BlockingConnection({ "", 0 }, socket)
	while true do
		local client = listener:accept()
		ave.task.spawn(function()
			pcall(pass, client, target)
		end)
	end
end

local function connections(port)
	local remote = ave.RemoteControl({ "", port }, "admin", 20)
	local n = remote:call("$statistics").connections
	remote:close()
	return n
end

local function check(options)
	local service, port = Counter.begin(nil, { alt_keys = { admin = "admin" } })
	local socket, outside = ave.find_free_port()
	local between = ave.Process { target = proxy, args = { socket, port, options.seed }, proc_name = "ave-proxy" }
	between:start()
	socket:close()
	local clients = Counter.clients(4, outside, { seed = options.seed, timeout = 10 })
	local ok, result = pcall(function()
		local deadline = ave.time.monotonic() + options.seconds
		while ave.time.monotonic() < deadline do
			ave.time.sleep(0.2)
			Counter.look(clients)
		end
		local answers, lost = Counter.settle(clients)
		between:kill()
		local limit = ave.time.monotonic() + 30
		while connections(port) > 1 do
			if ave.time.monotonic() > limit then
				error(("all clients have ended, but the service has %d connections"):format(connections(port)), 0)
			end
			ave.time.sleep(0.1)
		end
		return ("%d answers, %d lost calls"):format(answers, lost)
	end)
	between:kill()
	between:join(20)
	Counter.finish(clients, service)
	return ok and result or error(result, 0)
end

return {
	{ name = "a network that delays, cuts and resets changes no answer and leaves no connection", check = check },
}

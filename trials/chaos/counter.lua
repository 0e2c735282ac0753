-- A service to break, and clients that check each of its answers.

local ave = require("ave")
local Control, rpc = ave.Control, ave.Control.rpc
local POLLIN = ave.network.connection.POLLIN

local Counter = Control:subclass("Counter")

function Counter:initialize()
	self.total = self.total or 0
	Control.initialize(self)
end

function Counter:serialize()
	return { total = self.total }
end

function Counter:adopt(state)
	self.total = state.total
end

-- Counts the calls, and returns its argument.
Counter.count = rpc(function(self, value)
	self.total = self.total + 1
	return value
end)

Counter.counted = rpc(function(self)
	return self.total
end)

-- Runs a command, at the same time as other calls.
Counter.execute = rpc(Control.concurrent(function(_, command)
	local status, output = ave.cmd.run(command, { timeout = 30 })
	return { status = status, output = output }
end))

-- Starts it on a free port, or takes over the service on a port.
function Counter.begin(port, more)
	local options = { port = port, takeover = port ~= nil or nil, proc_name = "ave-counter" }
	for name, value in pairs(more or {}) do
		options[name] = value
	end
	if not port then
		options.socket, options.port = ave.find_free_port()
	end
	local service = Counter(options)
	service:start { synchronize = true }
	return service, options.port
end

-- Calls the service on a port until the pipe says to stop, and reports how many answers
-- it got and how many calls were lost. With patient, a lost call is an error.
local function live(pipe, options)
	math.randomseed(options.seed)
	local answers, lost = 0, 0
	local ok, e = pcall(function()
		local remote
		while not pipe:poll(POLLIN, 0) do
			remote = remote or ave.RemoteControl({ "", options.port }, nil, 20, true, nil, { call_timeout = options.timeout })
			local sent, futures = {}, {}
			local fine, why = pcall(function()
				for i = 1, math.random(4) do
					sent[i] = ("%s/%d/%s"):format(options.name, answers + i, ("x"):rep(math.random(0, 20000)))
					futures[i] = remote.future:count(sent[i])
				end
				for i, future in ipairs(futures) do
					local got = future:get(options.timeout)
					if got ~= sent[i] then
						error(("a call got the answer to another one: wanted %q, got %q"):format(sent[i]:sub(1, 40), tostring(got):sub(1, 40)), 0)
					end
					answers = answers + 1
				end
			end)
			if not fine then
				local connection = type(why) == "table" and why.type and why.type:find("^Connection")
				if options.patient or not connection then
					error(why, 0)
				end
				lost = lost + 1
				remote:close()
				remote = nil
				ave.time.sleep(0.02)
			end
		end
		if remote then
			remote:close()
		end
	end)
	pipe:put(ok and { answers = answers, lost = lost } or { failed = tostring(e) })
end

-- Starts clients of a port. Options: seed, patient, timeout (of a call).
function Counter.clients(n, port, options)
	local list = {}
	for i = 1, n do
		local ours, theirs = ave.Pipe.pair()
		local process = ave.Process { target = live, proc_name = "ave-client", args = { theirs, {
			port = port, seed = options.seed + i, patient = options.patient or false, timeout = options.timeout or 30, name = "client-" .. i,
		} } }
		process:start()
		theirs:close()
		list[i] = { process = process, pipe = ours }
	end
	return list
end

-- Raises the error of a client, if there is one.
function Counter.look(clients)
	for _, client in ipairs(clients) do
		if client.pipe:poll(POLLIN, 0) then
			error(client.pipe:get().failed or "a client ended early", 0)
		end
	end
end

-- Ends the clients, and returns how many answers they got and calls they lost.
function Counter.settle(clients)
	local answers, lost = 0, 0
	for _, client in ipairs(clients) do
		client.pipe:put("stop")
	end
	for _, client in ipairs(clients) do
		local told = client.pipe:get(90)
		if told.failed then
			error(told.failed, 0)
		end
		answers, lost = answers + told.answers, lost + told.lost
	end
	return answers, lost
end

-- Kills processes.
function Counter.finish(clients, service)
	for _, client in ipairs(clients) do
		client.process:kill()
		client.process:join(20)
		client.pipe:close()
	end
	if service then
		service:kill()
		service:join(20)
	end
end

return Counter

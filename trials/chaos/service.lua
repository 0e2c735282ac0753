-- Services are killed, stopped and taken over.

local ave = require("ave")
local Counter = require("counter")

local CLIENTS = 4

local function ask(port)
	local remote = ave.RemoteControl({ "", port }, nil, 20)
	local counted = remote:counted()
	remote:close()
	return counted
end

-- Takeovers and stops, which clients do not notice: each call is counted once.
local function unnoticed(options)
	local service, port = Counter.begin()
	local clients = Counter.clients(CLIENTS, port, { seed = options.seed, patient = true })
	local takeovers, stops, deadline = 0, 0, ave.time.monotonic() + options.seconds
	local ok, result = pcall(function()
		while ave.time.monotonic() < deadline do
			if math.random(3) == 1 then
				ave.posix.kill(service.pid, "STOP")
				ave.time.sleep(math.random() * 0.3)
				ave.posix.kill(service.pid, "CONT")
				stops = stops + 1
			else
				local old = service
				service = Counter.begin(port)
				old:join(20)
				takeovers = takeovers + 1
			end
			Counter.look(clients)
		end
		local answers = Counter.settle(clients)
		local counted = ask(port)
		if counted ~= answers then
			error(("clients got %d answers, but %d calls were counted"):format(answers, counted), 0)
		end
		return ("%d answers, %d takeovers, %d stops"):format(answers, takeovers, stops)
	end)
	Counter.finish(clients, service)
	return ok and result or error(result, 0)
end

-- Kills, after which a service is started again on the same port. Calls are lost, but no
-- client gets an answer to another call.
local function killed(options)
	local service, port = Counter.begin()
	local clients = Counter.clients(CLIENTS, port, { seed = options.seed })
	local kills, deadline = 0, ave.time.monotonic() + options.seconds
	local ok, result = pcall(function()
		while ave.time.monotonic() < deadline do
			ave.time.sleep(0.1 + math.random() * 0.3)
			service:kill()
			service:join(20)
			service = Counter { port = port, proc_name = "ave-counter" }
			service:start { synchronize = true }
			kills = kills + 1
			Counter.look(clients)
		end
		local answers, lost = Counter.settle(clients)
		return ("%d answers, %d lost calls, %d kills"):format(answers, lost, kills)
	end)
	Counter.finish(clients, service)
	return ok and result or error(result, 0)
end

return {
	{ name = "clients notice nothing of a service that is taken over and stopped, and each call is counted once", check = unnoticed },
	{ name = "clients of a service that is killed get their own answers or a connection error", check = killed },
}

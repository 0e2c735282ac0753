-- Brokers are killed, stopped and taken over.

local ave = require("ave")
local Lab = require("lab")

local CLIENTS, PIECES = 5, 4

local breakage = {}

function breakage.kill(lab)
	lab.broker:kill()
	lab.broker:join(20)
	lab:start()
end

function breakage.stop(lab)
	ave.posix.kill(lab.broker.pid, "STOP")
	ave.time.sleep(math.random() * 0.5)
	ave.posix.kill(lab.broker.pid, "CONT")
end

function breakage.takeover(lab)
	local old = lab.broker
	lab:start(true)
	local status = old:join(20)
	if status ~= 0 then
		error("a broker that was taken over ended with status " .. status, 0)
	end
end

-- Kills one of two brokers while one takes over from the other.
function breakage.kill_in_takeover(lab)
	local old, new = lab.broker, lab:make(true)
	new:start()
	ave.time.sleep(math.random() * 0.15)
	local dies, lives = old, new
	if math.random(2) == 1 then
		dies, lives = new, old
	end
	dies:kill()
	dies:join(20)
	-- By now the other one either has the service and answers, or ends.
	local deadline = ave.time.monotonic() + 30
	while lives:is_alive() do
		local remote = ave.RemoteControl({ "", lab.port }, "admin", 1, false, nil, { call_timeout = 5 })
		local ok, status = pcall(remote.call, remote, "status")
		remote:close()
		if ok and status.pid == lives.pid then
			lab.broker = lives
			return
		elseif ave.time.monotonic() > deadline then
			error("after the other broker was killed, a broker neither serves nor ends", 0)
		end
		ave.time.sleep(0.05)
	end
	lives:join(20)
	lab:start()
end

function breakage.kill_client(lab, seed)
	lab:kill_client(math.random(#lab.clients))
	lab:join(seed)
end

local kinds = { "kill", "stop", "takeover", "kill_in_takeover", "kill_client" }

local function check(options)
	return ave.fs.tempdir(function(home)
		return Lab.with(home, PIECES, function(lab)
			lab:start()
			for _ = 1, CLIENTS do
				lab:join(options.seed)
			end
			local done, deadline = {}, ave.time.monotonic() + options.seconds
			while ave.time.monotonic() < deadline do
				ave.time.sleep(math.random() * 0.6)
				local kind = kinds[math.random(#kinds)]
				breakage[kind](lab, options.seed)
				done[kind] = (done[kind] or 0) + 1
				lab:look()
			end
			local counts, list = lab:settle(), {}
			for _, kind in ipairs(kinds) do
				table.insert(list, kind .. " " .. (done[kind] or 0))
			end
			return ("%d leases, %s"):format(counts.leased, table.concat(list, ", "))
		end)
	end)
end

return {
	{ name = "a broker that is killed, stopped and taken over leases every piece once, and forgets nothing", check = check },
}

#!/usr/bin/env avescript
-- Works like a laboratory for a while, and fails if the use of any resource grows:
-- services and a broker with clients that come and go, commands, sessions, processes and
-- takeovers.
--
-- The work consists of rounds. After each round all clients have ended, and the resources
-- of all processes are counted. The first third of the rounds is compared with the last
-- third: the smallest amount in the last third may exceed the largest in the first by a
-- quarter plus 16 MiB for memory, and by the allowance for descriptors, threads,
-- goroutines, processes and files.

local ave = require("ave")
local cmd, fs, json, time = ave.cmd, ave.fs, ave.json, ave.time
local Control, Process, RemoteControl = ave.Control, ave.Process, ave.RemoteControl
local rpc = Control.rpc

local options = ave.args.parse {
	summary = "Works for a while, and fails if memory, descriptors, threads, goroutines, processes or files grow.",
	options = {
		{ name = "time", type = "seconds", default = 600, help = "how long to work" },
		{ name = "clients", type = "integer", default = 4, help = "how many clients work at a time" },
		{ name = "round", type = "seconds", default = 5, help = "how long a round takes" },
	},
}

local ALLOWANCE = { descriptors = 8, threads = 8, goroutines = 16, processes = 0, files = 2 }
local PATIENCE = 60 -- seconds, for things that take no time

-- A service with typical methods.
local Worker = Control:subclass("Worker")
Worker.echo = rpc(function(_, value) return value end)
Worker.fail = rpc(function(_, text) error(ave.exceptions.Exception(text), 0) end)
Worker.wait = rpc(Control.concurrent(function(_, seconds) time.sleep(seconds) return seconds end))
Worker.command = rpc(Control.concurrent(function(_, text)
	local _, output = cmd.run { "echo", text }
	return output
end))
Worker.late = rpc(Control.concurrent(function()
	local _, e = pcall(cmd.run, "sleep 60", { timeout = 0.05 })
	return e.type
end))
Worker.talk = rpc(Control.concurrent(function(_, text)
	local session = cmd.spawn("cat", { timeout = PATIENCE })
	session:sendline(text)
	session:expect(text)
	session:close()
	return text
end))
Worker.child = rpc(function(_, n)
	local child = Process { target = os.exit, args = { n } }
	child:start()
	return child:join(PATIENCE)
end)
Worker.quiet = rpc(function()
	collectgarbage()
	collectgarbage()
end)
function Worker.serialize() return {} end
function Worker.adopt() end

-- The work of a client, in a process of its own.
local function work(ports, number, seconds)
	local until_then = time.monotonic() + seconds
	local function connect(port) return RemoteControl({ "", port }, "key", PATIENCE, true, nil, { call_timeout = PATIENCE }) end
	local steady, moving = connect(ports.steady), connect(ports.moving)
	local broker = ave.broker.connect { address = { "", ports.broker }, timeout = PATIENCE, optimist = true, patience = PATIENCE }
	local tasks = {
		function(n) assert(steady:echo(n) == n) end,
		function(n) assert(moving:echo(n) == n) end,
		function(n)
			local text = ("x"):rep(1000 * (n % 2000))
			assert(steady:echo(text) == text)
		end,
		function(n)
			local list = {}
			for i = 1, n % 1000 do list[i] = { id = i, name = "n" .. i } end
			assert(#moving:echo(list) == #list)
		end,
		function()
			local futures = {}
			for i = 1, 10 do futures[i] = steady.future:wait(0.01) end
			for i = 1, 10 do assert(futures[i]:get(PATIENCE) == 0.01) end
		end,
		function(n) steady.async:echo(n) end,
		function(n)
			local ok, e = pcall(steady.fail, steady, "failure " .. n)
			assert(not ok and e.message == "failure " .. n, e)
		end,
		function()
			steady:close()
			steady = connect(ports.steady)
		end,
		function(n) assert(steady:command("hello " .. n) == "hello " .. n .. "\r\n") end,
		function() assert(steady:late() == "Timeout") end,
		function(n) assert(steady:talk("line " .. n) == "line " .. n) end,
		function(n) assert(steady:child(n % 100) == n % 100) end,
		function()
			local handset, workspace = unpack(broker:request { { type = "handset" }, { type = "workspace" }, wait = PATIENCE })
			workspace:put_file("serial", handset.profile.serial)
			assert(workspace:run { "cat", "serial" } == 0)
			broker:yield()
		end,
		function()
			broker:request { { type = "handset" }, wait = PATIENCE, reason = "soak" }
			broker:close()
			broker = ave.broker.connect { address = { "", ports.broker }, timeout = PATIENCE, optimist = true, patience = PATIENCE }
		end,
	}
	for n = number, math.huge do
		if time.monotonic() > until_then then break end
		tasks[(n * 7 + math.floor(n / #tasks)) % #tasks + 1](n)
	end
	broker:close()
	steady:close()
	moving:close()
end

local home = os.tmpname()
os.remove(home)
fs.mkdir(home .. "/.ave/config", { parents = true })
fs.mkdir(home .. "/sessions")
fs.mkdir(home .. "/tmp")
ave.env.set("TMPDIR", home .. "/tmp")

local function free_port()
	local socket, port = ave.find_free_port()
	socket:close()
	return port
end

local ports = { steady = free_port(), moving = free_port(), broker = free_port() }
fs.write(home .. "/.ave/config/authkeys.json", json.encode { admin = "admin key", share = "share key" })
fs.write(home .. "/.ave/config/broker.json", json.encode {
	port = ports.broker, session_directory = home .. "/sessions",
	equipment = { { type = "handset", serial = "1" }, { type = "handset", serial = "2" }, { type = "handset", serial = "3" } },
})

local function start_worker(port, takeover)
	local worker = Worker {
		port = port, authkey = "key", alt_keys = { admin = "admin key" }, takeover = takeover, takeover_timeout = PATIENCE,
	}
	worker:start { synchronize = true }
	return worker
end

local function start_broker(takeover)
	local configuration = ave.broker.configure(home)
	configuration.takeover, configuration.takeover_timeout = takeover, PATIENCE
	local broker = ave.broker.Broker(configuration)
	broker:start { synchronize = true }
	return broker
end

local steady, moving, broker = start_worker(ports.steady, false), start_worker(ports.moving, false), start_broker(false)

-- Replaces a service by a new process.
local function replace(old, start, ...)
	local new = start(...)
	assert(old:join(PATIENCE) == 0, "a service that was taken over did not exit with status 0")
	return new
end

local function round()
	local clients = {}
	for i = 1, options.clients do
		clients[i] = Process { target = work, args = { ports, i * 1000, options.round } }
		clients[i]:start()
	end
	time.sleep(options.round / 3)
	moving = replace(moving, start_worker, ports.moving, true)
	time.sleep(options.round / 3)
	broker = replace(broker, start_broker, true)
	for _, client in ipairs(clients) do
		local status = client:join(options.round + 2 * PATIENCE)
		assert(status == 0, "a client failed")
	end
end

local own = tonumber(fs.read("/proc/self/stat"):match("^%d+"))

-- This process and its living descendants.
local function descendants()
	local parents, list = {}, {}
	for _, name in ipairs(fs.list("/proc")) do
		local ok, stat = pcall(fs.read, "/proc/" .. name .. "/stat")
		local pid = tonumber(name)
		local state, parent = (pid and ok and stat or ""):match("%) (%a) (%d+)")
		if state and state ~= "Z" then
			parents[pid] = tonumber(parent)
		end
	end
	for pid in pairs(parents) do
		local at = pid
		while at and at ~= own do at = parents[at] end
		if at then table.insert(list, pid) end
	end
	return list
end

-- Counts the resources of all processes.
local function footprint()
	local sum = { memory = 0, descriptors = 0, threads = 0, processes = 0, files = 0, goroutines = 0 }
	for _, pid in ipairs(descendants()) do
		local status = fs.read("/proc/" .. pid .. "/status")
		sum.memory = sum.memory + tonumber(status:match("RssAnon:%s+(%d+) kB")) / 1024
		sum.threads = sum.threads + tonumber(status:match("Threads:%s+(%d+)"))
		sum.descriptors = sum.descriptors + #fs.list("/proc/" .. pid .. "/fd")
		sum.processes = sum.processes + 1
	end
	for _ in fs.walk(home) do
		sum.files = sum.files + 1
	end
	for _, port in pairs(ports) do
		local admin = RemoteControl({ "", port }, "admin key", PATIENCE)
		sum.goroutines = sum.goroutines + admin:call("$statistics").goroutines
		admin:close()
	end
	return sum
end

-- Waits until everything of a round has ended, and counts.
local function quiet()
	local deadline = time.monotonic() + PATIENCE
	while #descendants() > 4 and time.monotonic() < deadline do
		time.sleep(0.1)
	end
	for _, port in ipairs { ports.steady, ports.moving } do
		local remote = RemoteControl({ "", port }, "key", PATIENCE)
		remote:quiet()
		remote:close()
	end
	collectgarbage()
	time.sleep(0.5) -- for things that are closed a moment later
	return footprint()
end

local function extreme(samples, first, last, kind, which)
	local found = samples[first][kind]
	for i = first, last do
		found = which(found, samples[i][kind])
	end
	return found
end

-- Compares the first third of the samples with the last one.
local function verdict(samples)
	local third = math.max(math.floor(#samples / 3), 1)
	local grown = 0
	for _, kind in ipairs { "memory", "descriptors", "threads", "goroutines", "processes", "files" } do
		local before = extreme(samples, 1, third, kind, math.max)
		local after = extreme(samples, #samples - third + 1, #samples, kind, math.min)
		local limit = kind == "memory" and before * 1.25 + 16 or before + ALLOWANCE[kind]
		local ok = after <= limit
		grown = grown + (ok and 0 or 1)
		print(("%-5s %-12s at most %7.1f in the first third, at least %7.1f in the last, allowed %7.1f"):format(
			ok and "ok" or "FAIL", kind, before, after, limit))
	end
	return grown
end

local samples, began, rounds = {}, time.monotonic(), 0
local ok, e = xpcall(function()
	round() -- to warm up
	while time.monotonic() - began < options.time or #samples < 3 do
		round()
		rounds = rounds + 1
		local now = quiet()
		table.insert(samples, now)
		print(("round %3d: %6.1f MiB, %3d descriptors, %3d threads, %3d goroutines, %d processes, %d files"):format(
			rounds, now.memory, now.descriptors, now.threads, now.goroutines, now.processes, now.files))
	end
end, function(e) return tostring(e) .. "\n" .. debug.traceback() end)

local served = 0
pcall(function()
	local admin = RemoteControl({ "", ports.steady }, "admin key", PATIENCE)
	served = admin:call("$statistics").calls
	admin:close()
end)
for _, service in ipairs { steady, moving, broker } do
	service:terminate()
	service:join(PATIENCE)
end
fs.remove(home, { recursive = true })
if not ok then
	print("FAIL  after " .. rounds .. " rounds: " .. e)
	os.exit(1)
end
print(("%d rounds in %.0f s; one of the services served %d calls"):format(rounds, time.monotonic() - began, served))
os.exit(verdict(samples) == 0 and 0 or 1)

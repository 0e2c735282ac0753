-- A broker in its own directory, and clients in processes. For every piece that a client
-- has leased, it creates a file that must not exist, and removes it before it yields the
-- piece. So two holders of the same piece are detected, whatever the broker says.

local ave = require("ave")
local POLLIN = ave.network.connection.POLLIN

local Lab = {}
Lab.__index = Lab

local function relays(n)
	local equipment = {}
	for i = 1, n do
		equipment[i] = { type = "relay", uid = "r-" .. i }
	end
	return equipment
end

-- Creates a lab with a number of pieces. Its state is in a directory.
function Lab.new(home, pieces)
	ave.fs.mkdir(home .. "/claims", { parents = true })
	ave.fs.mkdir(home .. "/sessions")
	ave.fs.mkdir(home .. "/.ave", { parents = true })
	local socket, port = ave.find_free_port()
	socket:close()
	return setmetatable({ home = home, pieces = pieces, port = port, clients = {}, number = 0 }, Lab)
end

-- A broker that is not started yet. With takeover it replaces the running one.
function Lab:make(takeover)
	return ave.broker.Broker {
		port = self.port, equipment = relays(self.pieces), takeover = takeover or nil, proc_name = "ave-broker",
		log_file = self.home .. "/broker.log", state_file = self.home .. "/.ave/broker.db", session_directory = self.home .. "/sessions",
		alt_keys = { admin = "admin" },
	}
end

function Lab:start(takeover)
	self.broker = self:make(takeover)
	self.broker:start { synchronize = true }
end

-- A connection as administrator, which the caller must close.
function Lab:admin()
	local admin = ave.RemoteControl({ "", self.port }, "admin", 20, true, nil, { call_timeout = 20 })
	admin:connect()
	return admin
end

-- Records that a client holds a piece. Raises an error if another client holds it.
local function claim(home, name, uid)
	local path = home .. "/claims/" .. uid
	local ok, fd = pcall(ave.posix.open, path, "wx")
	if not ok then
		local _, holder = pcall(ave.fs.read, path)
		error(("%s was told that it has %s, which %s holds"):format(name, uid, tostring(holder)), 0)
	end
	ave.posix.write(fd, name)
	ave.posix.close(fd)
end

-- Leases, holds and yields once. Returns whether something was leased.
local function round(client, home, name)
	local wanted = { { type = "relay" }, wait = math.random(0, 2), reason = name }
	if math.random(4) == 1 then
		table.insert(wanted, { type = "relay" })
	end
	if math.random(8) == 1 then
		table.insert(wanted, { type = "workspace" })
	end
	local ok, handles = pcall(client.request, client, wanted)
	if not ok then
		return type(handles) == "table" and handles:is("Busy") and "busy" or error(handles, 0)
	end
	for _, handle in ipairs(handles) do
		claim(home, name, handle.profile.uid)
		if handle.profile.type == "workspace" then
			local _, output = handle:run({ "echo", name }, { timeout = 20 })
			assert(output == name .. "\r\n", "the workspace answered for another client: " .. output)
		end
	end
	ave.time.sleep(math.random() * 0.1)
	local listed = client:list()
	if #listed ~= #handles then
		error(("%s was told that it has %d pieces, but the broker lists %d of them"):format(name, #handles, #listed), 0)
	end
	for _, handle in ipairs(handles) do
		ave.fs.remove(home .. "/claims/" .. handle.profile.uid)
	end
	client:yield()
	return "leased"
end

-- The work of a client until it is told to stop. It reports what it has done.
local function live(pipe, options)
	math.randomseed(options.seed)
	local counts = { leased = 0, busy = 0 }
	local ok, e = pcall(function()
		local client = ave.broker.connect { address = { "", options.port }, patience = 60, timeout = 20, optimist = true }
		while not pipe:poll(POLLIN, 0) do
			local what = round(client, options.home, options.name)
			counts[what] = counts[what] + 1
		end
		client:close()
	end)
	pipe:put(ok and counts or { failed = tostring(e) })
end

-- Adds a client.
function Lab:join(seed)
	self.number = self.number + 1
	local name = "client-" .. self.number
	local ours, theirs = ave.Pipe.pair()
	local process = ave.Process { target = live, proc_name = "ave-client",
		args = { theirs, { port = self.port, home = self.home, name = name, seed = seed + self.number } } }
	process:start()
	theirs:close()
	table.insert(self.clients, { name = name, process = process, pipe = ours })
end

-- Kills a client, and removes its claims; it cannot make new ones then.
function Lab:kill_client(i)
	local client = table.remove(self.clients, i)
	if client.pipe:poll(POLLIN, 0) then
		local counts = client.pipe:get()
		if counts.failed then
			error(counts.failed, 0)
		end
	end
	ave.posix.kill(client.process.pid, "STOP")
	for _, uid in ipairs(ave.fs.list(self.home .. "/claims")) do
		local path = self.home .. "/claims/" .. uid
		local ok, holder = pcall(ave.fs.read, path)
		if ok and holder == client.name then
			ave.fs.remove(path)
		end
	end
	client.process:kill()
	client.process:join(20)
	client.pipe:close()
end

-- Raises the error of a client, if there is one.
function Lab:look()
	for _, client in ipairs(self.clients) do
		if client.pipe:poll(POLLIN, 0) then
			error(client.pipe:get().failed or client.name .. " ended early", 0)
		end
	end
end

-- Ends the clients, and returns what they have done together. No lease and no session of
-- them may be left then.
function Lab:settle()
	local counts = { leased = 0, busy = 0 }
	for _, client in ipairs(self.clients) do
		client.pipe:put("stop")
	end
	for _, client in ipairs(self.clients) do
		local told = client.pipe:get(120)
		if told.failed then
			error(told.failed, 0)
		end
		counts.leased, counts.busy = counts.leased + told.leased, counts.busy + told.busy
		client.pipe:close()
		client.process:join(20)
	end
	self.clients = {}
	local admin = self:admin()
	local deadline = ave.time.monotonic() + 60
	while true do
		local leases, left = admin:list_allocations_all(), ave.fs.list(self.home .. "/sessions")
		if #leases == 0 and #left == 0 then
			break
		elseif ave.time.monotonic() > deadline then
			error(("all clients have ended, but %d leases and %d sessions are left"):format(#leases, #left), 0)
		end
		ave.time.sleep(0.1)
	end
	admin:close()
	if counts.leased == 0 then
		error("no client has leased anything: nothing was tested", 0)
	end
	return counts
end

-- Ends everything that was started.
function Lab:close()
	for _, client in ipairs(self.clients) do
		client.process:kill()
		client.process:join(20)
		client.pipe:close()
	end
	if self.broker and self.broker:is_alive() then
		ave.posix.kill(self.broker.pid, "CONT")
		local ok, admin = pcall(self.admin, self)
		if ok then
			pcall(admin.call, admin, "stop", {}, {}, 20)
			admin:close()
		end
		self.broker:kill()
	end
	if self.broker then
		self.broker:join(20)
	end
end

-- Calls fn with a lab with a number of pieces in a directory, and always ends the lab.
function Lab.with(home, pieces, fn)
	local lab = Lab.new(home, pieces)
	local ok, result = pcall(fn, lab)
	lab:close()
	if not ok then
		error(result, 0)
	end
	return result
end

return Lab

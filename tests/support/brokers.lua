-- A laboratory in a directory of its own: its configuration, its broker as a
-- service or as the lab owner's script runs it, and clients.

local ave = require("ave")

local Lab = {}
Lab.__index = Lab

-- The account of the tests, which sessions run as, too: root has to say so.
local _, id = ave.cmd.run("id -un")
local account = id:match("%S+")

-- Makes the directory. Broker is what broker.json has beside the port and the
-- account.
function Lab.new(broker)
	local home = os.tmpname()
	os.remove(home)
	ave.cmd.run { "mkdir", "-p", home .. "/.ave/config", home .. "/sessions" }
	-- None of those that the system gives to connections: it is free for a while.
	local socket, port = ave.find_free_port(15000, 32000)
	socket:close()
	local lab = setmetatable({ home = home, port = port, clients = {}, brokers = {} }, Lab)
	broker.port = port
	broker.session_directory = home .. "/sessions"
	lab:write("broker", broker)
	lab:write("authkeys", { admin = "admin key", share = "share key" })
	return lab
end

function Lab:write(name, value)
	if name == "broker" and value.account == nil then
		value.account = account
	end
	local file = assert(io.open(self.home .. "/.ave/config/" .. name .. ".json", "w"))
	file:write(ave.json.encode(value))
	file:close()
end

-- Calls scripts/broker.lua.
function Lab:script(...)
	return ave.cmd.run({ "/proc/self/exe", "scripts/broker.lua", "--home=" .. self.home, ... }, { timeout = 30 })
end

-- Starts the broker as a child of the test. Extra are options of Broker.
function Lab:start(extra)
	local options = ave.broker.configure(self.home)
	for name, value in pairs(extra or {}) do
		options[name] = value
	end
	local broker = ave.broker.Broker(options)
	broker:start { synchronize = true }
	table.insert(self.brokers, broker)
	return broker
end

-- Connects as a client. More are further options of connect.
function Lab:connect(more)
	local options = { address = { "", self.port }, patience = 10 }
	for name, value in pairs(more or {}) do
		options[name] = value
	end
	local client = ave.broker.connect(options)
	table.insert(self.clients, client)
	return client
end

function Lab:admin()
	local admin = ave.RemoteControl({ "", self.port }, "admin key", 5, true)
	table.insert(self.clients, admin)
	return admin
end

-- The directories of the sessions that there are.
function Lab:sessions()
	local _, output = ave.cmd.run { "ls", self.home .. "/sessions" }
	local list = {}
	for name in output:gmatch("[^\r\n]+") do
		table.insert(list, name)
	end
	return list
end

-- Ends everything.
function Lab:close()
	for _, client in ipairs(self.clients) do
		client:close()
	end
	local admin = ave.RemoteControl({ "", self.port }, "admin key", 5)
	pcall(admin.call, admin, "stop", {}, {}, 20)
	admin:close()
	for _, broker in ipairs(self.brokers) do
		if broker:is_alive() then
			broker:terminate()
		end
		broker:join(10)
	end
	ave.cmd.run { "rm", "-rf", self.home }
end

return Lab

-- The broker that is measured, with as much equipment as its input says. It ends when its
-- input does.

local ave = require("ave")

local equipment = {}
for i = 1, tonumber(io.read("*l")) do
	equipment[i] = { type = "relay", uid = "r-" .. i, lab = "bench" }
end
local home = os.tmpname()
os.remove(home)
ave.cmd.run { "mkdir", home }
local socket, port = ave.find_free_port()
local broker = ave.broker.Broker {
	port = port, socket = socket, equipment = equipment, alt_keys = { admin = "admin" },
	state_file = home .. "/state.db", session_directory = home,
}
broker:start { synchronize = true }
print(port, broker.pid)
io.flush()

io.read("*a")
broker:terminate()
broker:join()
ave.cmd.run { "rm", "-rf", home }

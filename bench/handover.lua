-- A service that is replaced by a new process for each line of the input. It ends when its
-- input does.

local Control = require("ave.network.control").Control
local connection = require("ave.network.connection")

local Bench = Control:subclass("Bench")

Bench.echo = Control.rpc(function(_, text)
	return text
end)

function Bench.serialize()
	return {}
end

function Bench.adopt() end

local socket, port = connection.find_free_port()
local service = Bench { port = port, socket = socket }
service:start { synchronize = true }
print(port)
io.flush()

for _ in io.lines() do
	local successor = Bench { port = port, takeover = true }
	successor:start { synchronize = true }
	service:join()
	service = successor
	print("replaced")
	io.flush()
end
service:terminate()
service:join()

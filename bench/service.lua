-- The service that is measured. It ends when the input of its parent does.

local control = require("ave.network.control")
local connection = require("ave.network.connection")
local host = require("ave.test.host")

local Control = control.Control
local Bench = Control:subclass("Bench")

Bench.echo = Control.rpc(function(_, text)
	return text
end)

Bench.doze = Control.rpc(Control.concurrent(function(_, text)
	host.sleep(0.05)
	return text
end))

local socket, port = connection.find_free_port()
local service = Bench { port = port, socket = socket }
service:start { synchronize = true }
print(port, service.pid)
io.flush()

io.read("*a")
service:terminate()
service:join()

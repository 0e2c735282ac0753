-- The service of the recorded conversations, and a client that makes their
-- calls. Tests in Go start the one and call the other.

local ave = require("ave")

local Control, exceptions, json = ave.Control, ave.exceptions, ave.json
local rpc = Control.rpc

local Recorded = Control:subclass("Recorded")

Recorded.echo = rpc(function(_, value)
	return value
end)
Recorded.add = rpc(function(_, a, b)
	return a + b
end)
Recorded.nothing = rpc(function() end)
Recorded.tup = rpc(function()
	return 1, "two", { 3.5, json.null, true }, json.object()
end)
Recorded.needs_auth = rpc(Control.auth(function()
	return "authenticated"
end))
Recorded.needs_admin = rpc(Control.preauth("admin")(function()
	return "admin"
end))
Recorded.raise_plain = rpc(function(_, message)
	error(message, 0)
end)
Recorded.raise_ave = rpc(function(_, details)
	error(exceptions.AveException(details))
end)
Recorded.raise_run_error = rpc(function()
	error(exceptions.RunError({ "no_such" }, "some output", "it failed"))
end)
Recorded.raise_timeout = rpc(function()
	ave.cmd.run("sleep 10", { timeout = 0.1 })
end)
Recorded.raise_exit = rpc(function(_, message)
	error(exceptions.Exit(message))
end)
Recorded.bye = rpc(function(self, message)
	self:shutdown(message)
	return "not sent"
end)

function Recorded.hidden() end

local M = {}

-- Starts the service in a process of its own, and returns its port and what
-- ends it.
function M.start()
	local socket, port = ave.find_free_port()
	local service = Recorded {
		port = port,
		socket = socket,
		authkey = "secret",
		alt_keys = { admin = "root-key" },
		anonymous = true,
	}
	service:start { synchronize = true }
	socket:close()
	return port, function()
		service:terminate()
		service:join(10)
	end
end

-- Connects a client.
function M.connect(port, key)
	local remote = ave.RemoteControl({ "127.0.0.1", port }, key, 10)
	remote:connect()
	return remote
end

-- Makes a call whose arguments are JSON. The outcome is the JSON of the answer
-- that it must have been.
function M.call(remote, method, vargs, kwargs)
	local ok, value = pcall(remote.call, remote, method, json.decode(vargs), json.decode(kwargs), 10)
	if ok then
		return json.encode { result = value == nil and json.null or value }
	elseif value:is("ConnectionClosed") then
		return "<closed>"
	end
	return json.encode { exception = value }
end

function M.call_async(remote, method, vargs)
	remote.async[method](remote.async, unpack(json.decode(vargs)))
end

return M

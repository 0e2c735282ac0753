-- Services in processes of their own, for one test or one block of them.

local find_free_port = require("ave.network.connection").find_free_port

local services = {}

-- Starts a service of a class on a port that is free. Returns it and the port.
function services.start(class, options)
	options = options or {}
	options.socket, options.port = find_free_port()
	local started = class(options)
	started:start { synchronize = true }
	return started, options.port
end

-- Ends it, if it has not ended by itself.
function services.stop(started)
	if started:is_alive() then
		started:terminate()
	end
	started:join(10)
end

return services

-- Everything under one roof: ave.cmd.run, ave.Control, ave.Profile, ...
-- A module is loaded when something in it is used for the first time.

-- Where a name is found: a module, or a module and a field of it.
local roof = {
	broker = { "ave.broker" },
	cmd = { "ave.cmd" },
	config = { "ave.config" },
	connection = { "ave.network.connection" },
	control = { "ave.network.control" },
	daemon = { "ave.daemon" },
	exceptions = { "ave.exceptions" },
	fdtx = { "ave.network.fdtx" },
	json = { "ave.json" },
	network = { "ave.network" },
	persona = { "ave.persona" },
	pipe = { "ave.network.pipe" },
	process = { "ave.network.process" },
	profile = { "ave.profile" },
	test = { "ave.test" },

	BlockingConnection = { "ave.network.connection", "BlockingConnection" },
	Connection = { "ave.network.connection", "Connection" },
	Control = { "ave.network.control", "Control" },
	Pipe = { "ave.network.pipe", "Pipe" },
	Daemon = { "ave.daemon", "Daemon" },
	FdTx = { "ave.network.fdtx", "FdTx" },
	Process = { "ave.network.process", "Process" },
	Profile = { "ave.profile", "Profile" },
	RemoteControl = { "ave.network.control", "RemoteControl" },
	find_free_port = { "ave.network.connection", "find_free_port" },
}

return setmetatable({}, {
	__index = function(ave, name)
		local place = roof[name]
		if not place then
			return nil
		end
		local value = require(place[1])
		if place[2] then
			value = value[place[2]]
		end
		ave[name] = value
		return value
	end,
})

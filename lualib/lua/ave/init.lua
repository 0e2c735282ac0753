-- Everything under one roof: ave.cmd.run, ave.Control, ave.Profile, ...
-- A module is loaded when something in it is used for the first time.

-- Where a name is found: a module, or a module and a field of it.
local roof = {
	args = { "ave.args" },
	broker = { "ave.broker" },
	cmd = { "ave.cmd" },
	config = { "ave.config" },
	connection = { "ave.network.connection" },
	control = { "ave.network.control" },
	daemon = { "ave.daemon" },
	env = { "ave.env" },
	exceptions = { "ave.exceptions" },
	fdtx = { "ave.network.fdtx" },
	fs = { "ave.fs" },
	http = { "ave.http" },
	json = { "ave.json" },
	log = { "ave.log" },
	network = { "ave.network" },
	persona = { "ave.persona" },
	pipe = { "ave.network.pipe" },
	posix = { "ave.posix" },
	process = { "ave.network.process" },
	profile = { "ave.profile" },
	regex = { "ave.regex" },
	screen = { "ave.screen" },
	task = { "ave.task" },
	test = { "ave.test" },
	time = { "ave.time" },

	BlockingConnection = { "ave.network.connection", "BlockingConnection" },
	Connection = { "ave.network.connection", "Connection" },
	Control = { "ave.network.control", "Control" },
	Pipe = { "ave.network.pipe", "Pipe" },
	Daemon = { "ave.daemon", "Daemon" },
	FdTx = { "ave.network.fdtx", "FdTx" },
	Process = { "ave.network.process", "Process" },
	Profile = { "ave.profile", "Profile" },
	RemoteControl = { "ave.network.control", "RemoteControl" },
	Screen = { "ave.screen", "Screen" },
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

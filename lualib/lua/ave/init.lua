-- The table of all modules: ave.cmd.run, ave.Control, ave.Profile, ... A module is
-- loaded when something in it is used for the first time.

-- For each name: its module, or the module and the field in it.
local roof = {
	args = { "ave.args" },
	broker = { "ave.broker" },
	bundle = { "ave.bundle" },
	cmd = { "ave.cmd" },
	config = { "ave.config" },
	connection = { "ave.network.connection" },
	control = { "ave.network.control" },
	daemon = { "ave.daemon" },
	debug = { "ave.debug" },
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
	text = { "ave.text" },
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
	repl = { "ave.debug", "repl" },
}

return setmetatable({}, {
	__names = roof, -- for the suggestions of error messages
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

-- How processes and services begin and end: what they say in their log, the
-- SIGTERM that nobody handles, and the port that nobody has chosen.

local ave = require("ave")
local cmd = require("ave.cmd")
local control = require("ave.network.control")
local Process = require("ave.network.process").Process
local services = require("support.services")

local Control, RemoteControl = control.Control, control.RemoteControl

local function interpret(code)
	return cmd.run({ "/proc/self/exe", "-e", code }, { timeout = 30 })
end

describe("the handle_SIGTERM of Process", function()
	it("is no handler of a class's own, and can be called by one", function()
		local plain = Process { target = function() while true do end end }
		plain:start { synchronize = true }
		plain:terminate()
		assert.equal(-15, plain:join(20))
		local polite = Process { target = cmd.run, args = { "sleep 60" } }
		function polite:handle_SIGTERM(signum)
			Process.handle_SIGTERM(self, signum)
			os.exit(7)
		end
		polite:start { synchronize = true }
		polite:terminate()
		assert.equal(-15, polite:join(20))
		local e = assert.raises("Exception", polite.handle_SIGTERM, polite, 15)
		assert.matches("it can only be called in the process itself; use terminate to send the signal", e.message, 1, true)
	end)
end)

describe("a process with logging", function()
	it("logs how it ends", function()
		local function log_of(body)
			local _, output = interpret(([[
				local Logged = ave.Process:subclass("Logged")
				local told = {}
				%s
				local child = Logged { logging = true }
				child:start { synchronize = true }
				child:terminate()
				print(child:join(20))
			]]):format(body))
			return (output:gsub("[^\r\n]- %-%- ", ""):gsub("\r\n", ","))
		end
		assert.equal("started,terminated by SIGTERM,-15,", log_of("function Logged:run() while true do end end"))
		assert.equal("started,received SIGTERM,ended,3,", log_of([[
			function Logged:run() while true do end end
			function Logged:handle_SIGTERM() os.exit(3) end
		]]))
		assert.equal("started,received SIGTERM,terminated by SIGTERM,-15,", log_of([[
			function Logged:run() ave.cmd.run("sleep 60") end
			function Logged:handle_SIGTERM(signum, frame) ave.Process.handle_SIGTERM(self, signum, frame) end
		]]))
		assert.matches("^started,.*no more.*,ended,1,$", log_of([[
			function Logged:run() ave.cmd.run("sleep 60") end
			function Logged:handle_SIGTERM() error("no more") end
		]]))
	end)
end)

describe("a process that is not initialized", function()
	it("is told by start which init was not called", function()
		local Forgetful = Process:subclass("Forgetful")
		function Forgetful:init(options) self.options = options end -- luacheck: ignore
		local Heir = Forgetful:subclass("Heir")
		local Server = require("ave.network.control").Control:subclass("Server")
		function Server:init() self.port = 0 end -- luacheck: ignore
		local Lazy = require("ave.daemon").Daemon:subclass("Lazy")
		function Lazy:init() end -- luacheck: ignore
		local function refused(object, method)
			return assert.raises("Exception", object[method], object).message
		end
		local never = ": the object was never initialized: "
		assert.equal("Forgetful" .. never .. "Forgetful.init must call Process.init(self, ...)", refused(Forgetful(), "start"))
		assert.equal("Heir" .. never .. "Forgetful.init must call Process.init(self, ...)", refused(Heir(), "start"))
		assert.equal("Server" .. never .. "Server.init must call Control.init(self, ...)", refused(Server(), "start"))
		assert.equal("Server" .. never .. "Server.init must call Control.init(self, ...)", refused(Server(), "run"))
		assert.equal("Lazy" .. never .. "Lazy.init must call Daemon.init(self, ...)", refused(Lazy(), "start"))
	end)
end)

describe("a service without a port", function()
	local Lab = Control:subclass("LifetimeLab")
	Lab.echo = Control.rpc(function(_, value) return value end)
	Lab.own_port = Control.rpc(function(self) return self.port end)

	it("tells its starter the port that the system has picked", function()
		local service
		finally(function() services.stop(service) end)
		for _, options in ipairs { {}, { port = 0 } } do
			service = Lab(options)
			service:start { synchronize = true }
			local remote = RemoteControl({ "", service.port }, nil, 10)
			assert.equal("x", remote:echo("x"))
			assert.equal(service.port, remote:own_port())
			remote:close()
			services.stop(service)
		end
	end)

	it("tells it to the starter of a daemon, too", function()
		local service = Lab {}
		service:start { synchronize = true, daemonize = true }
		finally(function() service:kill() end)
		local remote = RemoteControl({ "", service.port }, nil, 10)
		assert.equal("x", remote:echo("x"))
		remote:close()
	end)

	it("knows its port when it runs in this process, too", function()
		local service = Lab {}
		function service:new_connection() self:shutdown() end
		local here = ave.task.spawn(function() service:run() end)
		eventually(function() return service.port ~= nil end, { timeout = 20 })
		local remote = RemoteControl({ "", service.port }, nil, 10)
		pcall(remote.echo, remote, "x")
		remote:close()
		here:join(20)
	end)
end)

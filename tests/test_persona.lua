-- ave.persona: who the process is.

local cmd = require("ave.cmd")
local control = require("ave.network.control")
local fs = require("ave.fs")
local services = require("support.services")

local Control, RemoteControl = control.Control, control.RemoteControl
local Pipe = require("ave.network.pipe").Pipe
local Process = require("ave.network.process").Process

-- Runs a piece of Lua in an interpreter of its own, which may then be somebody
-- else.
local function interpret(code)
	return cmd.run({ "/proc/self/exe", "-e", code }, { timeout = 20 })
end

local function is_root()
	return select(2, cmd.run("id -u")) == "0\r\n"
end

describe("become_user", function()
	it("changes the owner of what is made from then on", function()
		if not is_root() then
			pending("only the super user can become another")
		end
		local status, output = interpret([[
			local home = ave.persona.become_user("nobody")
			local name = os.tmpname()
			io.open(name, "w"):close()
			print(home, (select(2, ave.cmd.run { "stat", "-c", "%U", name }):match("%S+")))
			os.remove(name)
		]])
		assert.equal(0, status, output)
		local _, passwd = cmd.run("getent passwd nobody")
		assert.equal(passwd:match("([^:]*):[^:]*$"), output:match("^(%S+)\t"))
		assert.matches("\tnobody\r\n", output, 1, true)
	end)

	it("leaves no way back to root", function()
		if not is_root() then
			pending("only the super user can become another")
		end
		local status, output = interpret([[
			ave.persona.become_user("nobody")
			local function say(...) print(...) io.stdout:flush() end
			say("sh", (select(2, ave.cmd.sh("id -un")):match("%S+")))
			say("popen", io.popen("id -un"):read())
			os.execute("echo execute $(id -un)")
			say("back", ave.cmd.run { "setpriv", "--reuid=0", "id" } ~= 0)
			say("home", (select(2, ave.cmd.sh("echo $HOME $USER $LOGNAME")):match("[^\r]+")))
			say("all", ave.fs.read("/proc/self/status"):match("\nUid:%s+([^\n]+)"))
		]])
		assert.equal(0, status, output)
		local _, passwd = cmd.run("getent passwd nobody")
		local uid, home = passwd:match("^[^:]*:[^:]*:(%d+):.*:([^:]*):[^:]*$")
		assert.equal(table.concat({
			"sh\tnobody",
			"popen\tnobody",
			"execute nobody",
			"back\ttrue",
			"home\t" .. home .. " nobody nobody",
			"all\t" .. table.concat({ uid, uid, uid, uid }, "\t"),
			"",
		}, "\r\n"), output)
	end)

	it("lets a service drop its rights when it is initialized", function()
		if not is_root() then
			pending("only the super user can become another")
		end
		local Guard = Control:subclass("Guard")
		function Guard:initialize()
			Control.initialize(self)
			require("ave.persona").become_user("nobody")
		end
		Guard.whoami = Control.rpc(function()
			return select(2, require("ave.cmd").run("id -un")):match("%S+")
		end)
		Guard.child = Control.rpc(function()
			local ours, theirs = require("ave.network.pipe").Pipe.pair()
			local child = require("ave.network.process").Process({
				proc_name = "page",
				target = function()
					local _, name = require("ave.cmd").run("id -un")
					theirs:put({ name:match("%S+"), require("ave.fs").read("/proc/self/comm") })
				end,
			})
			child:start()
			local answer = ours:get(20)
			child:join(20)
			return answer
		end)

		local service, port = services.start(Guard)
		local client = RemoteControl({ "", port }, nil, 20)
		assert.equal("nobody", client:whoami())
		assert.same({ "nobody", "page\n" }, client:child())
		services.stop(service)
	end)

	it("has the processes end with it that it has started before", function()
		if not is_root() then
			pending("only the super user can become another")
		end
		-- Not by ave.cmd.run, which would end the child too.
		local program = io.popen("exec /proc/" .. require("ave.posix").getpid() .. [[/exe -e '
			local child = ave.Process { target = function() ave.time.sleep(100) end }
			child:start { synchronize = true }
			ave.persona.become_user("nobody")
			print(child.pid)
		']])
		local output = program:read("*a")
		program:close()
		local child = "/proc/" .. output:match("%d+")
		eventually(function() return not fs.exists(child) or fs.read(child .. "/stat"):match("%) Z ") end, { timeout = 20 })
	end)

	it("has a service be taken over by a process of its user", function()
		if not is_root() then
			pending("only the super user can become another")
		end
		local Guard = Control:subclass("Guard")
		function Guard:initialize()
			if self.user then
				require("ave.persona").become_user(self.user)
			end
			Control.initialize(self)
		end
		Guard.whoami = Control.rpc(function()
			return select(2, require("ave.cmd").run("id -un")):match("%S+")
		end)
		local function guard(user, port)
			local service = Guard { port = port, authkey = "key", takeover = port ~= nil }
			service.user = user
			return service
		end

		local old = guard("nobody")
		old:start { synchronize = true }
		local client = RemoteControl({ "", old.port }, "key", 20)
		assert.equal("nobody", client:whoami())

		local stranger = guard(nil, old.port)
		local e = assert.raises("Exception", stranger.start, stranger, { synchronize = true })
		assert.matches("can only be handed over to a process of that user: call ave.persona.become_user", e.message, 1, true)
		assert.equal("nobody", client:whoami())

		local new = guard("nobody", old.port)
		new:start { synchronize = true }
		assert.equal("nobody", client:whoami())
		old:join(20)
		services.stop(new)
	end)

	it("lets a process that has dropped its rights still end with its parent", function()
		if not is_root() then
			pending("only the super user can become another")
		end
		local ours, theirs = Pipe.pair()
		local Guest = Process:subclass("Guest")
		function Guest:initialize()
			require("ave.persona").become_user("nobody")
		end
		function Guest:run()
			theirs:put(self.pid)
			require("ave.time").sleep(100)
		end
		local parent = Process({
			target = function()
				Guest():start()
				require("ave.time").sleep(100)
			end,
		})
		parent:start()
		local guest = ours:get(20)
		parent:kill()
		parent:join(20)
		eventually(function() return not fs.exists("/proc/" .. guest) end, { timeout = 20 })
	end)

	it("refuses an account that there is not", function()
		if not is_root() then
			pending("only the super user gets that far")
		end
		local e = assert.raises("Exception", require("ave.persona").become_user, "no-such-user")
		assert.matches("wanted the name of a user account, got \"no-such-user\"", e.message, 1, true)
	end)

	it("is for the super user alone", function()
		local code = [[
			local become_user = ave.persona.become_user
			pcall(become_user, "nobody")
			print(select(2, pcall(become_user, "root")).message)
		]]
		local _, output = interpret(code)
		assert.matches("only root can become user \"root\": this process has the effective uid %d+", output)
	end)

	it("wants a name", function()
		local e = assert.raises("TypeError", require("ave.persona").become_user)
		assert.equal("ave.persona.become_user: argument 'name': wanted a string, got nothing", e.message)
	end)
end)

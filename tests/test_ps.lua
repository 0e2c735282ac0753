-- `avescript ps`: what the processes of this host and their services do.

local ave = require("ave")
local cmd, fs, json, posix, time = ave.cmd, ave.fs, ave.json, ave.posix, ave.time
local Control, RemoteControl = ave.Control, ave.RemoteControl
local services = require("support.services")

local Lab = Control:subclass("PsLab")
Lab.stick = Control.rpc(function(_, _) time.sleep(60) end)
Lab.catch = Control.rpc(function() return (pcall(time.sleep, 60)) end)

local NASTY = "\27[2Jphone"

local CLIENT = [=[
import json, socket, struct, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def put(data): s.sendall(struct.pack(">I", len(data)) + data)
def get(): return s.recv(struct.unpack(">I", s.recv(4, socket.MSG_WAITALL))[0], socket.MSG_WAITALL)
get()
put(b"0123456789abcdef")
get()
put(json.dumps({
    "method": "lease", "params": {"vargs": [[{"type": "handset"}], "a reason"], "kwargs": {}},
    "client": {"name": "\x1b[2Jphone", "pid": 815, "account": "lab", "host": "bench-3"},
}).encode())
get()
print("leased", flush=True)
time.sleep(1000)
]=]

describe("avescript ps", function()
	local home, lab, port, admin

	before_each(function()
		home = fs.tempdir()
		fs.mkdir(home .. "/.ave/config", { parents = true })
		fs.write(home .. "/.ave/config/authkeys.json", '{"admin": "admin key"}')
		local socket, metrics = ave.find_free_port { listen = false }
		socket:close()
		lab, port = services.start(Lab, {
			authkey = "secret", alt_keys = { admin = "admin key", guest = "guest key" },
			proc_name = "ave-pslab", metrics_port = metrics,
		})
		admin = RemoteControl({ "", port }, "admin key", 10)
	end)

	after_each(function()
		admin:close()
		services.stop(lab)
	end)

	local function ps(...)
		return cmd.run({ "/proc/self/exe", "ps", ... }, { timeout = 20, env = { HOME = home }, size = { rows = 50, cols = 200 } })
	end

	local function find(list, pid)
		for _, process in ipairs(list) do
			if process.pid == pid then
				return process
			end
		end
	end

	-- The entry of a process, once the condition holds for it.
	local function entry(pid, condition)
		return eventually(function()
			local status, text = ps("--json")
			assert.equal(0, status)
			local process = find(json.decode(text), pid)
			return process and condition(process) and process
		end, { timeout = 15 })
	end

	it("shows a service with the call that it serves, and ends that", function()
		local client = RemoteControl({ "", port }, "guest key", 10)
		local waiting = RemoteControl({ "", port }, "secret", 10)
		finally(function() client:close() waiting:close() end)
		local stuck = client.future:stick("a secret argument")
		eventually(function() return #admin:call("$statistics").ongoing == 1 end, { timeout = 10 })
		local late = waiting.future:stick("")
		local process = entry(lab.pid, function(p) return p.service and #p.service.ongoing == 2 end)
		assert.equal("ave-pslab", process.name)
		assert.equal(2, #process.ports) -- with that of the metrics
		assert.equal("PsLab", process.service.name)
		assert.equal(1, process.service.queue)
		assert.is_true(process.service.connections == 3 and process.memory > 1e6 and process.uptime > 0)
		local call = process.service.ongoing[1]
		assert.equal("stick", call.method)
		assert.same({ "guest" }, call.accounts)
		assert.equal(posix.getpid(), call.process.pid)
		local _, account = cmd.run { "id", "-un" }
		assert.equal(account:match("%S+"), process.account)

		local status, text = ps("--service", tostring(port))
		assert.equal(0, status)
		assert.matches("PID +NAME +ACCOUNT +PORT +UPTIME +MEMORY +CLIENTS +QUEUE", text)
		assert.matches(("%d +ave%%-pslab +%%S+ +%d "):format(lab.pid, port), text)
		assert.matches("call %d+ stick, for [%d.]+s, by guest at 127.0.0.1:%d+, %S+ %(%d+%) of %S+", text)
		assert.matches("call %d+ stick, .*, waiting for its turn", text)
		assert.is_nil((text .. json.encode(process)):find("secret"))
		assert.is_nil((text .. json.encode(process)):find("key"))

		status, text = ps("--end", tostring(lab.pid), tostring(call.number))
		assert.equal(0, status)
		assert.matches(("^told to end: %d stick, for [%%d.]+s, by guest at 127.0.0.1:%%d+%%s*$"):format(call.number), text)
		assert.raises("Terminated", stuck.get, stuck, 10)
		assert.equal(0, (ps("--end", "ave-pslab", tostring(call.number + 1))))
		assert.raises("Terminated", late.get, late, 10)
		status, text = ps("--end", "ave-nobody", "1")
		assert.equal(1, status)
		assert.matches('no service "ave-nobody" on this host: wanted [HOST:]PORT, or the pid or name', text, 1, true)
		status, text = ps("--end", "127.0.0.1:" .. port, "99")
		assert.equal(1, status)
		assert.matches("there is no call 99 in progress", text, 1, true)
	end)

	it("shows who has leased what from a broker, and for what, safe to print", function()
		local broker, at = services.start(ave.broker.Broker, {
			alt_keys = { admin = "admin key" }, proc_name = "ave-psbroker",
			equipment = { { type = "handset", serial = NASTY, pretty = "yuga" } },
		})
		local client = RemoteControl({ "", at }, nil, 10)
		finally(function() client:close() services.stop(broker) end)
		client:lease({ { type = "handset" } }, "the nightly\nrun")
		local process = entry(broker.pid, function(p) return p.service and p.service.leases end)
		local lease = process.service.leases[1]
		assert.equal(NASTY, lease.profile.serial)
		assert.equal("the nightly\nrun", lease.reason)
		assert.equal(posix.getpid(), lease.process.pid)
		assert.is_true(math.abs(lease.since - os.time()) < 60)
		local _, text = ps("--service", tostring(at))
		assert.matches("lease %d+ {.*}, for [%d.]+s, by 127.0.0.1:%d+, %S+ %(%d+%) of %S+: the nightly\\nrun", text)
		assert.is_nil(text:find("\27", 1, true))
		for line in text:gmatch("[^\r\n]+") do
			assert.is_true(#line <= 202, line)
		end
	end)

	-- The client is no process of ours here, as if it were on another host.
	it("shows who a client elsewhere says it is, safe to print", function()
		local broker, at = services.start(ave.broker.Broker, {
			alt_keys = { admin = "admin key" }, proc_name = "ave-psbroker", equipment = { { type = "handset" } },
		})
		local client = cmd.spawn({ "python3", "-c", CLIENT, tostring(at) }, { timeout = 20 })
		finally(function() client:close() services.stop(broker) end)
		client:expect("leased")
		local process = entry(broker.pid, function(p) return p.service and p.service.leases end)
		local lease = process.service.leases[1]
		assert.same({ name = NASTY, pid = 815, account = "lab", host = "bench-3" }, lease.claims)
		assert.is_nil(lease.process)
		local _, text = ps("--service", tostring(at))
		assert.matches([[by 127.0.0.1:%d+, says it is \x1b%[2Jphone %(815%) of lab on bench%-3: a reason]], text)
		assert.is_nil(text:find("\27", 1, true))
	end)

	it("does not trust the name of a process that another user has started", function()
		if posix.geteuid() ~= 0 then
			return pending("wanted to be root, to look at processes of another user")
		end
		local name = ("ave-%dx"):format(posix.getpid())
		local impostor = cmd.spawn({ "/proc/self/exe", "-e", ([[
			local lab = ave.Control:subclass("Lab") { port = 0, proc_name = %q }
			lab:start { synchronize = true }
			print("port " .. lab.port)
			lab:join()
		]]):format(name) }, { user = "nobody", cwd = "/", timeout = 20 })
		finally(function() impostor:close() end)
		impostor:expect("port ")
		local status, text = ps("--end", name, "1")
		assert.equal(1, status)
		local quoted = name:gsub("%-", "%%-")
		assert.matches(('"%s" is the name of process %%d+ of nobody: wanted a process of root.*,'
			.. ' with a socket of that user'):format(quoted), text)
		local pid = text:match("process (%d+) of nobody")
		status, text = ps("--end", pid, "1")
		assert.equal(1, status)
		assert.matches("there is no call 1 in progress", text, 1, true)
	end)

	it("says what it cannot know", function()
		fs.write(home .. "/.ave/config/authkeys.json", '{"admin": "another key"}')
		local process = entry(lab.pid, function() return true end)
		assert.equal(json.null, process.service or json.null)
		assert.matches("does not accept the key", process.error, 1, true)
		local status, text = ps("--service", "1")
		assert.equal(1, status)
		assert.matches("ConnectionRefused: cannot connect to 127.0.0.1:1", text, 1, true)
		status, text = cmd.run({ "/proc/self/exe", "ps", "--service", tostring(port) }, { env = { AVE_AUTHKEY = "secret" }, timeout = 20 })
		assert.equal(0, status) -- the primary key is not the administrator's
		assert.matches("incomplete: .*not authorized", text)
	end)

	it("finds scripts, of whose command lines it shows the file alone", function()
		local script = home .. "/idle.lua"
		fs.write(script, "require('ave').time.sleep(60)")
		local one = cmd.spawn { "/proc/self/exe", script, "argument" }
		local two = cmd.spawn { "/proc/self/exe", "-e", "local key = 1; require('ave').time.sleep(60)" }
		finally(function() one:close() two:close() end)
		entry(one.pid, function(p) return p.script == script end)
		entry(two.pid, function(p) return p.script == "-e" end)
	end)

	it("goes on with --watch until Ctrl-C, a screen at a time", function()
		local session = cmd.spawn({ "/proc/self/exe", "ps", "--watch", "--service", tostring(port) }, {
			env = { HOME = home, TERM = "xterm" }, size = { rows = 6, cols = 40 }, timeout = 15,
		})
		finally(function() session:close() end)
		session:expect_screen("ave-pslab")
		local client = RemoteControl({ "", port }, "guest key", 10)
		finally(function() client:close() end)
		client.async:stick("")
		session:expect_screen("call 1 stick")
		assert.matches("…", tostring(session:screen()), 1, true) -- cut at 40 columns
		services.stop(lab)
		session:expect_screen("incomplete: cannot connect", { timeout = 15 })
		session:press("Ctrl-C")
		assert.equal(130, session:wait())
	end)

	it("says how it is used", function()
		for expected, arguments in pairs {
			["wanted a SERVICE and the number of a CALL with --end, got 1 arguments"] = { "--end", "x" },
			['wanted a number from the list as CALL, got "y"'] = { "--end", "1", "y" },
			["--end cannot be used with"] = { "--end", "--watch", "1", "1" },
			['unexpected argument "4000": to ask one service, use --service 4000'] = { "4000" },
			["wanted HOST:PORT"] = { "--service", "x" },
		} do
			local status, text = ps(unpack(arguments))
			assert.equal(2, status)
			assert.matches(expected, text, 1, true)
		end
	end)
end)

describe("avescript hickup", function()
	it("asks a script, and shows Go's part if it is wanted", function()
		local home = fs.tempdir()
		local looping = cmd.spawn({ "/proc/self/exe", "-e", "local answer = 42; while true do end" }, { env = { HOME = home } })
		finally(function() looping:close() end)
		local pid = looping.pid
		local function hickup(...)
			return cmd.run({ "/proc/self/exe", "hickup", tostring(pid), "--home", home, ... }, { timeout = 20 })
		end
		eventually(function()
			local status, text = hickup("--timeout", "1")
			assert.equal(0, status)
			assert.matches("=== %S+ %-e %(" .. pid .. "%)", text)
			assert.matches("answer = 42", text, 1, true)
			assert.is_nil(text:find("goroutine profile", 1, true))
			return true
		end, { timeout = 20 })
		assert.matches("goroutine profile", select(2, hickup("--go")), 1, true)
		assert.equal(1, (cmd.run { "/proc/self/exe", "hickup", tostring(pid), "--home", home, "--timeout", "0" }))
	end)
end)

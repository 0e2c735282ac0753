-- The scripts for administrators, as they are run from a shell.

local cmd = require("ave.cmd")
local fs = require("ave.fs")
local json = require("ave.json")
local Process = require("ave.network.process").Process

describe("ave-config.lua", function()
	local home

	local function ave_config(...)
		return cmd.run({ "/proc/self/exe", "scripts/ave-config.lua", ... }, { timeout = 20 })
	end

	before_each(function()
		home = fs.tempdir()
	end)

	it("makes the files, keeps them, and finds them good", function()
		local _, user = cmd.run("id -un")
		user = user:gsub("%s+", "")
		local arguments = { "--bootstrap=" .. user, "--home=" .. home, "--etc=" .. home .. "/etc" }
		local status, output = ave_config(unpack(arguments))
		assert.equal(0, status)
		assert.matches("created " .. home .. "/.ave/config/broker.json", output, 1, true)
		assert.matches("kept    " .. home .. "/.ave/config/broker.json", select(2, ave_config(unpack(arguments))), 1, true)
		status, output = ave_config("--check", "--home=" .. home)
		assert.equal(0, status)
		assert.matches("no mistakes in any file", output)
		assert.matches('"port": 4000', select(2, ave_config("--show=broker", "--home=" .. home)), 1, true)
	end)

	it("says what is wrong with a file", function()
		fs.mkdir(home .. "/.ave/config", { parents = true })
		fs.write(home .. "/.ave/config/broker.json", '{\n  "port": "many"\n}\n')
		local status, output = ave_config("--check", "--home=" .. home)
		assert.equal(1, status)
		assert.matches("broker.json: port: wanted", output, 1, true)
	end)

	local function write(name, value)
		fs.mkdir(home .. "/.ave/config", { parents = true })
		fs.write(home .. "/.ave/config/" .. name .. ".json", json.encode(value), { mode = "0600" })
	end

	-- Writes a configuration that is good except for what is given.
	local function configure(broker, handset)
		for _, name in ipairs { "workspace", "jenkins", "gerrit", "panotti", "usbrel64" } do
			write(name, json.object {})
		end
		write("authkeys", { admin = "a", share = "s" })
		write("handset", handset or { handsets = json.list {} })
		broker.account = broker.account or select(2, cmd.run("id -un")):match("%S+")
		write("broker", broker)
	end

	it("finds everything wrong that keeps the broker from starting", function()
		local good = { type = "relay", uid = "r-1" }
		for _, case in ipairs {
			{ broker = { equipmnet = { good }, equipment = { { uid = "r-1" } }, grace = "long", open = "yes", authkey = 5 },
				"broker.json: equipmnet: unknown; did you mean 'equipment'?",
				"broker.json: equipment 1: a profile must have a 'type'",
				"broker.json: grace: wanted a number of seconds, got 'long'",
				"broker.json: open: wanted true or false, got 'yes'",
				"broker.json: authkey: wanted a string, got a number" },
			{ broker = { zzz = 1, listen = "lab-1", account = "no-such-account", resources = { relay = "lab.missing" }, equipment = 7,
				remotes = { { host = "lab-2" } }, remote = { host = "lab-2", port = 4000, policy = "forward", authkye = "k" } },
				handset = { handset = {} },
				"broker.json: zzz: unknown; valid names are account, authkey, equipment",
				"broker.json: listen: wanted an IP address of this host",
				"broker.json: account: wanted the name of an account on this host",
				"broker.json: the resource class 'lab.missing': module 'lab.missing' not found",
				"broker.json: equipment: wanted a list, got 7",
				"broker.json: remotes 1: wanted another broker",
				"broker.json: remote: authkye: unknown; did you mean 'authkey'?",
				"handset.json: handset: unknown; did you mean 'handsets'?" },
			{ broker = { equipment = { good, { type = "relay", uid = "r-2" }, good, { type = "command", command = "relayctl" },
				{ type = "command", command = { "on" }, timeout = "1 s" } }, stacks = { { good, good } } },
				"broker.json: equipment: entries 1 and 3 are equal", "broker.json: stacks 1: entries 1 and 2 are equal",
				"command: wanted a list, got 'relayctl'", "timeout: wanted a number of seconds" },
			{ broker = { equipment = { { type = "handset", serial = "1" } }, remotes = { { port = 4000, authkye = "k" } } },
				handset = { handsets = { { serial = "1" } } },
				"broker.json: remotes 1: authkye: unknown; did you mean 'authkey'?", "equipment: entries 1 and 2 are equal" },
			{ broker = { account = "987654" }, "broker.json: account: wanted the name of an account on this host, got '987654'" },
			{ broker = { account = "" }, "broker.json: account: wanted the name of an account on this host, got ''" },
			{ broker = {}, handset = { handsets = { "yuga" } }, "handset.json: handsets 1: wanted a profile, got 'yuga'" },
		} do
			configure(case.broker, case.handset)
			for _, command in ipairs { { "ave-config.lua", "--check" }, { "broker.lua", "--start" } } do
				local status, output = cmd.run({ "/proc/self/exe", "scripts/" .. command[1], command[2], "--home=" .. home }, { timeout = 60 })
				for _, message in ipairs(case) do
					assert.matches(message, output, 1, true)
				end
				assert.equal(1, status, output)
			end
		end
	end)

	it("says all that is wrong at once, and what may surprise", function()
		configure { equipment = { { uid = "r-1" } }, grace = "long", zzz = 1 }
		local status, output = ave_config("--check", "--home=" .. home)
		assert.equal(1, status)
		assert.matches("zzz: unknown.*equipment 1: .*grace: wanted.*3 problems", output)
		configure { authkey = "the key" }
		assert.equal("no mistakes in any file\r\n", select(2, ave_config("--check", "--home=" .. home)))
		cmd.run { "chmod", "644", home .. "/.ave/config/broker.json" }
		status, output = ave_config("--check", "--home=" .. home)
		assert.equal(0, status)
		assert.matches("broker.json: it contains keys, and other accounts can read it: chmod 600", output, 1, true)
		configure {}
		output = select(2, ave_config("--check", "--home=" .. home))
		assert.matches("broker.json: no authkey: only clients on this host can connect", output, 1, true)
	end)

	it("tells clients of a new lab what they need, and keeps an old one as it is", function()
		local _, user = cmd.run("id -un")
		local arguments = { "--bootstrap=" .. user:match("%S+"), "--home=" .. home .. "/srv/lab", "--etc=" .. home .. "/etc/ave/user" }
		local status, output = ave_config(unpack(arguments))
		assert.equal(0, status)
		assert.matches("it contains the key for clients: ave-config.lua --client shows"
			.. " what to put into their ~/.ave/config/broker.json", output, 1, true)
		local file = home .. "/srv/lab/.ave/config/broker.json"
		assert.equal("0600", fs.stat(file).mode)
		local key = json.decode(fs.read(file)).authkey
		assert.equal(64, #key)
		local _, shown = ave_config("--client", "--home=" .. home .. "/srv/lab")
		assert.equal(key, json.decode(shown).authkey)
		assert.equal(4000, json.decode(shown).port)

		fs.write(file, "{}")
		output = select(2, ave_config(unpack(arguments)))
		assert.matches("note: " .. file .. ": no authkey: only clients on this host can connect", output, 1, true)
		assert.equal("{}", fs.read(file))
		status, output = ave_config("--client", "--home=" .. home .. "/srv/lab")
		assert.equal(1, status)
		assert.matches("there is no authkey in", output, 1, true)

		fs.write(file, json.encode { remote = { host = "lab-2", port = 4000, policy = "share", authkey = "s" } }, { mode = "0600" })
		output = select(2, ave_config(unpack(arguments)))
		assert.matches("policy share: 'lab-2' cannot forward requests to this broker, which listens on this host only", output, 1, true)
	end)

	it("shows how it is used", function()
		assert.equal(0, (ave_config("--help")))
		assert.equal(2, (ave_config()))
		local status, output = ave_config("--bootsrap=me")
		assert.equal(2, status)
		assert.matches("unknown option '--bootsrap'", output, 1, true)
		assert.equal(2, (ave_config("--bootstrap")))
	end)
end)

describe("doctor.lua", function()
	local function doctor(...)
		return cmd.run({ "/proc/self/exe", "scripts/doctor.lua", ... }, { timeout = 20 })
	end

	local function findings(...)
		local _, output = doctor("--json", ...)
		local list = json.decode(output)
		local levels = {}
		for _, finding in ipairs(list) do
			levels[finding.what] = finding.level
		end
		return levels, output
	end

	it("looks at everything", function()
		local levels = findings()
		assert.equal("ok", levels.terminals)
		for _, what in ipairs { "max open files", "max processes", "processes", "clock", "disk", "memory" } do
			assert.is_string(levels[what], what)
			assert.not_equal("error", levels[what], what)
		end
	end)

	it("finds what is left over, and takes it away if it is told to", function()
		local dir = fs.tempdir()
		local old = dir .. "/ave-1234567"
		fs.mkdir(old)
		fs.write(old .. "/file", "")
		fs.mkdir(dir .. "/ave-mine")
		fs.mkdir(dir .. "/ave-7654321")
		cmd.run { "touch", "-d", "3 days ago", old, dir .. "/ave-mine" }
		local status, output = doctor("--tmp=" .. dir)
		assert.equal(1, status)
		assert.matches(old .. " is 3d", output, 1, true)
		assert.matches("rm -r " .. old .. ", or --fix", output, 1, true)
		assert.same({ ["temporary files"] = "ok" }, (findings("--tmp=" .. dir, "--age=7d", "temporaries")))
		assert.same({ directories = "warning" }, (findings("--tmp=" .. dir, "temporaries")))
		status = doctor("--fix", "--tmp=" .. dir, "temporaries")
		assert.equal(0, status)
		assert.same({ "ave-7654321", "ave-mine" }, fs.list(dir))
	end)

	-- Starts a script that makes temporary things in a directory, and waits until it
	-- has said their names.
	local function start(dir, code)
		local session = cmd.spawn({ "/proc/self/exe", "-e", code .. " print('ready') ave.time.sleep(600)" }, { env = { TMPDIR = dir } })
		session:expect("ready", { timeout = 30 })
		return session
	end

	-- The one entry of a directory whose name matches.
	local function entry(dir, pattern)
		for _, name in ipairs(fs.list(dir)) do
			if name:find(pattern) then
				return dir .. "/" .. name
			end
		end
	end

	local function kill(...)
		cmd.run { "kill", "-9", ... }
		for _, pid in ipairs { ... } do
			eventually(function()
				local ok, stat = pcall(fs.read, "/proc/" .. pid .. "/stat")
				assert.is_true(not ok or stat:find(") Z", 1, true) ~= nil)
			end, { timeout = 30 })
		end
	end

	local nothing, directories = { ["temporary files"] = "ok" }, { directories = "warning" }

	it("finds what killed programs have left, and nothing of those that live", function()
		local dir = fs.tempdir()
		local code = "ave.fs.tempdir() ave.FdTx():listen(os.getenv('TMPDIR'))"
		local living, killed = start(dir, code), start(dir, code)
		finally(function() living:close() killed:close() end)
		assert.equal(4, #fs.list(dir))
		assert.same(nothing, (findings("--tmp=" .. dir, "temporaries")))
		kill(tostring(killed.pid))
		local levels, output = findings("--tmp=" .. dir, "temporaries")
		assert.same({ directories = "warning", sockets = "warning" }, levels)
		assert.matches("was made by process " .. killed.pid .. ", which has ended", output, 1, true)
		doctor("--fix", "--tmp=" .. dir, "temporaries")
		assert.equal(2, #fs.list(dir))
		assert.same(nothing, (findings("--tmp=" .. dir, "temporaries")))
	end)

	it("finds the directory of a session that was killed", function()
		local dir = fs.tempdir()
		local broker = start(dir, [[
			local socket, port = ave.find_free_port()
			ave.broker.Broker({ port = port, socket = socket, grace = 600 }):start { synchronize = true }
			ave.broker.connect({ address = { "", port } }):get { type = "workspace" } ]])
		local pid = fs.read(entry(dir, "^ave%-session%-") .. "/.owner")
		finally(function() broker:close() cmd.run { "kill", "-9", pid } end)
		assert.same(nothing, (findings("--tmp=" .. dir, "temporaries")))
		kill(tostring(broker.pid))
		assert.same(nothing, (findings("--tmp=" .. dir, "temporaries")))
		kill(pid)
		assert.same(directories, (findings("--tmp=" .. dir, "temporaries")))
	end)

	it("finds the directory of a test worker that was killed", function()
		local dir = fs.tempdir()
		fs.write(dir .. "/test_hangs.lua", "it('hangs', function() require('ave.time').sleep(600) end)")
		local tests = cmd.spawn({ "/proc/self/exe", "test", dir .. "/test_hangs.lua" }, { env = { TMPDIR = dir } })
		finally(function() tests:close() end)
		local worker
		eventually(function()
			assert.truthy(entry(dir, "^avetest"))
			worker = select(2, cmd.run { "pgrep", "-P", tostring(tests.pid) }):match("%d+")
			assert.truthy(worker)
		end, { timeout = 30 })
		local function age() cmd.run { "touch", "-d", "1 minute ago", entry(dir, "^avetest") } end
		age()
		assert.same(nothing, (findings("--tmp=" .. dir, "temporaries")))
		cmd.run { "kill", "-STOP", tostring(tests.pid) } -- it would clean up
		kill(worker, tostring(tests.pid))
		age()
		assert.same(directories, (findings("--tmp=" .. dir, "temporaries")))
	end)

	it("lists each disk once", function()
		local _, output = findings("--tmp=/", "disk")
		local seen = {}
		for _, finding in ipairs(json.decode(output)) do
			local mount = finding.text:match("^(%S+):")
			assert.is_nil(seen[mount], mount)
			seen[mount] = true
		end
	end)

	it("says how it is used", function()
		assert.equal(0, (doctor("--help")))
		assert.equal(2, (doctor("--fxi")))
		assert.equal(2, (doctor("weather")))
		assert.equal(2, (doctor("--tmp=/no/such/directory")))
	end)
end)

describe("hickup.lua", function()
	local function hickup(...)
		return cmd.run({ "/proc/self/exe", "scripts/hickup.lua", ... }, { timeout = 20 })
	end

	it("shows what a tree of processes is doing, a parent before its child", function()
		local home = fs.tempdir()
		local parent = Process {
			proc_name = "ave-parent",
			target = function()
				local P = require("ave.network.process").Process
				local child = P {
					proc_name = "ave-child",
					target = function() require("ave.time").sleep(60) end,
				}
				child.home = home
				child:start { synchronize = true }
				require("ave.fs").write(home .. "/ready", "")
				require("ave.time").sleep(60)
			end,
		}
		parent.home = home
		parent:start()
		finally(function() parent:kill() end)
		eventually(function() assert.is_true(fs.exists(home .. "/ready")) end)
		local status, output = hickup("--list", tostring(parent.pid))
		assert.equal(0, status)
		assert.matches("^ave%-parent %(%d+%)%s+ave%-child %(%d+%)", output)
		status, output = hickup("--home=" .. home, tostring(parent.pid))
		assert.equal(0, status)
		assert.matches("=== ave%-parent %(%d+%).*test_scripts.lua.*=== ave%-child %(%d+%).*test_scripts.lua", output)
	end)

	it("says that there is none", function()
		local status, output = hickup("ave-no-such-service")
		assert.equal(2, status)
		assert.matches("found no matching process of this user", output, 1, true)
	end)
end)

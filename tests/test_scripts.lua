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
		assert.matches("all files are good", output)
		assert.matches('"port": 4000', select(2, ave_config("--show=broker", "--home=" .. home)), 1, true)
	end)

	it("says what is wrong with a file", function()
		fs.mkdir(home .. "/.ave/config", { parents = true })
		fs.write(home .. "/.ave/config/broker.json", '{\n  "port": "many"\n}\n')
		local status, output = ave_config("--check", "--home=" .. home)
		assert.equal(1, status)
		assert.matches("broker.json: port: wanted", output, 1, true)
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
		assert.matches("there is no such service of this user", output, 1, true)
	end)
end)

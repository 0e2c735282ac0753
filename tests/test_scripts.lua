-- The scripts for administrators, as they are run from a shell.

local cmd = require("ave.cmd")

describe("ave-config.lua", function()
	local home

	local function ave_config(...)
		return cmd.run({ "/proc/self/exe", "scripts/ave-config.lua", ... }, { timeout = 20 })
	end

	before_each(function()
		home = os.tmpname()
		os.remove(home)
		cmd.run { "mkdir", home }
	end)

	after_each(function()
		cmd.run { "rm", "-rf", home }
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
		cmd.run { "mkdir", "-p", home .. "/.ave/config" }
		local file = assert(io.open(home .. "/.ave/config/broker.json", "w"))
		file:write('{\n  "port": "many"\n}\n')
		file:close()
		local status, output = ave_config("--check", "--home=" .. home)
		assert.equal(1, status)
		assert.matches("broker.json: port: wanted", output, 1, true)
	end)

	it("shows how it is used", function()
		assert.equal(0, (ave_config("--help")))
		assert.equal(2, (ave_config()))
		local status, output = ave_config("--bootsrap=me")
		assert.equal(2, status)
		assert.matches("unknown option '--bootsrap=me'", output, 1, true)
		assert.equal(2, (ave_config("--bootstrap")))
	end)
end)

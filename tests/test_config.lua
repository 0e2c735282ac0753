-- ave.config: the configuration files of a lab's machine.

local cmd = require("ave.cmd")
local config = require("ave.config")
local json = require("ave.json")

describe("the configuration", function()
	local home

	before_each(function()
		home = select(2, cmd.run("mktemp -d")):match("%S+")
	end)

	after_each(function()
		cmd.run { "rm", "-rf", home }
	end)

	local function path(name)
		return home .. "/.ave/config/" .. name
	end

	local function read(name)
		local file = assert(io.open(name))
		local text = file:read("*a")
		file:close()
		return text
	end

	local function write(name, text)
		cmd.run { "mkdir", "-p", (name:gsub("/[^/]*$", "")) }
		local file = assert(io.open(name, "w"))
		file:write(text)
		file:close()
	end

	local function mode(name)
		return (select(2, cmd.run { "stat", "-c", "%a", name }):match("%d+"))
	end

	-- The names in a table.
	local function sorted(values)
		local list = {}
		for name in pairs(values) do
			list[#list + 1] = name
		end
		table.sort(list)
		return list
	end

	-- Asserts that a call fails, and returns what it says.
	local function message(fn, ...)
		return assert.raises("Exception", fn, ...).message
	end

	describe("create_default", function()
		it("makes the files and the directories", function()
			local created, skipped = config.create_default(home)
			assert.same({}, skipped)
			table.sort(created)
			local expected = {}
			for _, name in ipairs {
				"authkeys", "broker", "gerrit", "handset", "jenkins", "panotti", "usbrel64", "workspace",
			} do
				expected[#expected + 1] = path(name .. ".json")
			end
			assert.same(expected, created)
			for _, file in ipairs(created) do
				assert.is_table(json.decode(read(file)))
			end
		end)

		it("never touches a file that exists", function()
			write(path("broker.json"), "mine")
			local _, skipped = config.create_default(home)
			assert.same({ path("broker.json") }, skipped)
			assert.equal("mine", read(path("broker.json")))
			local created, all = config.create_default(home)
			assert.same({}, created)
			assert.equal(8, #all)
		end)

		it("leaves a symbolic link alone, also one that leads nowhere", function()
			cmd.run { "mkdir", "-p", home .. "/.ave/config" }
			cmd.run { "ln", "-s", "/no/such/file", path("broker.json") }
			assert.same({ path("broker.json") }, (select(2, config.create_default(home))))
		end)

		it("makes keys that nobody else can read or guess", function()
			config.create_default(home)
			assert.equal("600", mode(path("authkeys.json")))
			local keys = config.load_authkeys(home)
			assert.truthy(#keys.admin >= 20)
			assert.not_equal(keys.admin, keys.share)
			os.remove(path("authkeys.json"))
			config.create_default(home)
			assert.not_equal(keys.admin, config.load_authkeys(home).admin)
		end)

		it("gives the files to the owner of the home", function()
			if read("/proc/self/status"):match("\nUid:%s+%d+%s+(%d+)") ~= "0" then
				pending("only the super user can act for another")
			end
			cmd.run { "chown", "nobody", home }
			config.create_default(home)
			local _, owner = cmd.run { "stat", "-c", "%U", path("broker.json") }
			assert.equal("nobody\r\n", owner)
		end)

		it("makes a home that does not exist, for an account if that is named", function()
			config.create_default(home .. "/srv/lab")
			assert.equal(4000, config.load_broker(home .. "/srv/lab").port)
			if read("/proc/self/status"):match("\nUid:%s+%d+%s+(%d+)") ~= "0" then
				pending("only the super user can make a home for another")
			end
			cmd.run { "chmod", "755", home }
			config.create_default(home .. "/nobody", "nobody")
			local _, owners = cmd.run { "stat", "-c", "%U", home .. "/nobody", home .. "/nobody/.ave/config/broker.json" }
			assert.equal("nobody\r\nnobody\r\n", owners)
		end)

		it("writes every key that clients of the files may look for", function()
			config.create_default(home)
			assert.same({ "auth", "url" }, sorted(config.load(home, "jenkins")))
			assert.same({ "host", "port", "user" }, sorted(config.load(home, "gerrit")))
			assert.same({ "pretty", "serial", "vendor" }, sorted(config.load(home, "handset").handsets[1]))
			local flocker = config.load(home, "workspace").flocker
			assert.same({ "enable", "ftp", "host", "http" }, sorted(flocker))
			assert.same({ false, 21, "", 80 }, { flocker.enable, flocker.ftp, flocker.host, flocker.http })
			assert.equal(64, #config.load_broker(home).authkey)
			assert.equal("600", mode(path("broker.json")))
		end)

		it("says what is wrong with a home", function()
			assert.matches("/proc/no/such/home", message(config.create_default, "/proc/no/such/home"), 1, true)
			assert.matches("wanted a directory, got a file", message(config.create_default, "/etc/passwd"), 1, true)
			assert.raises("TypeError", config.create_default)
		end)
	end)

	describe("load_authkeys", function()
		it("returns the keys, and null for an open account", function()
			write(path("authkeys.json"), [[{"admin": "a key", "guest": null}]])
			assert.same({ admin = "a key", guest = json.null }, config.load_authkeys(home))
		end)

		it("names the file and the key of a wrong value", function()
			write(path("authkeys.json"), [[{"admin": "a key", "share": 17}]])
			local text = message(config.load_authkeys, home)
			assert.equal(path("authkeys.json: share: wanted a string or null, got a number"), text)
		end)

		it("says how a missing file is made", function()
			local text = message(config.load_authkeys, home)
			assert.matches(path("authkeys.json"), text, 1, true)
			assert.matches("ave-config --bootstrap=<user> makes it", text, 1, true)
		end)
	end)

	describe("load", function()
		it("reads any file", function()
			write(path("lab.json"), [[{"racks": [1, null], "big": 9007199254740993}]])
			local lab = config.load(home, "lab")
			assert.same({ 1, json.null }, lab.racks)
			assert.equal("9007199254740993", tostring(lab.big))
		end)

		it("names line and column of what is no JSON", function()
			write(path("lab.json"), "{\n  \"a\": 1,\n  \"b\": x\n}")
			assert.matches(path("lab.json:3:8: "), message(config.load, home, "lab"), 1, true)
			write(path("lab.json"), "{\"a\": 1,\n \"a\": 2}")
			assert.matches(path("lab.json:2:2: "), message(config.load, home, "lab"), 1, true)
			write(path("lab.json"), "")
			assert.matches("an empty file", message(config.load, home, "lab"), 1, true)
			write(path("lab.json"), "[]")
			assert.matches("wanted an object", message(config.load, home, "lab"), 1, true)
		end)

		it("takes no name that leads elsewhere", function()
			assert.matches("without a directory", message(config.load, home, "../config/broker"), 1, true)
		end)
	end)

	describe("load_broker", function()
		it("fills in what the file leaves out", function()
			write(path("broker.json"), "{}")
			local broker = config.load_broker(home)
			assert.equal(4000, broker.port)
			assert.is_string(broker.host)
			assert.same({}, broker.stacks)
			assert.same({}, broker.remote)
		end)

		it("names the key whose value is wrong", function()
			write(path("broker.json"), [[{"port": "http"}]])
			assert.matches(path("broker.json: port: "), message(config.load_broker, home), 1, true)
			write(path("broker.json"), [=[{"stacks": [[{"uid": "b"}]]}]=])
			assert.matches("stacks", message(config.load_broker, home), 1, true)
			write(path("broker.json"), [[{"remote": {"policy": "steal"}}]])
			assert.matches("remote", message(config.load_broker, home), 1, true)
		end)
	end)

	describe("the account", function()
		local etc

		before_each(function()
			etc = home .. "/etc-ave-user"
		end)

		it("is written and read", function()
			etc = home .. "/etc/ave/user"
			local chosen = config.create_etc(etc, "root")
			assert.same({ name = "root", home = "/root", uid = 0 }, chosen)
			assert.same(chosen, config.load_etc(etc))
		end)

		it("that was chosen is kept", function()
			config.create_etc(etc, "root")
			assert.equal("root", config.create_etc(etc, "nobody").name)
			assert.equal("root", config.load_etc(etc).name)
		end)

		it("may come from standard input", function()
			local self = "/proc/" .. read("/proc/self/stat"):match("%d+") .. "/exe"
			local code = string.format("print(ave.config.create_etc(%q).name)", etc)
			local status, output = cmd.run { "sh", "-c", [[echo daemon | "$0" -e "$1"]], self, code }
			assert.equal("daemon\r\n", output)
			assert.equal(0, status)
		end)

		it("must exist", function()
			assert.matches("no-such-user", message(config.create_etc, etc, "no-such-user"), 1, true)
			assert.is_nil(io.open(etc))
		end)

		it("gets a home and a uid from the user database", function()
			write(etc, [[{"name": "root"}]])
			assert.same({ name = "root", home = "/root", uid = 0 }, config.load_etc(etc))
			write(etc, [[{"name": "root", "home": "/srv/lab"}]])
			assert.equal("/srv/lab", config.load_etc(etc).home)
		end)

		it("is asked for by an error that names the file", function()
			assert.matches(etc, message(config.load_etc, etc), 1, true)
			write(etc, [[{"home": "/root"}]])
			assert.matches("name", message(config.load_etc, etc), 1, true)
		end)
	end)
end)

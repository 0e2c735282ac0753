-- Who can reach a broker, and as which account it runs what they ask for.

local ave = require("ave")
local cmd, fs, json = ave.cmd, ave.fs, ave.json
local Lab = require("support.brokers")
local services = require("support.services")

-- An address of this host by which others can reach it.
local function foreign_address()
	local _, output = cmd.run { "hostname", "-I" }
	return output:match("%S+") or pending("this host has no address but those of the loopback")
end

local relay = { type = "relay", uid = "r-1" }

describe("a broker", function()
	local labs

	before_each(function()
		labs = {}
	end)

	after_each(function()
		for _, lab in ipairs(labs) do
			lab:close()
		end
	end)

	local function new_lab(broker)
		local lab = Lab.new(broker)
		table.insert(labs, lab)
		return lab
	end

	-- Leases the relay, as a client that comes to an address.
	local function lease(lab, address, authkey)
		local client = ave.broker.connect { address = { address, lab.port }, authkey = authkey or "" }
		local uid = client:get({ type = "relay" }).profile.uid
		client:close()
		return uid
	end

	local function script(lab, ...)
		local status, output = lab:script(...)
		assert.equal(0, status, output)
		return output
	end

	it("without a key takes nobody from another host", function()
		local lab = new_lab { equipment = { relay } }
		local output = script(lab, "--start")
		assert.matches("no authkey: only clients on this host can connect", output, 1, true)
		assert.equal("127.0.0.1", lab:admin():status().listens)
		assert.equal("r-1", lease(lab, "127.0.0.1"))
		assert.raises("ConnectionRefused", lease, lab, foreign_address())
	end)

	it("without a key takes nobody from another host by a socket that it is given", function()
		local broker, port = services.start(ave.broker.Broker, { equipment = { relay } })
		finally(function() services.stop(broker) end)
		assert.equal("r-1", lease({ port = port }, ""))
		assert.is_false((pcall(lease, { port = port }, foreign_address())))
	end)

	it("that is open takes everybody, and says in its log what that means", function()
		local lab = new_lab { equipment = { relay }, open = true }
		assert.matches("everybody who can connect to port " .. lab.port .. " can lease equipment and run commands here", script(lab, "--start"))
		assert.equal("r-1", lease(lab, foreign_address()))
		assert.matches("open: everybody who can connect to the port can lease equipment, and run commands here as '%w+'",
			fs.read(lab.home .. "/.ave/broker.log"))
	end)

	it("with a key takes everybody who knows it", function()
		local lab = new_lab { equipment = { relay }, authkey = "the key" }
		script(lab, "--start")
		assert.equal("r-1", lease(lab, foreign_address(), "the key"))
		assert.is_false((pcall(lease, lab, "")))
		assert.is_false((pcall(lease, lab, "", "another key")))
	end)

	it("listens where it is told, and nowhere without a key", function()
		local lab = new_lab { equipment = { relay }, authkey = "the key", listen = "127.0.0.1" }
		script(lab, "--start")
		assert.equal("r-1", lease(lab, "", "the key"))
		assert.raises("ConnectionRefused", lease, lab, foreign_address(), "the key")

		local other = new_lab { listen = "0.0.0.0" }
		local status, output = other:script("--start")
		assert.equal(1, status)
		assert.matches("listen: other hosts can reach '0.0.0.0', but there is no authkey", output, 1, true)
		other:write("broker", { port = other.port, open = true, authkey = "the key" })
		assert.matches("open and authkey cannot be used together", select(2, other:script("--start")), 1, true)
		assert.raises("TypeError", ave.broker.Broker, { listen = "0.0.0.0" })
		assert.raises("TypeError", ave.broker.Broker, { listen = "lab-1", authkey = "the key" })
	end)

	it("listens where it did, and with its key, when it is restarted", function()
		local lab = new_lab { equipment = { relay } }
		script(lab, "--start")
		local client = lab:connect()
		lab:write("broker", { port = lab.port, equipment = { relay }, authkey = "the key" })
		script(lab, "--restart")
		local status = lab:admin():status()
		assert.same({ "127.0.0.1", true, false }, { status.listens, status.keyed, status.open })
		assert.equal(1, #client:request { relay })
		client:close()
		assert.raises("ConnectionRefused", lease, lab, foreign_address(), "the key")
		assert.matches("the configuration says to listen on all addresses: stop and start the broker to change that",
			fs.read(lab.home .. "/.ave/broker.log"), 1, true)
		lab:write("broker", { port = lab.port, equipment = { relay }, authkey = "the key", listen = foreign_address() })
		script(lab, "--restart")
		assert.equal("127.0.0.1", lab:admin():status().listens)
		assert.equal("r-1", lease(lab, "", "the key"))
		assert.is_false((pcall(lease, lab, "")))
		script(lab, "--stop")
		lab:write("broker", { port = lab.port, equipment = { relay }, authkey = "the key" })
		script(lab, "--start")
		assert.equal("r-1", lease(lab, foreign_address(), "the key"))
	end)

	it("is asked by others with the key of their configuration", function()
		local there = new_lab { equipment = { relay }, authkey = "their key" }
		there:start()
		local here = new_lab { remote = { host = "127.0.0.1", port = there.port, policy = "forward", authkey = "their key" } }
		here:start()
		assert.equal("r-1", lease(here, ""))
		local third = new_lab { remotes = { { host = "127.0.0.1", port = there.port, authkey = "their key" } } }
		third:start()
		assert.equal("r-1", lease(third, ""))
	end)

	-- Runs code as a user with a home of their own.
	local function as_user(home, code)
		return cmd.run({ "/proc/self/exe", "-e", code }, { env = { HOME = home }, timeout = 60 })
	end

	it("is found by clients, with its key, in the configuration of their user", function()
		local lab = new_lab { equipment = { relay }, authkey = "the key" }
		script(lab, "--start")
		local home = fs.tempdir()
		local code = ("print(ave.broker.connect { address = { '', %d } }:get({ type = 'relay' }).profile.uid)"):format(lab.port)
		local status, output = as_user(home, code)
		assert.equal(1, status)
		assert.matches("no authkey was given, and " .. home .. "/.ave/config/broker.json has no key for :" .. lab.port .. ": ", output, 1, true)

		local _, shown = cmd.run({ "/proc/self/exe", "scripts/ave-config.lua", "--client", "--home=" .. lab.home }, { timeout = 60 })
		fs.mkdir(home .. "/.ave/config", { parents = true })
		fs.write(home .. "/.ave/config/broker.json", shown)
		assert.equal("r-1\r\n", select(2, as_user(home, code)))
		if fs.exists("/proc/net/if_inet6") then
			assert.equal("r-1\r\n", select(2, as_user(home, (code:gsub("''", "'::1'")))))
		end
		assert.equal("r-1\r\n", select(2, as_user(home, "print(ave.broker.connect {}:get({ type = 'relay' }).profile.uid)")))
		fs.write(home .. "/.ave/config/broker.json", json.encode {
			port = 1, remotes = { { host = "localhost", port = lab.port, authkey = "the key" } },
		})
		assert.equal("r-1\r\n", select(2, as_user(home, code)))
	end)

	it("is found where it listens by the account that runs it", function()
		local lab = new_lab { equipment = { relay }, authkey = "the key", listen = foreign_address() }
		script(lab, "--start")
		for _, options in ipairs { "{}", ("{ address = { '%s', %d } }"):format(foreign_address(), lab.port) } do
			assert.equal("r-1\r\n", select(2, as_user(lab.home,
				("print(ave.broker.connect(%s):get({ type = 'relay' }).profile.uid)"):format(options))))
		end
		script(lab, "--stop")
	end)

	describe("that runs as root", function()
		before_each(function()
			if ave.posix.geteuid() ~= 0 then
				pending("only root can start one")
			end
		end)

		it("is not started without an account for what clients run", function()
			local lab = new_lab { account = json.null, equipment = { relay } }
			local status, output = lab:script("--start")
			assert.equal(1, status)
			assert.matches("account: workspaces and commands of clients would run as root: set account", output, 1, true)
		end)

		it("has clients run nothing as root", function()
			local lab = new_lab { account = "nobody", session_directory = nil }
			script(lab, "--start")
			local workspace = lab:connect():get { type = "workspace" }
			workspace:put_file("mine", "")
			assert.same({ 0, "65534\r\n" }, { workspace:run { "sh", "-c", "id -ru; true" } })
			assert.same({ 0, "65534\r\n" }, { workspace:run { "stat", "-c", "%u", "mine" } })
			script(lab, "--restart")
			assert.same({ 0, "65534\r\n" }, { lab:connect():get({ type = "workspace" }):run { "sh", "-c", "id -ru; true" } })
			script(lab, "--stop")
			assert.same({}, lab:sessions())
		end)

		it("wants an account that exists", function()
			local lab = new_lab { account = "no-such-account" }
			assert.matches("account: wanted the name of an account on this host, got 'no-such-account'",
				select(2, lab:script("--start")), 1, true)
		end)
	end)
end)

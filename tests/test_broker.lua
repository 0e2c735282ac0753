-- The broker as its clients know it: a service in a process of its own that
-- leases equipment over TCP.

local ave = require("ave")
local Broker = require("ave.broker").Broker
local Lab = require("support.brokers")
local services = require("support.services")

local phone = { type = "handset", serial = "0001", pretty = "yuga" }
local other = { type = "handset", serial = "0002", pretty = "togari" }
local relay = { type = "relay", uid = "r-1" }

-- What the laboratory's own broker adds to the one that avescript has.
local LabBroker = Broker:subclass("LabBroker")

LabBroker.run_command = ave.Control.rpc(function(self, command)
	return ave.cmd.run(command, { timeout = 10 })
end)

LabBroker.identify = ave.Control.rpc(function(self, profile)
	local function serial_of(p)
		return p.serial:upper() -- fails for equipment without a serial
	end
	local serial = serial_of(profile)
	return "equipment " .. serial
end)

describe("a broker", function()
	local broker, port, clients

	-- Connects another client. The key is that of an account, if any.
	local function connect(key)
		local client = ave.RemoteControl({ "", port }, key, 5)
		clients[#clients + 1] = client
		return client
	end

	-- The serial or uid of everything in a list of profiles.
	local function names(profiles)
		local list = {}
		for _, profile in ipairs(profiles) do
			list[#list + 1] = profile.serial or profile.uid
		end
		table.sort(list)
		return table.concat(list, " ")
	end

	before_each(function()
		clients = {}
		broker, port = services.start(LabBroker, {
			alt_keys = { admin = "admin key" },
			equipment = { phone, other, relay },
		})
	end)

	after_each(function()
		for _, client in ipairs(clients) do
			client:close()
		end
		services.stop(broker)
	end)

	it("runs in a process of its own", function()
		local result = connect():run_command { "sh", "-c", "echo $PPID" }
		assert.equal(broker.pid, tonumber(result[2]))
	end)

	it("leases equipment that matches", function()
		local leased = connect():get { type = "handset", pretty = "yuga" }
		assert.same({ phone }, leased)
	end)

	it("leases different pieces for profiles that match the same", function()
		-- The second profile is picky; the first must leave it its only match.
		local leased = connect():get({ type = "handset" }, { serial = "0001", type = "handset" })
		assert.equal("0001", leased[2].serial)
		assert.equal("0002", leased[1].serial)
	end)

	it("leases everything that was asked for or nothing", function()
		local client = connect()
		local busy = connect()
		busy:get { type = "relay" }
		assert.raises("Busy", client.get, client, { type = "handset" }, { type = "relay" })
		assert.equal("0001 0002", names(connect("admin key"):list_available { type = "handset" }))
	end)

	it("keeps clients apart", function()
		local first, second = connect(), connect()
		first:get { type = "handset", serial = "0001" }
		second:get { type = "handset", serial = "0002" }
		assert.equal("0001", names(first:list_allocations()))
		assert.equal("0002", names(second:list_allocations()))
		assert.equal(2, #first:list_allocations_all())
	end)

	it("says Busy for what is leased and NoSuch for what it will never have", function()
		local first, second = connect(), connect()
		first:get { type = "relay" }
		local busy = assert.raises("Busy", second.get, second, { type = "relay" })
		assert.matches("relay", busy.message)
		local missing = assert.raises("NoSuch", second.get, second, { type = "television" })
		assert.matches("television", missing.message)
	end)

	it("refuses a profile without a type", function()
		local client = connect()
		local e = assert.raises("TypeError", client.get, client, { serial = "0001" })
		assert.matches("must have a 'type'", e.message)
		assert.raises("TypeError", client.get, client)
	end)

	it("takes equipment back", function()
		local first, second = connect(), connect()
		first:get({ type = "relay" }, { type = "handset", serial = "0002" })
		first:yield_resources { type = "relay" }
		assert.equal("r-1", names(second:get { type = "relay" }))
		first:yield_resources()
		assert.same({}, first:list_allocations())
		assert.raises("NoSuch", first.yield_resources, first, { type = "relay" })
	end)

	it("frees what a client had that has gone", function()
		local first, second = connect(), connect()
		first:get { type = "relay" }
		first:close()
		eventually(function()
			return pcall(second.get, second, { type = "relay" })
		end, { timeout = 30 })
	end)

	it("frees what a client had that was killed", function()
		local holder = ave.Process {
			target = function(to)
				local client = ave.RemoteControl({ "", to })
				client:get { type = "relay" }
				ave.cmd.run("sleep 60")
			end,
			args = { port },
		}
		holder:start()
		local admin = connect("admin key")
		eventually(function()
			return #admin:list_allocations_all() == 1
		end, { timeout = 30 })
		holder:kill()
		assert.equal(-9, holder:join(5))
		eventually(function()
			return #admin:list_available { type = "relay" } == 1
		end, { timeout = 30 })
	end)

	it("serves many clients at a time", function()
		local many = {}
		for i = 1, 20 do
			many[i] = connect()
		end
		local served = 0
		for _, client in ipairs(many) do
			local ok = pcall(client.get, client, { type = "handset" })
			served = served + (ok and 1 or 0)
		end
		assert.equal(2, served)
	end)

	it("shows administrators what there is, and nobody else", function()
		local admin, client = connect("admin key"), connect()
		client:get { type = "relay" }
		assert.equal("0001 0002 r-1", names(admin:list_equipment()))
		assert.equal("0001 0002", names(admin:list_available()))
		assert.equal("0002", names(admin:list_equipment { serial = "0002" }))
		local allocations = admin:list_allocations_all()
		assert.same(relay, allocations[1].profile)
		local e = assert.raises("AuthError", client.list_equipment, client)
		assert.equal("not authorized to make this call: 'list_equipment' needs the key of admin; this client has no key", e.message)
		assert.raises("AuthError", admin.get, admin, { type = "relay" })
	end)

	it("turns away a client with a wrong key", function()
		broker:terminate()
		broker:join(5)
		broker, port = services.start(LabBroker, { authkey = "right", equipment = { phone } })

		local intruder = connect("wrong")
		assert.raises("AuthError", intruder.list_allocations_all, intruder)
		assert.same({ phone }, connect("right"):get { type = "handset" })
	end)

	it("shows the client where its own code failed", function()
		local client = connect()
		local e = assert.raises("Exception", client.identify, client, relay)
		local innermost = e.trace[#e.trace]
		assert.matches("test_broker.lua$", innermost[1])
		assert.equal("serial_of", innermost[3])
		assert.matches("serial:upper", innermost[4], 1, true)
		assert.equal("identify", e.trace[1][3])
		assert.matches("Server side traceback:", tostring(e), 1, true)
	end)

	it("runs commands for its clients", function()
		local result = connect():run_command("echo ready")
		assert.same({ 0, "ready\r\n" }, result)
		local client = connect()
		local e = assert.raises("RunError", client.run_command, client, "no-such-program")
		assert.same({ "no-such-program" }, e.cmd)
	end)

	it("stops for an administrator, and tells everybody", function()
		local client = connect()
		client:list_allocations_all()
		local admin = connect("admin key")
		local e = assert.raises("Exit", admin.stop, admin)
		assert.equal("the broker was stopped", e.message)
		assert.raises("Exit", client.list_allocations_all, client)
		assert.equal(0, broker:join(5))
	end)
end)

describe("the broker of a laboratory", function()
	local lab

	before_each(function()
		lab = Lab.new {
			equipment = { relay, { type = "command", name = "power", command = { "echo", "power" } } },
			stacks = { { phone, relay } },
		}
		lab:write("handset", { handsets = { other, { serial = ave.json.null } } })
		lab:write("workspace", { pretty = "bench", root = "~/.ave" })
	end)

	after_each(function()
		lab:close()
	end)

	-- Calls the lab owner's script, which must succeed, and returns what it says.
	local function script(...)
		local status, output = lab:script(...)
		assert.equal(0, status, output)
		return output
	end

	local function refused(status, message, ...)
		local got, output = lab:script(...)
		assert.equal(status, got)
		assert.matches(message, output, 1, true)
	end

	it("is restarted five times, and its client goes on", function()
		script("--start")
		local client = lab:connect()
		local workspace, leased = client:get({ type = "workspace", pretty = "bench" }, { type = "handset", serial = "0001" })
		workspace:put_file("report", "begun")
		local pids = {}
		for i = 1, 5 do
			pids[script("--restart"):match("process (%d+)")] = i
			assert.equal("begun", workspace:get_file("report"))
		end
		local n = 0
		for _ in pairs(pids) do
			n = n + 1
		end
		assert.equal(5, n)
		workspace:put_file("report", "done")
		assert.equal("done", select(2, workspace:run("cat report")))
		local power, more = client:get({ type = "command" }, { type = "relay" })
		assert.same({ 0, "power on\r\n" }, { power:run("on") })
		assert.equal("r-1", more.profile.uid)
		assert.equal(4, #client:list())
		client:yield(leased, more)
		client:yield()
		assert.same({}, client:list())
		eventually(function() return #lab:sessions() == 0 end, { timeout = 30 })
		assert.equal(2, #lab:connect():request { phone, relay })
	end)

	it("is started once, looked at and stopped", function()
		refused(1, "no broker is running on port " .. lab.port, "--status")
		refused(1, "no broker is running on port " .. lab.port, "--stop")
		refused(1, "no broker is running on port " .. lab.port, "--restart")
		local pid = script("--start"):match("process (%d+)")
		refused(1, "the broker is already running: port " .. lab.port .. ", process " .. pid, "--start")
		local client = lab:connect()
		client:request { { type = "workspace" }, relay, reason = "nightly" }
		local status = script("--status")
		assert.matches("process " .. pid, status, 1, true)
		assert.matches("equipment 4, available 2, leases 2, sessions 1, waiting 0", status, 1, true)
		assert.matches('leased  {"type":"relay","uid":"r%-1"}, client 127.0.0.1:%d+, for %d s: nightly', status)
		client:close()
		script("--stop")
		assert.same({}, lab:sessions())
		refused(1, "no broker is running", "--status")
		eventually(function() return not io.open("/proc/" .. pid .. "/comm") end, { timeout = 30 })
	end)

	it("removes what a writer of its state has left that was killed", function()
		local part = ("%s/.ave/.broker-%d.json.0123abcd"):format(lab.home, lab.port)
		ave.fs.write(part, "{")
		script("--start")
		assert.is_false(ave.fs.exists(part))
	end)

	it("is started again after it was killed, with what was leased", function()
		local pid = script("--start"):match("process (%d+)")
		local client = lab:connect()
		local workspace = client:get({ type = "workspace" }, relay)
		ave.cmd.run("kill -9 " .. pid)
		eventually(function() return (lab:script("--status")) == 1 end, { timeout = 30 })
		script("--start")
		assert.equal(0, (workspace:run("true")))
		assert.equal(2, #client:list())
		assert.matches("leases 2", script("--status"), 1, true)
	end)

	it("says what is wrong with a command line and a configuration", function()
		assert.matches("Usage:", script("--help"), 1, true)
		refused(2, "give --start, --stop, --restart or --status")
		refused(2, "unknown option '--starte'", "--starte")
		refused(2, "--start and --stop cannot be used together", "--start", "--stop")
		refused(2, "option '--start' takes no value", "--start=now")
		refused(2, "option '--home' needs a value", "--status", "--home")
		refused(2, "unexpected argument 'start'", "start")
		lab:write("broker", { port = lab.port, equipment = { { serial = "1" } } })
		refused(1, "equipment 1: a profile must have a 'type'", "--start")
		lab:write("broker", { port = "many" })
		refused(1, "broker.json: port: wanted", "--start")
	end)
end)

-- What a client does with what it has leased: sessions, resources, and the
-- client's library.

local ave = require("ave")
local Lab = require("support.brokers")
local rpc = ave.Control.rpc

-- A resource class as a lab writes it: it keeps a log of what becomes of it.
local Relay = {}

function Relay:open()
	if self.profile.broken then
		error("the relay is broken", 0)
	end
	self.state = "off"
	self:note("open")
end

function Relay:close()
	self:note("close")
end

function Relay:note(what)
	local file = assert(io.open(self.profile.log, "a"))
	file:write(what, "\n")
	file:close()
end

Relay.switch = rpc(function(self, state)
	local before = self.state
	self.state = state
	self:note(state)
	return before
end)

Relay.crash = rpc(function()
	ave.cmd.run { "sh", "-c", "kill -9 $PPID" }
end)

describe("a session", function()
	local lab, client, log

	local function noted()
		local file = io.open(log)
		local text = file and file:read("*a") or ""
		if file then
			file:close()
		end
		return (text:gsub("\n", " "))
	end

	before_each(function()
		lab = Lab.new {}
		log = lab.home .. "/relay.log"
		lab:start {
			resources = { relay = Relay },
			workspace = { pretty = "shelf" },
			equipment = {
				{ type = "relay", uid = "r", log = log },
				{ type = "relay", uid = "broken", broken = true },
				{ type = "handset", serial = "1" },
				{ type = "command", name = "say", command = { "echo", "said:" } },
				{ type = "command", name = "slow", command = { "sleep", "60" }, timeout = 0.2 },
			},
		}
		client = lab:connect()
	end)

	after_each(function()
		lab:close()
	end)

	it("has workspaces, in which commands are run and files kept", function()
		local workspace = client:get { type = "workspace", pretty = "shelf" }
		local status, output = workspace:run { "sh", "-c", "pwd; exit 3" }
		assert.same({ 3, workspace:get_path() .. "\r\n" }, { status, output })
		local bytes = "\0\1\255\r\n"
		workspace:put_file("deep/down/data", bytes)
		assert.equal(bytes, workspace:get_file("deep/down/data"))
		workspace:run("touch deep/empty")
		assert.same({ "down/", "empty" }, workspace:list("deep"))
		assert.same({ "deep/" }, workspace:list())
		assert.raises("Timeout", workspace.run, workspace, "sleep 60", { timeout = 0.1 })
		assert.raises("RunError", workspace.run, workspace, "no-such-program")
	end)

	it("lets no path lead out of a workspace", function()
		local workspace = client:get { type = "workspace" }
		workspace:run("ln -s / root")
		for _, path in ipairs { "../escaped", "/etc/passwd", "root/etc/passwd", "a/../../escaped" } do
			assert.raises("Exception", workspace.put_file, workspace, path, "x")
			assert.raises("Exception", workspace.get_file, workspace, path)
		end
		assert.raises("Exception", workspace.list, workspace, "root/etc")
		assert.same({ "root" }, workspace:list())
	end)

	it("removes a workspace when it is given back, and when the client goes", function()
		local one, two = client:get({ type = "workspace" }, { type = "workspace" })
		local path = one:get_path()
		one:yield()
		assert.is_nil(io.open(path))
		assert.equal(1, #lab:sessions())
		assert.equal(0, (two:run("true")))
		client:close()
		eventually(function() return #lab:sessions() == 0 end, { timeout = 30 })
	end)

	it("ends with the client, whatever it is doing", function()
		local workspace = client:get { type = "workspace" }
		local begun = workspace:get_path() .. "/begun"
		local answer = workspace.remote.future:invoke(workspace.resource, "run", { { "sh", "-c", "touch begun; exec sleep 60" } })
		eventually(function() return io.open(begun) end, { timeout = 30 })
		client:close()
		eventually(function() return #lab:sessions() == 0 end, { timeout = 10 })
		assert.is_false(pcall(answer.get, answer, 5))
	end)

	it("runs the configured command, with more arguments", function()
		local say, slow = client:get({ type = "command", name = "say" }, { type = "command", name = "slow" })
		assert.same({ 0, "said: a b  c\r\n" }, { say:run("a", "b  c") })
		assert.raises("Timeout", slow.run, slow)
		local e = assert.raises("TypeError", say.run, say, {})
		assert.matches("argument 1: wanted a string", e.message, 1, true)
	end)

	it("opens and closes the lab's own resources", function()
		local relay = client:get { type = "relay", uid = "r" }
		assert.equal("off", relay:switch("on"))
		assert.equal("on", relay:switch("off"))
		local e = assert.raises("Exception", relay.note, relay, "no RPC")
		assert.matches("no such method of a relay: note", e.message, 1, true)
		relay:yield()
		assert.equal("open on off close ", noted())
		eventually(function() return #lab:sessions() == 0 end, { timeout = 30 })
		assert.raises("Exception", relay.switch, relay, "on")
	end)

	it("gives back what could not be opened", function()
		local ok, e = pcall(client.get, client, { type = "relay", uid = "broken" })
		assert.is_false(ok)
		assert.matches("the relay is broken", e.message, 1, true)
		assert.same({}, client:list())
		assert.equal("broken", lab:admin():list_available({ uid = "broken" })[1].uid)
	end)

	it("gives equipment without a resource class as a profile", function()
		local phone = client:get { type = "handset" }
		assert.equal("1", phone.profile.serial)
		assert.equal(0, #lab:sessions())
		local e = assert.raises("Exception", phone.call, phone, "reboot")
		assert.matches("a handset has no methods: there is no resource class for its type", e.message, 1, true)
	end)

	it("frees its equipment when it dies, after it was closed", function()
		local relay = client:get { type = "relay", uid = "r" }
		client:get { type = "handset" }
		assert.raises("ConnectionClosed", relay.crash, relay)
		local other = lab:connect()
		eventually(function() return #client:list() == 0 end, { timeout = 30 })
		local again = other:get { type = "relay", uid = "r" }
		assert.equal("off", again:switch("on"))
		other:close()
		eventually(function() return #lab:sessions() == 0 end, { timeout = 30 })
		assert.equal("open open on close ", noted())
	end)

	it("is closed by an administrator", function()
		client:request { { type = "relay", uid = "r" }, reason = "stress test" }
		local admin = lab:admin()
		local entry = admin:list_allocations_all()[1]
		assert.equal("stress test", entry.reason)
		assert.is_true(math.abs(os.time() - entry.since) < 5)
		admin:close_session(entry.client_id)
		eventually(function() return #admin:list_allocations_all() == 0 end, { timeout = 30 })
		assert.equal("open close ", noted())
		assert.same({}, client:list())
		assert.raises("NoSuch", admin.close_session, admin, "client-0")
	end)

	it("is for its client alone", function()
		client:get { type = "relay", uid = "r" }
		local row = client:call("serve", { (next(client.handles)) })[1]
		local thief = ave.RemoteControl({ "", row.port }, "guess", 5)
		table.insert(lab.clients, thief)
		assert.raises("AuthError", thief.invoke, thief, row.resource, "switch", { "on" })
		local other = lab:connect()
		assert.raises("NoSuch", other.call, other, "serve", { row.lease })
		other:call("yield_leases", { row.lease })
		assert.equal(1, #client:list())
		local as_client = ave.RemoteControl({ "", row.port }, row.authkey, 5)
		table.insert(lab.clients, as_client)
		local e = assert.raises("AuthError", as_client.call, as_client, "close", { row.lease })
		assert.equal("not authorized to make this call: 'close' needs the key of broker", e.message)
	end)

	it("is told of by get_resources to clients of any language", function()
		local plain = ave.RemoteControl({ "", lab.port }, nil, 5)
		table.insert(lab.clients, plain)
		local row = plain:get_resources({ type = "relay", uid = "r" })[1]
		local session = ave.RemoteControl({ "", row.port }, row.authkey, 5)
		table.insert(lab.clients, session)
		assert.equal("off", session:invoke(row.resource, "switch", { "on" }))
		plain:yield_resources { type = "relay" }
		assert.equal("open on close ", noted())
	end)

	it("checks what it is told", function()
		for call, message in pairs {
			[{ "lease", {} }] = "lease: wanted a profile, got nothing",
			[{ "lease", "x" }] = "profile: wanted a list, got 'x'",
			[{ "lease", { { type = "relay" } }, 5 }] = "reason: wanted a string, got 5",
			[{ "wait_for", { { type = "relay" } }, -1 }] = "timeout: wanted a number of seconds, got -1",
			[{ "yield_leases", { "x" } }] = "lease 1: wanted the number of a lease, got 'x'",
			[{ "enroll", "long" }] = "linger: wanted a number of seconds, got 'long'",
		} do
			local e = assert.raises("TypeError", client.call, client, unpack(call))
			assert.matches(message, e.message, 1, true)
		end
		assert.raises("TypeError", ave.broker.connect, { address = { "", lab.port }, key = "x" })
		assert.raises("TypeError", ave.broker.connect, {})
	end)
end)

-- What tests need, by test.equipment and test.needs: run by a runner of its own, with a
-- real broker.

local ave = require("ave")
local Lab = require("support.brokers")

local handset, relay = { type = "handset", serial = "1" }, { type = "relay", uid = "r" }
local machine = { type = "command", name = "machine", command = { "sh", "-c" } }

describe("a test that needs equipment", function()
	local lab, directory

	before_each(function()
		lab = Lab.new { equipment = { machine, { type = "lamp", uid = "l" } }, stacks = { { handset, relay } } }
		directory = ave.fs.tempdir()
	end)

	after_each(function()
		lab:close()
	end)

	-- Writes a test file.
	local function write(text)
		local path = directory .. "/test_needs.lua"
		ave.fs.write(path, text)
		return path
	end

	local function options(more)
		local env = { HOME = lab.home, NO_COLOR = "1", TERM = "dumb", AVE_TAGS = "gpu,rack=7" }
		for name, value in pairs(more or {}) do
			env[name] = value
		end
		return { env = env, timeout = 60, size = { cols = 1000 } }
	end

	-- Runs a test file. Returns what became of each test: status, message, output.
	local function run(text, ...)
		local path, report = write(text), directory .. "/events"
		local command = { "/proc/self/exe", "test", path, "--report", "json=" .. report, ... }
		local status, output = ave.cmd.run(command, options())
		local tests = { status = status, output = output }
		for line in ave.fs.read(report):gmatch("[^\n]+") do
			local e = ave.json.decode(line)
			if e.event == "test_finished" or e.event == "test_listed" or e.event == "block_failed" then
				local problem = e.problems and e.problems[1] or {}
				tests[table.concat(e.path or {}, " ")] = e
				e.message = problem.message
			end
		end
		return tests
	end

	local function state_of(kind)
		local admin = ave.RemoteControl({ "", lab.port }, nil, 5)
		finally(function() admin:close() end)
		for _, row in ipairs(admin:inventory().equipment) do
			if row.profile.type == kind then
				return row.state, row.reason
			end
		end
	end

	it("has it in its hooks and in itself, and gives it back", function()
		lab:start()
		local tests = run([[
			local phone = test.equipment("phone", { type = "handset" })
			local all = test.needs { equipment = { box = { type = "workspace" }, machine = { type = "command" } } }
			describe("a block", function()
				setup(function() all.box:put_file("made", phone.profile.serial) end)
				before_each(function() assert(all.machine:run("true") == 0) end)
				it("uses it", { retries = 1 }, function()
					assert.equals("1", all.box:get_file("made"))
					assert.equals(phone, test.equipment("phone"))
					assert.equals(all.box, test.equipment("box"))
					assert.equals("equipment 'phone': Profile{\"serial\":\"1\",\"type\":\"handset\"}", tostring(phone))
					all.machine.mark = 7
					assert.equals(7, all.machine.mark)
				end)
				teardown(function() io.write("at the end ", phone.profile.serial) end)
			end)
			it("says why", function()
				local ave = require("ave")
				print(select(2, ave.cmd.run({ "/proc/self/exe", "ps", "--service", "]] .. lab.port .. [[" }, { size = { cols = 500 } })))
			end)
		]], "--leaks", "fail")
		assert.equal(0, tests.status, tests.output)
		local output = tests["a block uses it"].output
		assert.matches('leased phone: Profile{"serial":"1","type":"handset"}, waited [%d.]+ s\n', output)
		assert.matches("leased box: .*leased machine: ", output)
		local lease = tests["says why"].output:match('"type":"handset"}, for [^\n]*')
		assert.matches(directory .. "/test_needs.lua: says why\r", lease, 1, true)
		assert.equal("free", state_of("handset"))
		assert.equal("free", state_of("command"))
	end)

	it("waits for it longer than it may take itself, and says so", function()
		lab:start()
		local other = lab:connect()
		local lease = other:get { type = "lamp" }
		local giving = ave.task.spawn(function()
			local admin = lab:admin()
			eventually(function() return #admin:list_waiting() == 1 end, { timeout = 30 })
			local reason = admin:list_waiting()[1].reason
			ave.time.sleep(1.2)
			lease:yield()
			return reason
		end)
		local tests = run([[
			describe("a block", function()
				test.equipment("lamp", { type = "lamp" }, { wait = 30 })
				setup("quickly", { timeout = 1 }, function() end)
				it("shines", { timeout = 1 }, function() end)
			end)
		]], "--timeout", "1", "--hook-timeout", "1")
		assert.equal(0, tests.status, tests.output)
		assert.matches('leased lamp: Profile{"type":"lamp","uid":"l"}, waited [1-9][%d.]* s', tests["a block shines"].output)
		assert.is_true(tests["a block shines"].seconds < 1)
		assert.equal(directory .. "/test_needs.lua: a block shines", giving:join(10))
	end)

	it("fails if it cannot have it, with all tests of the block, and no others", function()
		lab:start()
		lab:connect():request { { type = "lamp" }, reason = "soak test" }
		local tests = run [[
			test.needs { wait = 0.2, equipment = { phone = { type = "handset" } } }
			describe("busy", function()
				test.equipment("lamp", { type = "lamp" }, { wait = 0.3 })
				setup(function() print("setup ran") end)
				it("first", function() end)
				describe("inner", function() it("second", function() end) end)
				teardown(function() print("teardown ran") end)
			end)
			describe("none", function()
				test.equipment("tank", { type = "tank" })
				test.equipment("other", { type = "handset" })
				describe("inner", function() it("third", function() end) end)
			end)
			it("fourth", function() assert.equals("1", test.equipment("phone").profile.serial) end)
		]]
		assert.equal(1, tests.status)
		local busy = 'cannot lease lamp: Profile{"type":"lamp"}: Busy: equipment is busy: .*soak test; waited 0.%d s'
		assert.matches(busy, tests["busy first"].message)
		assert.matches(busy, tests["busy inner second"].message)
		assert.equal("error", tests["busy first"].status)
		assert.equal('cannot lease tank: Profile{"type":"tank"}, other: Profile{"type":"handset"}:'
			.. ' NoSuch: no such equipment: Profile{"type":"tank"}', tests["none inner third"].message)
		assert.equal("passed", tests["fourth"].status)
		assert.not_matches("n ran", tests.output)
	end)

	it("fails if there is no broker", function()
		local tests = run [[
			test.equipment("phone", { type = "handset" })
			it("is not reached", function() end)
		]]
		assert.matches('cannot lease phone: Profile{"type":"handset"}: ConnectionRefused: ', tests["is not reached"].message)
		os.remove(lab.home .. "/.ave/config/broker.json")
		tests = run [[
			test.equipment("phone", { type = "handset" })
			it("is not configured", function() end)
		]]
		assert.matches("no broker is configured", tests["is not configured"].message)
	end)

	it("can have the rest of a stack in an inner block", function()
		lab:start()
		local tests = run [[
			test.equipment("phone", { type = "handset" })
			describe("with a relay", function()
				local relay = test.equipment("relay", { type = "relay" }, { wait = 0 })
				it("has both", function()
					assert.equals("r", relay.profile.uid)
					assert.equals("1", test.equipment("phone").profile.serial)
				end)
			end)
			describe("with two relays", function()
				test.equipment("lamp", { type = "lamp" })
				describe("of one stack", function()
					test.equipment("relay", { type = "relay" })
					test.equipment("other", { type = "relay" })
					it("cannot have them", function() end)
				end)
				it("has a lamp, but no phone", function() end)
			end)
			it("has no phone", function() end)
		]]
		assert.equal("passed", tests["with a relay has both"].status)
		assert.matches("cannot lease relay: .*, other: .*: NoSuch: ", tests["with two relays of one stack cannot have them"].message)
		local lost = '^lost phone: Profile{"type":"handset"}: cannot lease relay: '
		assert.matches(lost, tests["with two relays has a lamp, but no phone"].message)
		assert.matches(lost, tests["has no phone"].message)
	end)

	it("is listed with all that it needs, without a broker", function()
		local tests = run([[
			test.equipment("phone", { type = "handset", ["4g"] = true })
			test.needs { tags = { "os=debian12" }, cores = 2, memory = "1.5G" }
			describe("inner", function()
				test.needs { tags = { "os=debian12", "gpu" }, cores = 1, exclusive = true, equipment = { relay = relay or { type = "relay" } } }
				setup(function() error("hooks do not run") end)
				it("needs more", function() end)
			end)
			it("needs less", function() end)
			pending("needs it, too")
		]], "--list")
		assert.equal(0, tests.status, tests.output)
		local phone = { name = "phone", profile = { type = "handset", ["4g"] = true } }
		local less = { equipment = { phone }, tags = { "os=debian12" }, cores = 2, memory = 1.5 * 1024 ^ 3 }
		assert.same(less, tests["needs less"].needs)
		assert.same(less, tests["needs it, too"].needs)
		assert.same({
			equipment = { phone, { name = "relay", profile = { type = "relay" } } }, tags = { "os=debian12", "gpu" },
			cores = 2, memory = 1.5 * 1024 ^ 3, exclusive = true,
		}, tests["inner needs more"].needs)
		assert.is_nil(run([[it("needs nothing", function() end)]], "--list")["needs nothing"].needs)
	end)

	it("runs only on a host with the tags", function()
		local _, machine_name = ave.cmd.run("uname -m")
		local tests = run((([[
			describe("here", function()
				test.needs { tags = { "gpu", "rack=7", "arch=$ARCH" }, cores = 4000, memory = "9T" }
				it("runs", function() end)
			end)
			describe("elsewhere", function()
				test.needs { tags = { "os=plan9" } }
				it("does not run", function() end)
			end)
			describe("nowhere", function()
				test.needs { tags = { "laser" } }
				it("does not run", function() end)
			end)
		]]):gsub("$ARCH", machine_name:find("x86_64") and "amd64" or "arm64")))
		assert.equal("passed", tests["here runs"].status)
		assert.matches("^test.needs: wanted os=plan9, this host has os=%S+$", tests["elsewhere does not run"].message)
		assert.matches("^test.needs: wanted laser, this host has arch=%S+, gpu, host=.*, rack=7$", tests["nowhere does not run"].message)
	end)

	it("frees it when its worker dies, and the rest of the file has it again", function()
		lab:start()
		local tests = run([[
			local phone = test.equipment("phone", { type = "handset" }, { wait = 30 })
			it("dies", function() require("ave").posix.kill(require("ave").posix.getpid(), "SIGKILL") end)
			it("lives", function() assert.equals("1", phone.profile.serial) end)
		]], "-j", "1")
		assert.equal("error", tests["dies"].status)
		assert.equal("passed", tests["lives"].status)
		assert.matches("leased phone: ", tests["lives"].output)
		eventually(function() return state_of("handset") == "free" end)
	end)

	it("says nothing of the equipment of other blocks", function()
		lab:start()
		local tests = run [[
			describe("outer", function()
				test.equipment("phone", { type = "handset" })
				describe("one", function()
					test.equipment("lamp", { type = "lamp" })
					setup(function() error("no") end)
					it("is lost", function() end)
				end)
				it("has a phone", function() end)
			end)
			it("has nothing", function() end)
		]]
		local output = tests["outer has a phone"].output
		assert.matches("leased phone: ", output, 1, true)
		assert.not_matches("leased lamp: ", output, 1, true)
		assert.equal("free", state_of("lamp"))
	end)

	it("stops waiting when the run is ended", function()
		lab:start()
		local other = lab:connect()
		other:get { type = "lamp" }
		local path = write [[
			describe("a block", function()
				test.equipment("phone", { type = "handset" })
				it("has a phone", function() end)
				describe("inside", function()
					test.equipment("lamp", { type = "lamp" })
					it("waits", function() end)
				end)
			end)
		]]
		local session = ave.cmd.spawn({ "/proc/self/exe", "test", path }, options())
		finally(function() session:close() end)
		eventually(function() return #lab:admin():list_waiting() == 1 end, { timeout = 30 })
		session:send("\3")
		session:expect("1 passed")
		eventually(function() return state_of("handset") == "free" and #lab:admin():list_waiting() == 0 end)
		other:yield()
		assert.equal("free", state_of("lamp"))
	end)

	it("has it in a script, in one process, and in insulated blocks", function()
		lab:start()
		local path = write([[
			insulate("a block", function()
				local phone = test.equipment("phone", { type = "handset" })
				it("has it", function() assert.equals("1", phone.profile.serial) end)
				insulate("inside", function()
					test.needs { tags = { "gpu" } }
					it("has it, too", function() assert.equals(phone, test.equipment("phone")) end)
				end)
			end)
			insulate("another block", function()
				test.equipment("phone", { type = "handset" }, { wait = 0 })
				it("has it again", function() assert.equals("1", test.equipment("phone").profile.serial) end)
			end)
		]])
		for _, command in ipairs { { "/proc/self/exe", path }, { "/proc/self/exe", "test", "-j", "0", path } } do
			local status, output = ave.cmd.run(command, options())
			assert.equal(0, status, output)
			assert.matches("3 passed", output)
		end
		assert.equal("free", state_of("handset"))
	end)

	it("gets it from the fleet in a job", function()
		lab:start()
		local client = lab:connect()
		local rows = client:call("claim", { machine, handset }, "12.0", "run 7")
		local leases = ave.json.list()
		for n, row in ipairs(client:call("serve", { rows[1].lease, rows[2].lease })) do
			leases[n] = { name = n == 1 and "box" or "phone", profile = row.profile, lease = row.lease, address = row.host,
				port = row.port, key = row.authkey, resource = row.resource and tostring(row.resource) }
		end
		local path = write [[
			test.needs { tags = { "os=plan9" }, cores = 2 }
			describe("a block", function()
				local box = test.equipment("box", { type = "command" })
				it("has a machine", function() assert.equals(0, (box:run("true"))) end)
			end)
			describe("a second block", function()
				local box = test.equipment("box", { name = "machine", type = "command" })
				it("has it, too", function() assert.equals(3, (box:run("exit 3"))) end)
			end)
			describe("a third block", function()
				test.equipment("phone", { type = "handset", serial = "2" })
				it("has another phone", function() end)
			end)
		]]
		ave.fs.write(directory .. "/order", ave.json.encode { job = {
			setup = { Timeout = 10, HookTimeout = 10, TeardownTimeout = 5 }, work = { File = path }, directory = directory,
			leases = { token = "12.0", host = "lab-1", leases = leases },
		} } .. "\n")
		local _, avescript = ave.cmd.run { "readlink", ("/proc/%d/exe"):format(ave.posix.getpid()) }
		local _, output = ave.cmd.run({ "sh", "-c", ([[
			(cat %s/order; i=0; while [ $i -lt 300 ]; do i=$((i+1)); sleep 0.1; echo '{"ping":true}'; done) | %s test-job
		]]):format(directory, avescript:match("%S+")) }, options { HOME = "/nonexistent" })
		local events = {}
		for line in output:gmatch('{"event":[^\r\n]+') do
			local e = ave.json.decode(line).event
			if e.event == "test_finished" then
				events[table.concat(e.path, " ")] = e
			end
		end
		assert.equal("passed", (events["a block has a machine"] or {}).status, output)
		assert.equal("passed", events["a second block has it, too"].status)
		assert.matches("leased box: .*, by the fleet", events["a second block has it, too"].output)
		assert.equal('the fleet has not leased phone: Profile{"serial":"2","type":"handset"} for this job, but: box, phone',
			events["a third block has another phone"].problems[1].message)
		assert.equal(2, #client:list())
	end)

	it("says what is wrong with what it says", function()
		lab:start()
		local tests = run [[
			local words = {
				"equipment()", "equipment(7, {})", "equipment('', {})", "equipment('x')", "equipment('x', 'handset')",
				"equipment('x', { uid = 1 })", "equipment('x', { type = print })", "equipment('phone', { type = 'a' })",
				"equipment('x', { type = 'a' }, { timeout = 1 })", "equipment('x', { type = 'a' }, { wait = 'long' })",
				"needs()", "needs { core = 1 }", "needs { cores = 0 }", "needs { cores = 1.5 }", "needs { memory = '2 pigs' }",
				"needs { tags = 'gpu' }", "needs { tags = { 'a b' } }", "needs { exclusive = 1 }", "needs { wait = -1 }",
				"needs { equipment = 'x' }", "needs { equipment = { x = 1 } }", "needs { equipment = { { type = 'a' } } }",
			}
			local said = {}
			local early = test.equipment("phone", { type = "handset" })
			for i, word in ipairs(words) do
				said[i] = word .. ": " .. tostring(select(2, pcall(assert(loadstring("test." .. word, "@x.lua")))))
			end
			said[#said + 1] = "early: " .. select(2, pcall(function() return early.profile end))
			describe("inner", function()
				said[#said + 1] = "inner: " .. select(2, pcall(function() return early:ring() end))
			end)
			it("says it", function()
				print(table.concat(said, "\n"))
				for _, fn in ipairs { function() test.equipment("x", { type = "a" }) end, function() test.needs {} end,
					function() test.equipment("y") end, function() early:yield() end } do
					print("a test: " .. select(2, pcall(fn)))
				end
			end)
		]]
		local wanted = [[
equipment(): equipment: wanted a name, got nil
equipment(7, {}): equipment: wanted a name, got 7
equipment('', {}): equipment: wanted a name, got ""
equipment('x'): equipment 'x': wanted a profile, got nil
equipment('x', 'handset'): equipment 'x': wanted a profile, got "handset"
equipment('x', { uid = 1 }): equipment 'x': wanted a profile with a type, such as { type = "handset" }, got Profile{"uid":1}
equipment('x', { type = print }): equipment 'x': Profile: argument 'values': value.type: cannot encode a function as JSON
equipment('phone', { type = 'a' }): equipment 'phone': this block, or one around it, has equipment of this name: choose another name
equipment('x', { type = 'a' }, { timeout = 1 }): equipment: there is no option 'timeout'; valid names are wait
equipment('x', { type = 'a' }, { wait = 'long' }): equipment: option 'wait': wanted a number of seconds, 0 or more, got "long"
needs(): needs: wanted a table of options, got nil
needs { core = 1 }: needs: there is no option 'core'; valid names are cores, equipment, exclusive, memory, tags, wait
needs { cores = 0 }: needs: option 'cores': wanted a whole number, 1 or more, got 0
needs { cores = 1.5 }: needs: option 'cores': wanted a whole number, 1 or more, got 1.5
needs { memory = '2 pigs' }: needs: option 'memory': wanted bytes, or a text such as "512M" or "2G", got "2 pigs"
needs { tags = 'gpu' }: needs: option 'tags': wanted a list of tags such as "os=debian12", got "gpu"
needs { tags = { 'a b' } }: needs: option 'tags': wanted a list of tags such as "os=debian12", got { "a b" }
needs { exclusive = 1 }: needs: option 'exclusive': wanted boolean, got 1
needs { wait = -1 }: needs: option 'wait': wanted a number of seconds, 0 or more, got -1
needs { equipment = 'x' }: needs: option 'equipment': wanted a table of profiles by name, got "x"
needs { equipment = { x = 1 } }: needs: equipment 'x': wanted a profile, got 1
needs { equipment = { { type = 'a' } } }: needs: equipment: wanted a name, got 1
early: equipment 'phone' can only be used in the tests and hooks of the block that declares it
inner: equipment 'phone' can only be used in the tests and hooks of the block that declares it
a test: equipment: a test cannot declare equipment: declare it in a block
a test: 'needs' not supported inside current context block
a test: equipment: no block around has declared 'y'
a test: equipment 'phone' is given back at the end of the block that declares it
]]
		local said = tests["says it"].output:gsub("^leased [^\n]*\n", ""):gsub(": [^ ]*%.lua:%d+: ", ": ")
		assert.equal(wanted, said)
	end)
end)

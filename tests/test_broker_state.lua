-- What a broker has on the disk: nobody is told of a change before it is there, and
-- what cannot be written has not happened.

local ave = require("ave")
local Lab = require("support.brokers")

local MOST = 40 -- handsets

local function handsets()
	local list = {}
	for i = 1, MOST do
		list[i] = { type = "handset", serial = tostring(i) }
	end
	return list
end

local function kill(broker)
	broker:kill()
	broker:join(10)
end

describe("the state of a broker", function()
	local lab

	before_each(function()
		lab = Lab.new { equipment = handsets() }
	end)

	after_each(function()
		lab:close()
	end)

	local function path(ending)
		return ("%s/.ave/broker-%d.%s"):format(lab.home, lab.port, ending)
	end

	local function write(name, text)
		local file = assert(io.open(name, "w"))
		file:write(text)
		file:close()
	end

	local function exists(name)
		local file = io.open(name)
		return file ~= nil and file:close()
	end

	-- The numbers of what is leased, sorted.
	local function leased()
		local list = {}
		for _, entry in ipairs(lab:admin():list_allocations_all()) do
			table.insert(list, entry.lease)
		end
		return list
	end

	it("is taken over from the file of an earlier version, which is kept", function()
		write(path("json"), ave.json.encode {
			version = 1, id = "BROKER", began = 1, last = 7,
			clients = { { id = "client-1", token = "TOKEN", linger = 0, address = { "10.0.0.1", 5 }, accounts = ave.json.list() } },
			leases = { { id = 2, client = "client-1", owner = "client-1", index = 3, since = 5, reason = "soak",
				profile = { type = "handset", serial = "3" } } },
			sessions = ave.json.list(), sharing = { active = false },
		})
		local broker = lab:start()
		assert.is_false(exists(path("json")))
		assert.is_truthy(exists(path("json.old")))
		kill(broker)
		lab:start()
		local remote = ave.RemoteControl({ "", lab.port }, nil, 5)
		table.insert(lab.clients, remote)
		assert.equal("3", remote:reclaim("TOKEN", { 2 })[1].profile.serial)
		local row = remote:lease({ { type = "handset" } })[1]
		assert.is_true(row.lease > 7)
	end)

	it("leaves a client what it has leased since it left a session that has ended", function()
		write(path("json"), ave.json.encode {
			version = 1, id = "BROKER", began = 1, last = 7,
			clients = { { id = "client-1", token = "TOKEN", linger = 0, address = { "10.0.0.1", 5 }, accounts = ave.json.list() } },
			leases = { { id = 6, client = "client-1", owner = "client-1", index = 3, since = 5,
				profile = { type = "handset", serial = "3" } } },
			sessions = { { id = "session-5", client = "client-1", pid = 1, start = "none", port = 1, key = "K", broker_key = "B",
				directory = lab.home .. "/sessions/ave-session-5" } },
		})
		lab:start()
		local remote = ave.RemoteControl({ "", lab.port }, nil, 5)
		table.insert(lab.clients, remote)
		assert.equal(1, #remote:reclaim("TOKEN", { 6 }))
	end)

	it("is refused, by its name, when it is damaged", function()
		local broker = lab:start()
		lab:connect():get { type = "handset" }
		kill(broker)
		local file = assert(io.open(path("db")))
		local whole = file:read("*a")
		file:close()
		for _, text in ipairs { "no store", whole:sub(1, 9000), whole:sub(1, 8192) .. ("\0"):rep(#whole - 8192) } do
			write(path("db"), text)
			local e = assert.raises("Exception", lab.start, lab)
			assert.matches(path("db"), e.message, 1, true)
			assert.matches("not the state of a broker", e.message, 1, true)
		end
		write(path("db"), whole)
		lab:start()
		assert.equal(1, #leased())
	end)

	it("is that of the broker that goes on when nobody took the service over", function()
		local broker, client = lab:start(), lab:connect()
		client:get { type = "handset", serial = "1" }
		local Failing = ave.broker.Broker:subclass("Failing")
		function Failing:adopt(...)
			ave.broker.Broker.adopt(self, ...)
			error("it cannot go on", 0)
		end
		local options = ave.broker.configure(lab.home)
		options.takeover = true
		local failing = Failing(options)
		assert.is_false(pcall(failing.start, failing, { synchronize = true }))
		client:get { type = "handset", serial = "2" }
		kill(broker)
		lab:start()
		assert.equal(2, #client:list())
		assert.equal(2, #leased())
	end)

	it("keeps clients apart who came before and after the broker was killed", function()
		local broker = lab:start()
		lab:connect():get { type = "handset", serial = "1" }
		local before = lab:connect { patience = 30 }
		kill(broker)
		lab:start()
		local after = lab:connect()
		before:get { type = "handset", serial = "2" }
		after:get { type = "handset", serial = "3" }
		assert.equal(1, #before:list())
		after:close()
		eventually(function() return #leased() == 2 end, { timeout = 20 })
		assert.equal(1, #before:list())
	end)

	it("has whatever clients were told, whenever the broker is killed", function()
		local broker = lab:start()
		local clients = {}
		for i = 1, 4 do
			clients[i] = ave.Process {
				-- Who has a piece has a directory of its name, which nobody else can make.
				target = function(port, home, seed)
					local client = ave.broker.connect { address = { "", port } }
					ave.cmd.run { "touch", home .. "/connected-" .. seed }
					math.randomseed(seed)
					for _ = 1, 25 do
						local handle = client:request { { type = "handset", serial = tostring(math.random(2)) }, wait = 60 }[1]
						local mine = home .. "/piece-" .. handle.profile.serial
						assert(ave.cmd.run { "mkdir", mine } == 0, "leased twice: " .. mine)
						assert(#client:list() == 1)
						assert(ave.cmd.run { "rmdir", mine } == 0)
						handle:yield()
					end
					client:close()
				end,
				args = { lab.port, lab.home, i },
			}
			clients[i]:start()
		end
		for i = 1, 4 do
			eventually(function() return exists(lab.home .. "/connected-" .. i) end, { timeout = 30 })
		end
		for _ = 1, 8 do
			ave.time.sleep(math.random() * 0.2)
			kill(broker)
			broker = lab:start()
		end
		for _, process in ipairs(clients) do
			assert.equal(0, process:join(120))
		end
		eventually(function() return #leased() == 0 end, { timeout = 20 })
	end)

	describe("on a full disk", function()
		local disk, options

		before_each(function()
			disk = lab.home .. "/disk"
			ave.cmd.run { "mkdir", disk }
			local status, output = ave.cmd.run { "mount", "-t", "tmpfs", "-o", "size=256k", "none", disk }
			if status ~= 0 then
				disk = nil
				pending("a small disk cannot be mounted, which takes root: " .. output)
			end
			options = { state_file = disk .. "/state.db", session_directory = lab.home .. "/sessions", grace = 60 }
		end)

		after_each(function()
			if disk then
				lab:close()
				ave.cmd.run { "umount", "-l", disk }
			end
		end)

		local function fill()
			ave.cmd.run { "dd", "if=/dev/zero", "of=" .. disk .. "/rest", "bs=1024" }
		end

		local function free()
			os.remove(disk .. "/rest")
		end

		it("changes nothing that it cannot keep, and goes on when there is space", function()
			local broker, client = lab:start(options), lab:connect()
			local told, refused = {}, 0
			-- Leases until it fails, and gives back half until that fails, too.
			local function use()
				for i = 1, MOST do
					local ok, rows = pcall(client.call, client, "lease", { { type = "handset", serial = tostring(i) } }, ("%d "):format(i):rep(300))
					if ok then
						told[rows[1].lease] = true
					elseif rows:is("Busy") then
						client.handles = {}
						told = {}
					else
						refused = refused + 1
						assert.matches("no space left", rows.message, 1, true)
						assert.matches("nothing was changed", rows.message, 1, true)
					end
				end
				for id in pairs(told) do
					if id % 2 == 0 then
						local ok, e = pcall(client.call, client, "yield_leases", { id })
						if ok then
							told[id] = nil
						else
							refused = refused + 1
							assert.matches("no space left", e.message, 1, true)
						end
					end
				end
			end
			local function sorted()
				local list = {}
				for id in pairs(told) do
					table.insert(list, id)
				end
				table.sort(list)
				return list
			end
			fill()
			use()
			assert.is_true(refused > 0)
			assert.same(sorted(), leased())
			for id in pairs(told) do
				client.handles[id] = true
			end
			kill(broker)
			broker = lab:start(options) -- the disk is still full
			assert.same(#sorted(), #client:list())
			assert.same(sorted(), leased())
			free()
			eventually(function() return pcall(client.call, client, "yield_resources") end, { timeout = 20 })
			told = {}
			refused = 0
			use()
			assert.equal(0, refused)
			assert.same(sorted(), leased())
			for id in pairs(told) do
				client.handles[id] = true
			end
			kill(broker)
			lab:start(options)
			client:list()
			assert.same(sorted(), leased())
		end)

		it("counts no token that it cannot keep, and none less when it is killed", function()
			local broker, client = lab:start(options), lab:connect()
			local told, refused = {}, 0
			local function claim(i, token)
				return pcall(client.call, client, "claim", { { type = "handset", serial = tostring(i) } }, token,
					("%d "):format(i):rep(300))
			end
			fill()
			for i = 1, MOST do
				local ok, e = claim(i, "7.0")
				told[i] = ok
				refused = refused + (ok and 0 or 1)
				assert.is_true(ok or e.message:find("no space left", 1, true) ~= nil, tostring(e))
			end
			assert.is_true(refused > 0)
			free()
			kill(broker)
			lab:start(options)
			client:close()
			client = lab:connect()
			for i = 1, MOST do
				local ok, e = claim(i, "7.0")
				assert.equal(not told[i], ok)
				assert.is_true(ok or e:is("Stale"))
				client:call("yield_resources")
			end
		end)

		it("leases no piece twice when a change of hands could not be written", function()
			local broker, holder, wanted = lab:start(options), lab:connect(), {}
			for i = 1, MOST do
				wanted[i] = { type = "handset", serial = tostring(i) }
			end
			holder:request(wanted)
			local admin, answers = lab:admin(), {}
			for i = 1, MOST do
				answers[i] = lab:connect().remote.future:wait_for({ wanted[i] }, 120, ("x"):rep(1000))
			end
			eventually(function() return #admin:list_waiting() == MOST end, { timeout = 30 })
			fill()
			local e = assert.raises("Exception", holder.yield, holder)
			assert.matches("no space left", e.message, 1, true)
			assert.equal(MOST, #holder:list())
			assert.equal(MOST, #leased())
			assert.same({}, admin:list_available())
			free()
			for _ = 1, 15 do -- the broker tries again and again, and must not find anything free
				assert.equal(MOST, #admin:list_waiting())
				ave.time.sleep(0.1)
			end
			holder:yield()
			local serials = {}
			for i = 1, MOST do
				serials[answers[i]:get(30)[1].profile.serial] = true
			end
			for i = 1, MOST do
				assert.is_true(serials[tostring(i)])
			end
			assert.equal(MOST, #leased())
			kill(broker)
			lab:start(options)
			assert.equal(MOST, #leased())
		end)

		it("keeps the file of an earlier version, even one of the same name, until it is taken over", function()
			options.state_file = disk .. "/state.json"
			write(options.state_file, ave.json.encode {
				version = 1, id = "BROKER", began = 1, last = 7,
				clients = { { id = "client-1", token = "TOKEN", linger = 0, address = { "10.0.0.1", 5 }, accounts = ave.json.list() } },
				leases = { { id = 6, client = "client-1", owner = "client-1", index = 3, since = 5,
					profile = { type = "handset", serial = "3" } } },
				sessions = ave.json.list(),
			})
			fill()
			local e = assert.raises("Exception", lab.start, lab, options)
			assert.matches("no space left", e.message, 1, true)
			free()
			local broker = lab:start(options)
			assert.same({ 6 }, leased())
			assert.is_truthy(exists(options.state_file .. ".old"))
			kill(broker)
			lab:start(options)
			assert.same({ 6 }, leased())
		end)

		it("takes back what a client had that has gone, when there is space", function()
			lab:start(options)
			local holder, waiting = lab:connect(), lab:connect()
			holder:request { { type = "handset", serial = "1" }, reason = ("x"):rep(1000) }
			local answer = waiting.remote.future:wait_for({ { type = "handset", serial = "1" } }, 120, ("y"):rep(1000))
			fill()
			holder:close()
			free()
			assert.equal("1", answer:get(30)[1].profile.serial)
			assert.equal(1, #leased())
		end)
	end)
end)

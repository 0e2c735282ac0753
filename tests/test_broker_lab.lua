-- ave.broker.connect { fleet = ... }: with a program in place of avelab, which leases at
-- a broker what a fleet would lease somewhere.

local ave = require("ave")
local Lab = require("support.brokers")

local lamps = { { type = "lamp", uid = "l-1" }, { type = "lamp", uid = "l-2" } }
local machine = { type = "command", name = "machine", command = { "sh", "-c" } }

-- What stands for avelab. It writes down how it was called.
local avelab = [[
local ave = require("ave")
local order = ave.json.decode(io.read())
ave.fs.write("%s/called", table.concat(arg, " "))
local function say(answer) io.write(ave.json.encode(answer), "\n") io.flush() end
if order.reason == "die" then
	io.stderr:write("the hub is away\n")
	os.exit(3)
end
local client = ave.broker.connect { address = { "", %d } }
local wanted = { wait = order.wait > 0 and math.min(order.wait, 0.5) or 30, reason = order.reason }
for n, want in ipairs(order.needs) do wanted[n] = want.profile end
local ok, handles = pcall(client.request, client, wanted)
if not ok then
	say { error = handles.message, code = handles:is("NoSuch") and "unmet" or handles:is("Busy") and "busy" or nil }
	os.exit(1)
end
local leases = ave.json.list()
for n, handle in ipairs(handles) do
	leases[n] = { name = order.needs[n].name, profile = handle.profile, lease = handle.lease }
	if handle.remote then
		local row = client:call("serve", { handle.lease })[1]
		leases[n].port, leases[n].key, leases[n].resource = row.port, row.authkey, tostring(row.resource)
	end
end
say { token = "12.0", host = "lab-1", leases = leases }
io.read()
client:yield()
client:close()
]]

describe("the client of a fleet", function()
	local lab, directory, program

	setup(function()
		directory = ave.fs.tempdir()
		local _, avescript = ave.cmd.run { "readlink", ("/proc/%d/exe"):format(ave.posix.getpid()) }
		program = directory .. "/avescript"
		ave.cmd.run({ "cp", avescript:match("%S+"), program }, { check = true, timeout = 60 })
	end)

	before_each(function()
		lab = Lab.new { equipment = { machine, lamps[1], lamps[2] } }
		lab:start()
		ave.fs.write(directory .. "/avelab", "#!" .. program .. "\n" .. avelab:format(directory, lab.port))
		ave.cmd.run({ "chmod", "755", directory .. "/avelab" }, { check = true })
	end)

	after_each(function()
		lab:close()
	end)

	-- Runs a script with the client. Returns its output.
	local function run(text)
		local path = directory .. "/script.lua"
		ave.fs.write(path, 'local ave = require("ave")\nlocal client = ave.broker.connect { fleet = true }\n' .. text)
		local status, output = ave.cmd.run({ program, path }, { timeout = 60, env = { HOME = lab.home }, size = { cols = 500 } })
		assert.equal(0, status, output)
		return (output:gsub("\r", ""))
	end

	local function leased()
		return #lab:connect():call("list_allocations_all")
	end

	it("leases, uses and gives back", function()
		local output = run([[
			local box, lamp = client:get({ type = "command" }, { type = "lamp" })
			print(lamp.profile.uid, (box:run("exit 3")), #client:list())
			local other = client:request({ { type = "lamp" }, wait = 60, reason = "soak test" })[1]
			lamp:yield()
			assert(#client:list() == 2)
			print(box:run("echo hi"))
			box:yield()
			print(#client:list(), client:list()[1].uid)
			local admin = ave.broker.connect { address = { "", ]] .. lab.port .. [[ } }
			print(#admin:call("list_allocations_all"), admin:call("list_allocations_all")[1].reason)
			client:close()
			print(#admin:call("list_allocations_all"), select(2, pcall(client.get, client, { type = "lamp" })).message)
		]])
		assert.equal("l-1\t3\t2\n0\thi\n\n1\tl-2\n1\tsoak test\n0\tthe client was closed\n", output)
		assert.equal("hold", ave.fs.read(directory .. "/called"))
	end)

	it("raises what a broker would raise", function()
		lab:connect():get { type = "command" }
		local output = run [[
			local function try(wanted)
				local ok, e = pcall(client.request, client, wanted)
				print(ok, e.type, e.message)
			end
			try { { type = "tank" } }
			try { { type = "command" } }
			try { { type = "lamp" }, reason = "die" }
			try {}
			try { { uid = 1 } }
			try { { type = "lamp" }, wait = "long" }
			print(select(2, pcall(client.call, client, "lease")).message)
			print(#client:list(), #client:get { type = "lamp" }.profile.uid)
		]]
		assert.matches("^false\tNoSuch\tno such equipment: .*\nfalse\tBusy\tequipment is busy: .*\n"
			.. "false\tException\tavelab has ended: the hub is away\n"
			.. "false\tTypeError\trequest: wanted a profile, got nothing\nfalse\tTypeError\tprofile 1: .*\n"
			.. "false\tTypeError\twait: wanted a number of seconds, got 'long'\nthe client of a fleet has no broker .*\n0\t3\n$", output)
	end)

	it("gives everything back when its process is killed", function()
		local path = directory .. "/script.lua"
		ave.fs.write(path, [[
			local ave = require("ave")
			ave.broker.connect({ fleet = true }):get { type = "lamp" }
			ave.posix.kill(ave.posix.getpid(), "SIGKILL")
		]])
		ave.cmd.run({ program, path }, { timeout = 60, env = { HOME = lab.home } })
		eventually(function() return leased() == 0 end, { timeout = 30 })
	end)

	it("says which lab it means", function()
		run [[
			client:close()
			client = ave.broker.connect { fleet = "tls://hub:4222#token" }
			client:get { type = "lamp" }
		]]
		assert.equal("hold --hub=tls://hub:4222", ave.fs.read(directory .. "/called"))
		local output = run [[
			for _, options in ipairs { { fleet = 7 }, { fleet = true, linger = 3 } } do
				print(select(2, pcall(ave.broker.connect, options)).message)
			end
		]]
		assert.equal("connect: fleet: wanted the address of a hub, or true, got 7\n"
			.. "connect: option 'linger' cannot be used together with fleet; valid names are fleet, resources\n", output)
	end)

	it("says how to get avelab", function()
		os.remove(directory .. "/avelab")
		local path = directory .. "/script.lua"
		ave.fs.write(path, 'print(select(2, pcall(require("ave").broker.connect, { fleet = true })).message)')
		local _, output = ave.cmd.run({ program, path }, { timeout = 60, env = { PATH = "/nonexistent" } })
		output = output:gsub("\r\n", "")
		assert.matches("the program avelab is missing: it is neither beside " .. program .. " nor in PATH", output, 1, true)
		assert.matches("'make build' builds it", output, 1, true)
	end)
end)

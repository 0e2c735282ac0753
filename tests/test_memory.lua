-- What clients can have a service keep in memory. No client gets it far, the
-- others are answered all along, and what was taken goes back to the system.

local control = require("ave.network.control")
local Process = require("ave.network.process").Process
local time = require("ave.time")
local services = require("support.services")

local Control, RemoteControl = control.Control, control.RemoteControl
local rpc = Control.rpc

local MOST = 256 -- MB that a service may take

local Target = Control:subclass("Target")
Target.echo = rpc(function(_, value) return value end)
Target.count = rpc(function(_, list) return #list end)
Target.large = rpc(function(_, size) return ("x"):rep(size) end)
Target.there = rpc(Control.concurrent(function(_, value) return value end))
Target.keep = rpc(Control.concurrent(function(self, _)
	while not self.released do
		time.sleep(0.05)
	end
end))
Target.release = rpc(function(self) self.released = true end)
Target.back = rpc(function(self, value)
	local own = RemoteControl({ "", self.port }, nil, 10)
	local result = own:there(value)
	own:close()
	return result
end)

local function framed(length, payload)
	return ("%c%c%c%c"):format(math.floor(length / 2 ^ 24), math.floor(length / 2 ^ 16) % 256,
		math.floor(length / 256) % 256, length % 256) .. payload
end

local function call_of(method, arguments)
	return ('{"method": "%s", "params": {"vargs": [%s], "kwargs": {}}}'):format(method, arguments)
end

local function records(n)
	local list = {}
	for i = 1, n do
		list[i] = { id = i, name = "handset-" .. i, type = "handset", serial = "CB5A1" .. i, state = "free" }
	end
	return list
end

describe("a service", function()
	local service, port, witness, visitors

	-- How much memory the service has ("VmRSS"), or ever had ("VmHWM"), in MB.
	local function memory(kind)
		local file = assert(io.open("/proc/" .. service.pid .. "/status"))
		local text = file:read("*a")
		file:close()
		return tonumber(text:match(kind .. ":%s*(%d+)")) / 1000
	end

	local function limits()
		return witness:call("$statistics").limits
	end

	before_each(function()
		service, port = services.start(Target)
		visitors = services.visitors(port)
		witness = RemoteControl({ "", port }, nil, 10, false, nil, { call_timeout = 20 })
		assert.equal(0, witness:echo(0))
	end)

	after_each(function()
		visitors:close()
		witness:close()
		services.stop(service)
	end)

	-- An attack by some name, after which the memory goes back. How much of what is not
	-- needed any more the collector has not come to is a matter of how busy the machine is.
	local function withstands(name, attack)
		it("withstands " .. name, { retries = 2 }, function()
			local before = memory("VmRSS")
			attack()
			assert(memory("VmHWM") < MOST, ("it has had %d MB"):format(memory("VmHWM")))
			visitors:close()
			eventually(function()
				assert(memory("VmRSS") < before + 30, ("%d MB before, %d MB now"):format(before, memory("VmRSS")))
				return true
			end, { timeout = 30 })
			assert.equal("last", witness:echo("last"))
		end)
	end

	withstands("a call with millions of empty tables", function()
		local conn = visitors:peer()
		for i = 1, 3 do
			conn:put(call_of("count", "[" .. ("{},"):rep(5500000) .. "{}]"), 60)
			local answer = conn:get(60)
			assert.matches('"OverflowError"', answer)
			assert.matches("(max_values)", answer, 1, true)
			assert.equal(i, witness:echo(i))
		end
		conn:put(call_of("count", "[{}, {}]"), 10)
		assert.equal('{"result": 2}', conn:get(10))
		assert.equal(3, limits().max_values)
	end)

	withstands("calls with as many values as there may be, beside one that lasts", function()
		local numbers = "[" .. ("1,"):rep(1700000) .. "1]"
		local kept = visitors:peer()
		kept:put(call_of("keep", numbers), 60)
		local others = {}
		for i = 1, 4 do
			others[i] = visitors:peer()
			others[i]:put(call_of("count", numbers), 60)
			assert.equal(i, witness:echo(i))
		end
		eventually(function() return limits().max_values >= #others end, { timeout = 30 }) -- all have come
		witness:release()
		assert.equal('{"result": null}', kept:get(60))
		for _, conn in ipairs(others) do
			local answer = conn:get(60) -- a slow machine may have it wait for too long
			assert(answer == '{"result": 1700001}' or answer:find("(max_values)", 1, true), answer)
		end
	end)

	withstands("clients that do not read 40 answers of 20 MB", function()
		local deaf = {}
		for i = 1, 40 do
			deaf[i] = visitors:peer()
			deaf[i]:put(call_of("large", "20000000"), 10)
			assert.equal(i, witness:echo(i))
		end
		local refused = 0
		for _, conn in ipairs(deaf) do
			local ok, answer = pcall(conn.get, conn, 10)
			if ok and answer:find("(max_unread)", 1, true) then
				refused = refused + 1
			end
		end
		assert(refused >= 30, refused)
		assert(limits().max_unread >= refused)
	end)

	withstands("a hundred clients with half a call, and takes whole ones", function()
		local half = framed(16 * 2 ^ 20, ("x"):rep(9 * 2 ^ 20))
		for i = 1, 100 do
			local conn = visitors:peer()
			pcall(conn.write, conn, half, 0)
			assert.equal(i, witness:echo(i))
		end
		eventually(function() return limits().max_incoming > 90 end, { timeout = 30 })
		for i = 3, #visitors.opened do -- the others go on holding what there is
			visitors.opened[i]:close()
		end
		local text = ("x"):rep(10000000)
		assert.equal(text, visitors:client():echo(text))
	end)

	it("takes and gives a text of 10 MB and a list of 50,000 records", function()
		local remote = visitors:client()
		local text = ("x"):rep(10000000)
		assert(text == remote:echo(text))
		local list = records(50000)
		assert.equal(#list, remote:count(list))
		local back = remote:echo(list)
		assert.equal(#list, #back)
		assert.same(list[#list], back[#back])
		assert.same({ 0, 0, 0 }, { limits().max_incoming, limits().max_values, limits().max_unread })
		assert(memory("VmHWM") < MOST, ("it has had %d MB"):format(memory("VmHWM")))
	end)

	it("lets a call with much to keep call the service itself", function()
		local list = records(50000)
		assert.equal(#list, #visitors:client():back(list))
	end)

	it("serves clients that send large calls at the same time", function()
		local senders = {}
		for i = 1, 6 do
			senders[i] = Process {
				target = function()
					local remote = RemoteControl({ "", port }, nil, 10)
					local text = ("x"):rep(12000000)
					for _ = 1, 3 do
						assert(remote:echo(text) == text)
					end
				end,
			}
			senders[i]:start()
		end
		for _, sender in ipairs(senders) do
			assert.equal(0, sender:join(120))
		end
		assert(memory("VmHWM") < MOST, ("it has had %d MB"):format(memory("VmHWM")))
	end)
end)

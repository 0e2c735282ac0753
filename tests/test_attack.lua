-- A service among clients that mean it no good, or are just too many. It
-- answers the others all along, and nothing is left in the end.

local cmd = require("ave.cmd")
local connection = require("ave.network.connection")
local control = require("ave.network.control")
local Daemon = require("ave.daemon").Daemon
local Process = require("ave.network.process").Process
local services = require("support.services")

local BlockingConnection = connection.BlockingConnection
local Control, RemoteControl = control.Control, control.RemoteControl
local rpc = Control.rpc

local Target = Control:subclass("Target")
Target.redirect = Daemon.redirect -- to the field log_file
Target.echo = rpc(function(_, value) return value end)
Target.large = rpc(function(_, size) return ("x"):rep(size) end)
Target.touch = rpc(function() return "touched" end)
Target.hang = rpc(function(_, file) cmd.run { "sh", "-c", "echo $$ > " .. file .. "; exec sleep 60" } end)
Target.suicide = rpc(function() os.execute("kill -9 $PPID") end)

local function text_of(path)
	local file = io.open(path)
	local text = file and file:read("*a")
	if file then
		file:close()
	end
	return text or "" -- also if it is a file of a process that ended meanwhile
end

local function is_running(pid)
	local state = text_of("/proc/" .. pid .. "/stat"):match("%) (%a)")
	return state ~= nil and state ~= "Z"
end

-- What a process holds. Of the own one, the shell that counts is a part; it
-- may run before there is a pidfd for it, so those are left out.
local function holdings(pid)
	local count = "ls -l /proc/$0/fd | grep -vc pidfd; grep -lsx PPid:.$0 /proc/[0-9]*/status | wc -l"
	local _, counts = cmd.run { "sh", "-c", count, tostring(pid) }
	local descriptors, children = counts:match("(%d+)%s+(%d+)")
	return { descriptors = tonumber(descriptors), children = tonumber(children) }
end

local function holds_no_more_than(before, now)
	for what, count in pairs(before) do
		assert(now[what] <= count, ("%s: %d before, %d now"):format(what, count, now[what]))
	end
end

-- The message as a frame.
local function framed(message)
	return ("\0\0%c%c"):format(math.floor(#message / 256), #message % 256) .. message
end

local function call_of(method, arguments)
	return framed(('{"method": "%s", "params": {"vargs": [%s], "kwargs": {}}}'):format(method, arguments or ""))
end

describe("a service", function()
	local self_pid = text_of("/proc/self/stat"):match("%d+")
	local own, home, target, port, witness, opened

	local function start(options)
		options.home, options.logging = home, true
		target, port = services.start(Target, options, { log_file = home .. "/log" })
		witness = RemoteControl({ "", port }, nil, 10, false, nil, { call_timeout = 10 })
		assert.equal(0, witness:echo(0))
	end

	local function keep(one)
		opened[#opened + 1] = one
		return one
	end

	local function close_all()
		for _, one in ipairs(opened) do
			one:close()
		end
		opened = {}
	end

	local function client()
		return keep(RemoteControl({ "", port }, nil, 10, false, nil, { call_timeout = 10 }))
	end

	-- A peer that has done nothing but connect.
	local function silent()
		local conn = keep(BlockingConnection { "", port })
		conn:connect(10)
		return conn
	end

	-- A peer that has come as far as the challenge.
	local function stranger()
		local conn = silent()
		assert.matches("^#CHALLENGE#", conn:get(10))
		return conn
	end

	-- A peer that has come through the handshake.
	local function peer()
		local conn = stranger()
		conn:put("0123456789abcdef", 10)
		assert.equal('{"authenticated": true}', conn:get(10))
		return conn
	end

	-- How many goroutines the service has, by its hickup file.
	local function goroutines()
		local dir = home .. "/.ave/hickup"
		cmd.run { "rm", "-rf", dir }
		cmd.run { "kill", "-USR1", tostring(target.pid) }
		local text = eventually(function()
			local status, output = cmd.run { "sh", "-c", "cat " .. dir .. "/*-" .. target.pid }
			return status == 0 and output
		end, { timeout = 10 })
		return select(2, text:gsub("\ngoroutine %d+", ""))
	end

	local function footprint()
		local all = holdings(target.pid)
		all.goroutines = goroutines()
		return all
	end

	-- The most memory that the service ever had, in KiB.
	local function peak()
		return tonumber(text_of("/proc/" .. target.pid .. "/status"):match("VmHWM:%s*(%d+)"))
	end

	-- A test of a service with some options, which holds no more after it than
	-- before.
	local function survives(name, options, attack)
		it("survives " .. name, function()
			start(options)
			local before = footprint()
			attack()
			close_all()
			eventually(function() holds_no_more_than(before, footprint()) end, { timeout = 20 })
			assert.equal("last", witness:echo("last"))
		end)
	end

	before_each(function()
		own = holdings(self_pid)
		home, opened = os.tmpname(), {}
		os.remove(home)
		cmd.run { "mkdir", home }
	end)

	after_each(function()
		close_all()
		witness:close()
		target:kill()
		target:join(10)
		cmd.run { "rm", "-rf", home }
		eventually(function() holds_no_more_than(own, holdings(self_pid)) end)
	end)

	survives("a thousand clients at once", {}, function()
		local clients, futures = {}, {}
		for i = 1, 1000 do
			clients[i] = client()
			clients[i]:connect()
		end
		for i, one in ipairs(clients) do
			futures[i] = one.future:echo(i)
		end
		for i, future in ipairs(futures) do
			assert.equal(i, future:get(20))
		end
	end)

	survives("strangers that send garbage", {}, function()
		for i, garbage in ipairs { "GET / HTTP/1.1\r\n\r\n", ("\255"):rep(64), "\0\0\0\0", "\0", ("x"):rep(100000) } do
			local conn = silent()
			pcall(conn.write, conn, garbage, 1)
			assert.equal(i, witness:echo(i))
			conn:close()
		end
	end)

	survives("clients that send garbage", {}, function()
		for i, garbage in ipairs { "", "\0", "{", "[]", "null", '{"method": 1}', ("["):rep(100000), ("\255"):rep(1000) } do
			local conn = peer()
			conn:put(garbage, 10)
			assert.matches('^{"exception": ', conn:get(10))
			assert.equal(i, witness:echo(i))
		end
	end)

	survives("clients that are killed in the middle of a call", {}, function()
		local clients = {}
		for i = 1, 5 do
			clients[i] = Process {
				target = function()
					local remote = RemoteControl({ "", port })
					while true do
						remote:echo(("x"):rep(100000))
					end
				end,
			}
			clients[i]:start()
		end
		eventually(function() return witness:call("$statistics").connections == 1 + #clients end, { timeout = 20 })
		for i, one in ipairs(clients) do
			one:kill()
			one:join(10)
			assert.equal(i, witness:echo(i))
		end
	end)

	local slow = { max_handshakes = 50, max_incoming = 2 ^ 30, handshake_timeout = 2, frame_timeout = 0.5, write_timeout = 0.5 }
	survives("500 that send a byte now and then, or read nothing", slow, function()
		local deaf, senders, wrong, round = {}, {}, {}, 0
		local function ask(one)
			local ok, answer = pcall(one.echo, one, round)
			if not ok or answer ~= round then
				wrong[#wrong + 1] = tostring(answer)
			end
		end
		for i = 1, 20 do
			deaf[i] = peer()
		end
		for _ = 1, 280 do
			senders[peer()] = "\0\16\0\0" .. ("x"):rep(1000)
		end
		for _ = 1, 200 do
			senders[stranger()] = "\0\0\0\64" .. ("x"):rep(64)
		end
		for _, conn in ipairs(deaf) do
			conn:write(call_of("large", 500000):rep(64), 10)
		end
		local limits = eventually(function()
			round = round + 1
			for conn, bytes in pairs(senders) do
				pcall(conn.write, conn, bytes:sub(round, round), 1)
				if math.random(50) == 1 then
					ask(witness)
				end
			end
			local newcomer = client()
			ask(newcomer)
			newcomer:close()
			local statistics = witness:call("$statistics")
			return statistics.connections == 1 and statistics.limits
		end, { timeout = 20 })
		assert.same({}, wrong)
		assert.equal(20, limits.write_timeout)
		assert.equal(280, limits.frame_timeout)
		assert.equal(200, limits.max_handshakes + limits.handshake_timeout)
		local log = text_of(home .. "/log")
		for _, message in ipairs {
			"it did not read an answer in time (write_timeout)",
			"it did not finish a frame in time (frame_timeout)",
			"it did not finish the handshake in time (handshake_timeout)",
			"newer connections have not finished their handshake (max_handshakes)",
		} do
			assert.matches(message, log, 1, true)
		end
	end)

	survives("frames that are cut at every byte", {}, function()
		local digest, call = framed("0123456789abcdef"), call_of("touch")
		for cut = 0, #digest - 1 do
			for _, begin in ipairs { silent, stranger } do -- the first does not read, which resets its connection
				local conn = begin()
				conn:write(digest:sub(1, cut), 10)
				conn:close()
				assert.equal(cut, witness:echo(cut))
			end
		end
		for cut = 0, #call - 1 do
			local conn = peer()
			conn:write(call:sub(1, cut), 10)
			conn:close()
			conn = stranger()
			conn:write(digest .. call:sub(1, cut), 10)
			conn:close()
			assert.equal(cut, witness:echo(cut))
		end
		assert.is_nil(witness:call("$statistics").methods.touch)
		for cut = 0, #call do
			local conn = peer()
			conn:write(call:sub(1, cut), 10)
			assert.equal(cut, witness:echo(cut))
			conn:write(call:sub(cut + 1), 10)
			assert.equal('{"result": "touched"}', conn:get(10))
		end
		assert.equal(#call + 1, witness:call("$statistics").methods.touch.calls)
	end)

	survives("headers that claim 4 GiB, and refuses them", {}, function()
		local before = peak()
		for i = 1, 20 do
			local conn = peer()
			conn:write("\255\255\255\255{", 10)
			assert.matches("OverflowError", conn:get(10))
			assert.raises("ConnectionClosed", conn.get, conn, 10)
			conn = stranger()
			conn:write("\255\255\255\255x", 10)
			assert.matches("OverflowError", conn:get(10))
			assert.raises("ConnectionClosed", conn.get, conn, 10)
			assert.equal(i, witness:echo(i))
		end
		assert.matches("(max_frame)", text_of(home .. "/log"), 1, true)
		assert(peak() - before < 16000, ("%d KiB before, %d now"):format(before, peak()))
	end)

	survives("headers of 4 GiB that it has to believe", { max_frame = 4294967295, max_incoming = 2 ^ 40, frame_timeout = 0.2 }, function()
		local before = peak()
		local conns = {}
		for i = 1, 20 do
			conns[i] = peer()
			conns[i]:write("\255\255\255\255{", 10)
			assert.equal(i, witness:echo(i))
		end
		for _, conn in ipairs(conns) do
			assert.raises("ConnectionClosed", conn.get, conn, 10)
		end
		assert(peak() - before < 16000, ("%d KiB before, %d now"):format(before, peak()))
	end)

	it("tells its clients by the end of the connection that it was killed", function()
		start {}
		local e = assert.raises("ConnectionClosed", witness.suicide, witness)
		assert.matches("connection closed", e.message)
		assert.equal(-9, target:join(10))
	end)

	it("can be started again on its port after it was killed in the middle of a call", function()
		start {}
		local file = home .. "/pid"
		local waiting = witness.future:hang(file)
		local child = eventually(function() return text_of(file):match("%d+") end, { timeout = 10 })
		local queued = client().future:echo("never")
		target:kill()
		for _, future in ipairs { waiting, queued } do
			assert.raises("ConnectionClosed", future.get, future, 5)
		end
		assert.raises("ConnectionClosed", witness.echo, witness, 0)
		assert.equal(-9, target:join(10))
		local late = client()
		assert.raises("ConnectionRefused", late.echo, late, 0)
		eventually(function() return not is_running(child) end)

		target:start { synchronize = true }
		assert.equal("again", late:echo("again"))
		assert.equal("again", client():echo("again"))
	end)
end)

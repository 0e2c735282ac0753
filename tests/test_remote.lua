-- ave.network.control: what a client can do besides plain calls: several of
-- them under way, and limits of their time.

local cmd = require("ave.cmd")
local control = require("ave.network.control")
local exceptions = require("ave.exceptions")
local services = require("support.services")

local Control, RemoteControl = control.Control, control.RemoteControl
local rpc = Control.rpc
local stop = services.stop

local Jammed = exceptions.define("RemoteJammed")

local Lab = Control:subclass("RemoteLab")

Lab.echo = rpc(function(_, value) return value end)
Lab.sleep = rpc(function(_, seconds) cmd.run("sleep " .. seconds) end)
Lab.jam = rpc(function() error(Jammed { message = "paper jam", tray = 2 }) end)
Lab.leave = rpc(function() error(exceptions.Exit { message = "bye" }) end)

local function start(options)
	return services.start(Lab, options)
end

describe("a client", function()
	local service, port, remote

	local function client(options)
		return RemoteControl({ "", port }, nil, 5, false, nil, options)
	end

	setup(function()
		service, port = start()
	end)

	teardown(function()
		stop(service)
	end)

	before_each(function()
		remote = client()
	end)

	after_each(function()
		remote:close()
	end)

	it("is told what it may have meant", function()
		local lab = client()
		assert.equal("no such RPC: ecoh; did you mean 'echo'?", assert.raises("Exception", lab.ecoh, lab).message)
		assert.equal("no such RPC: frobnicate", assert.raises("Exception", lab.frobnicate, lab).message)
		assert.equal("no such RPC: jamm; did you mean 'jam'?", assert.raises("Exception", function() lab.future:jamm():get(20) end).message)
		lab.async:ecoh()
		assert.equal("x", lab:echo("x"))
		lab:close()
	end)

	it("tells a host that does not exist from a service that does not run", function()
		local nowhere = RemoteControl({ "no-such-host.invalid", 4000 }, nil, 20)
		local e = assert.raises("ConnectionUnknownHost", nowhere.echo, nowhere)
		assert.matches("^cannot connect to no%-such%-host.invalid:4000: ", e.message)
		assert.is_false(e:is("ConnectionRefused"))
	end)

	describe("that makes futures", function()
		it("gets their results in any order, and more than once", function()
			local futures = {}
			for i = 1, 100 do
				futures[i] = remote.future:echo { i }
			end
			assert.equal("plain", remote:echo("plain"))
			for i = 100, 1, -1 do
				assert.same({ i }, futures[i]:get())
			end
			assert.is_true(futures[1]:done())
			assert.same({ 1 }, futures[1]:get(5))
			assert.equal("plain", remote:echo("plain"))
		end)

		it("gets back before there is an answer", function()
			local slow, quick = remote.future:sleep(0.2), remote.future:echo("x")
			assert.is_false(slow:done())
			assert.is_false(quick:done())
			assert.equal("x", quick:get())
			assert.is_true(slow:done())
			assert.is_nil(slow:get())
		end)

		it("gets the error of each by itself", function()
			local before, jam, after = remote.future:echo(1), remote.future:jam(), remote.future:echo(2)
			local missing = remote.future:no_such_method()
			local e = assert.raises(Jammed, jam.get, jam)
			assert.equal(2, e.tray)
			assert.equal("jam", e.trace[#e.trace][3])
			assert.equal("no such RPC: no_such_method", assert.raises("Exception", missing.get, missing).message)
			assert.equal(1, before:get())
			assert.equal(2, after:get())
			assert.raises(Jammed, jam.get, jam)
		end)

		it("does not get stuck between large calls and large answers", function()
			local large, futures = ("x"):rep(1000000), {}
			for i = 1, 32 do
				futures[i] = remote.future:echo(large)
			end
			for _, future in ipairs(futures) do
				assert.equal(#large, #future:get(20))
			end
		end)

		it("loses them all when one takes too long", function()
			local quick, slow, after = remote.future:echo(1), remote.future:sleep(0.3), remote.future:echo(2)
			assert.equal(1, quick:get())
			assert.raises("ConnectionTimeout", slow.get, slow, 0.05)
			local e = assert.raises("ConnectionClosed", after.get, after)
			assert.matches("an earlier call failed: call of 'sleep' at 127.0.0.1:%d+: timed out", e.message)
			assert.raises("ConnectionClosed", function() return remote.future:echo("x") end)
			assert.equal(1, quick:get())
		end)

		it("keeps them, and drops late answers, if it was made so", function()
			local keeping = RemoteControl { address = { "", port }, call_timeout = 5, keep = true }
			finally(function() keeping:close() end)
			local slow, after = keeping.future:sleep(0.3), keeping.future:echo(2)
			assert.raises("ConnectionTimeout", slow.get, slow, 0.05)
			local e = assert.raises("ConnectionTimeout", keeping.call, keeping, "echo", { "late" }, {}, 0.05)
			assert.matches("has not answered 2 earlier calls", e.message)
			assert.equal("mine", keeping:echo("mine"))
			assert.equal(2, after:get())
			slow:get()
		end)

		it("learns that the service has ended", function()
			local other, there = start()
			local leaving = RemoteControl { "", there }
			finally(function()
				leaving:close()
				stop(other)
			end)
			leaving.future:sleep(0.2) -- so that the others are sent before it leaves
			local exit, after = leaving.future:leave(), leaving.future:echo(1)
			assert.equal("bye", assert.raises("Exit", exit.get, exit).message)
			assert.raises("ConnectionClosed", after.get, after, 5)
		end)

		it("loses them when it is closed", function()
			local slow = remote.future:sleep(0.1)
			remote:close()
			local e = assert.raises("ConnectionClosed", slow.get, slow)
			assert.matches("the client was closed", e.message, 1, true)
		end)

		it("wants them to be made of a RemoteControl", function()
			local e = assert.raises("TypeError", function() remote.future.echo("x") end)
			assert.matches("wanted a RemoteControl as self", e.message, 1, true)
		end)
	end)

	describe("whose calls have a timeout", function()
		it("raises ConnectionTimeout, and is of no use then", function()
			local hasty = client { call_timeout = 0.05 }
			finally(function() hasty:close() end)
			assert.raises("ConnectionTimeout", hasty.sleep, hasty, 0.3)
			assert.raises("ConnectionClosed", hasty.echo, hasty, "x")
		end)

		it("has it for futures and for call, too", function()
			local hasty = client { call_timeout = 0.05 }
			local slow = hasty.future:sleep(0.3)
			assert.raises("ConnectionTimeout", slow.get, slow)
			hasty:close()
			hasty = client { call_timeout = 0.05 }
			assert.raises("ConnectionTimeout", hasty.call, hasty, "sleep", { 0.3 })
			hasty:close()
		end)

		it("may give a call more time", function()
			-- The calls above that were given up are still being served.
			remote:echo("they are done")
			local hasty = client { call_timeout = 0.1 }
			finally(function() hasty:close() end)
			assert.is_nil(hasty:call("sleep", { 0.2 }, {}, 10))
			assert.is_nil(hasty:call("sleep", { 0.2 }, {}, math.huge))
			assert.is_nil(hasty.future:sleep(0.2):get(10))
		end)

		it("wants a number of seconds", function()
			local e = assert.raises("TypeError", client, { call_timeout = "soon" })
			assert.matches("option 'call_timeout': wanted a number of seconds", e.message, 1, true)
		end)
	end)

	describe("over TLS", function()
		local with_openssl = os.execute("command -v openssl >/dev/null") == 0 and it or pending

		with_openssl("calls a service whose certificate it can check", function()
			local _, output = cmd.run("mktemp -d")
			local dir = output:match("%S+")
			local other, there
			local clients = {}
			finally(function()
				for _, each in ipairs(clients) do
					each:close()
				end
				if other then
					stop(other)
				end
				cmd.run { "rm", "-r", dir }
			end)
			local cert, key = dir .. "/cert.pem", dir .. "/key.pem"
			local made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
				.. "-subj /CN=lab -addext subjectAltName=DNS:lab,DNS:localhost -out %s -keyout %s"
			assert.equal(0, (cmd.run(made:format(cert, key))))
			other, there = start { tls_cert = cert, tls_key = key }

			local function secure(tls)
				local secured = RemoteControl({ "", there }, nil, 5, false, nil, { tls = tls })
				table.insert(clients, secured)
				return secured
			end
			local trusting = secure { ca = cert }
			assert.equal("x", trusting:echo("x"))
			assert.equal("y", trusting.future:echo("y"):get(5))
			assert.equal("x", secure({ ca = cert, server_name = "lab" }):echo("x"))
			local wrong = secure { ca = cert, server_name = "other" }
			assert.raises("AuthError", wrong.echo, wrong, "x")
			local doubtful = secure {}
			assert.raises("AuthError", doubtful.echo, doubtful, "x")
		end)

		it("does not call a service that has none", function()
			local secure = client { tls = {} }
			finally(function() secure:close() end)
			local e = assert.raises("AuthError", secure.echo, secure, "x")
			assert.matches("no TLS connection to the server at", e.message, 1, true)
			assert.equal("x", remote:echo("x"))
		end)

		it("wants files that can be used", function()
			local e = assert.raises("Exception", client, { tls = { ca = "/no/such/file" } })
			assert.matches("certificate authorities: open /no/such/file", e.message, 1, true)
			e = assert.raises("Exception", client, { tls = { cert = "/no/such/file" } })
			assert.matches("got only one of the two", e.message, 1, true)
			e = assert.raises("TypeError", client, { tls = { certificate = "x" } })
			assert.matches("there is no such option; valid names are ca, cert, key, server_name", e.message, 1, true)
			e = assert.raises("TypeError", client, { tls = true })
			assert.matches("option 'tls': wanted a table of options, got true", e.message, 1, true)
		end)
	end)
end)

local out = require("shown")
local socket = require("socket")
local show, try = out.show, out.try

show("version", socket._VERSION, math.abs(socket.gettime() - os.time()) < 2, socket.sleep(0), socket.sleep(-1))
local began = socket.gettime()
socket.sleep(0.01)
show("slept", socket.gettime() - began >= 0.01)
try("sleep", socket.sleep, "x")

-- a server, a client, and what the server accepts
local server = socket.bind("127.0.0.1", 0)
local ip, port, family = server:getsockname()
show("server", ip, type(port), family, server.class, tostring(server):match("^%S+"), server:getfamily())
local client = socket.connect("127.0.0.1", port)
local peer = server:accept()
show("client", client.class, client:getpeername() == "127.0.0.1", type(select(2, client:getpeername())), client:getfd() >= 0)
show("settimeout", server:settimeout(0.01), server:gettimeout())
show("accept", server:accept())
show("bound twice", socket.bind("127.0.0.1", port))
show("connected twice", client:connect("127.0.0.1", port))
show("no such port", socket.connect("127.0.0.1", 1))
show("no such service", socket.connect("127.0.0.1", "nosuch"))
show("no such service", socket.bind("127.0.0.1", "nosuch"))

-- sending and receiving
show("send", client:send("hello\nworld"))
show("send", client:send("abcdef", 3, 5), client:send("abcdef", -2), client:send("abc", 2, 1), client:send("abc", 1, 100), client:send(""))
show("send", client:send("abc", 4))
show("line", peer:receive())
show("stats", client:getstats() == 0, (select(2, client:getstats())), (peer:getstats()))
show("dirty", peer:dirty())
show("count", peer:receive(3, "ab"))
show("count", peer:receive(1, "ab"))
show("count", peer:receive(0))
peer:settimeout(0.01)
show("all", peer:receive("*a"))
show("line", peer:receive("*l", "pre"))
show("nothing", peer:receive(0), peer:receive(5))
client:send("one\r\ntw\ro\r\n\r\nrest")
for _ = 1, 4 do
	show("line", peer:receive("*l"))
end
for _, wrong in ipairs({ "*x", -1, {}, true, "l" }) do
	try("wrong pattern", peer.receive, peer, wrong)
end
show("shutdown", client:shutdown("send"), client:shutdown())
try("shutdown", client.shutdown, client, "foo")
show("end", peer:receive("*l"))
show("end", peer:receive("*a"))
show("end", peer:receive("*a", "x"))
show("end", peer:receive(5))
show("end", peer:receive(0))
show("closed", client:close(), client:close(), client:getfd(), client.class)
show("closed", client:send("x"))
show("closed", client:receive())
show("closed", client:getsockname())

-- large, while the other side reads: both are in this thread, so in pieces
client = socket.connect("127.0.0.1", port)
peer = server:accept()
client:settimeout(0.01)
local data, sent, got = ("x"):rep(1000000), 0, 0
while got < #data do
	if sent < #data then
		local index, problem, partial = client:send(data, sent + 1)
		sent = index or partial
		assert(index or problem == "timeout")
	end
	local text, _, partial = peer:receive(math.min(65536, sent - got))
	got = got + #(text or partial)
end
show("large", sent, got)
client:send("left over")
client:close()
peer:settimeout(1, "t")
show("all", peer:receive("*a"))
peer:close()

-- a connection that is reset
client = socket.connect("127.0.0.1", port)
peer = server:accept()
client:setoption("linger", { on = true, timeout = 0 })
client:close()
show("reset", peer:receive())
show("reset", peer:send("x") == 1 or select(2, peer:send("x")))

-- options and objects before they have a socket
client = socket.connect("127.0.0.1", port)
for _, name in ipairs({ "keepalive", "reuseaddr", "tcp-nodelay" }) do
	show(name, client:setoption(name, true), client:getoption(name), client:setoption(name, false), client:getoption(name))
	try(name, client.setoption, client, name, 1)
end
show("linger", client:setoption("linger", { on = true, timeout = 2 }))
try("linger", client.setoption, client, "linger", 1)
try("foo", client.setoption, client, "foo", 1)
try("foo", client.getoption, client, "foo")
show("error", client:getoption("error"))
local master = socket.tcp()
show("master", master.class, master:getfd())
show("master", master:getsockname())
show("master", master:getpeername())
show("master", socket.tcp4():getsockname())
show("settimeout", master:settimeout(1, "t"), master:settimeout(2, "b"), master:gettimeout())
show("settimeout", master:settimeout(), master:settimeout(nil, "t"), master:gettimeout())
try("settimeout", master.settimeout, master, "x")
try("settimeout", master.settimeout, master, 1, "z")
show("bind", master:bind("127.0.0.1", 0), master:listen(5), master.class)
client:settimeout(0.01)
for _, name in ipairs({ "send", "receive", "accept", "listen", "bind", "shutdown" }) do
	for label, object in pairs({ master = socket.tcp() }) do
		try(name .. " of a " .. label, object[name], object)
	end
	try(name .. " of a server", server[name], server)
	try(name .. " of a client", client[name], client)
	try(name .. " of a number", client[name], 1)
end
show("no such method", client.nosuch)

-- select
peer = server:accept()
peer = peer and server:accept() or peer
local readers, writers, why = socket.select({ server }, { client }, 1)
show("select", #readers, #writers, writers[1] == client, writers[client], why)
readers, writers, why = socket.select({ server, client }, nil, 0)
show("select", #readers, #writers, why)
readers, writers, why = socket.select(nil, nil, 0.01)
show("select", #readers, #writers, why)
local mine = { getfd = function() return client:getfd() end, dirty = function() return true end }
readers, writers, why = socket.select({ mine, {} }, {}, 1)
show("select", #readers, readers[1] == mine, readers[mine], #writers, why)
try("select", socket.select, 1)
try("select", socket.select, {}, {}, "x")

-- what an object is good for after an error, and after close
local reached = socket.bind("127.0.0.1", 0)
local _, open = reached:getsockname()
local trier = socket.tcp()
show("refused", trier:connect("127.0.0.1", 1))
show("connected", trier:connect("127.0.0.1", open))
show("connected twice", trier:connect("127.0.0.1", open))
trier:close()
show("connected again", trier:connect("127.0.0.1", open))
show("usable", trier:send("x"))
trier:close()
show("no descriptor", trier:setoption("keepalive", true))
show("no descriptor", trier:getoption("keepalive"))
show("by name", (select(2, socket.connect("localhost", open))))
if socket.bind("::1", 0) then
	trier = socket.tcp()
	show("refused", trier:connect("::1", 1))
	show("other family", trier:connect("127.0.0.1", open))
	trier = socket.tcp6()
	show("any address", trier:bind("*", 0), (trier:getsockname()))
end

-- patterns of receive
client = socket.connect("127.0.0.1", open)
reached:accept()
peer = reached:accept()
while peer and peer:getpeername() and select(2, peer:getpeername()) ~= tonumber((select(2, client:getsockname()))) do
	peer = reached:accept()
end
client:send("a line\nabcdefgh")
peer:settimeout(0.01)
show("pattern", peer:receive("*line"))
show("pattern", peer:receive("3"))
show("pattern", peer:receive(0, "prefix"))
show("pattern", peer:receive(2, "prefix"))
show("pattern", peer:receive(2.9))
show("pattern", peer:receive(10, "prefix"))
show("stats", peer:setstats(1, 2, 3), (peer:getstats()), (select(2, peer:getstats())))
client:close()
show("pattern", peer:receive("*all"))
show("names", socket.dns.tohostname("127.0.0.1") ~= nil, type(select(2, socket.dns.tohostname("127.0.0.1"))))
show("names", socket.dns.toip("nosuch.invalid"))
try("select", socket.select, { 1 })

-- errors that are raised and reported
local finalized = 0
local trying = socket.newtry(function()
	finalized = finalized + 1
end)
show("try", trying(1, 2, 3))
show("try", pcall(trying, nil, "bad"))
show("finalized", finalized)
local protected = socket.protect(function(...)
	return socket.try(...)
end)
show("protect", protected(1, 2))
show("protect", protected(nil, "message"))
show("protect", protected(false, 5))
try("protect", socket.protect(error), "real")
try("protect", socket.protect(error), { 1 })
show("skip", socket.skip(2, 1, 2, 3, 4))
show("skip", socket.skip(0, 1), (socket.skip(5, 1)))

-- names
show("toip", socket.dns.toip("127.0.0.1") == "127.0.0.1", select(2, socket.dns.toip("127.0.0.1")).ip)
show("gethostname", type(socket.dns.gethostname()))
show("getaddrinfo", socket.dns.getaddrinfo("127.0.0.1"))

show("global", rawget(_G, "socket"))

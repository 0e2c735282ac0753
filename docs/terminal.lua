#!/usr/bin/env avescript
-- Draws docs/terminal.svg, the picture in the README: make picture.

local ave = require("ave")
local Control, rpc = ave.Control, ave.Control.rpc

local Relays = Control:subclass("Relays")

-- Lists the relays, with who has them.
Relays.list = rpc(function()
	return {
		{ uid = "relay-1", channels = 8, holder = "nightly-412", minutes = 34 },
		{ uid = "relay-2", channels = 8, holder = "jenkins-7", minutes = 2 },
		{ uid = "relay-3", channels = 16, holder = "eva", minutes = 218 },
	}
end)

-- Opens a channel of a relay.
Relays.open_channel = rpc(function(_, uid, channel)
	return { uid = uid, channel = channel, state = "open" }
end)

-- Waits until a relay is free, and reserves it.
Relays.reserve = rpc(function(_, uid, reason)
	return { uid = uid, reason = reason }
end)

local socket, port = ave.find_free_port()
local relays = Relays { port = port, socket = socket }
relays:start { synchronize = true }

local prompt = ave.cmd.spawn({ "avescript", "connect", "localhost:" .. port }, {
	size = { cols = 76, rows = 17 }, env = { TERM = "xterm-256color", XDG_STATE_HOME = ave.env.get("XDG_STATE_HOME") or "/nonexistent" },
})
-- Types a text at the prompt, which follows what is awaited.
local function answer(awaited, text)
	prompt:expect_screen(ave.cmd.pattern(awaited .. ".*relays@[^\n]*>%s*$"))
	prompt:send(text)
end

answer("connected", "service:list()\r")
answer("relay%-3", "service:open_chanel('relay-3', 4)\r")
answer("did you mean", "service:")
prompt:expect_screen(ave.cmd.pattern("service:%s*$"))
prompt:press("Tab")
prompt:expect_screen(ave.cmd.pattern("reserve"))
prompt:screen():save(arg[1])
prompt:close()
relays:terminate()
relays:join()

-- A command is equipment that is used by a program on the broker's host: a
-- flasher, a power switch, a measuring device. Its profile says which one,
--
--     { type = "command", name = "power", command = { "relayctl", "--port=3" }, timeout = 20 }
--
-- and the client runs it with further arguments, but no other program.

local cmd = require("ave.cmd")
local checks = require("ave.broker.checks")
local rpc = require("ave.network.control").Control.rpc

local Command = {}

function Command:open()
	local profile = self.profile
	self.words = checks.list(profile.command, tostring(profile) .. ": command", checks.text)
	if #self.words == 0 then
		checks.type_error("%s: wanted a command, got none", tostring(profile))
	end
	self.timeout = checks.seconds(profile.timeout or 0, tostring(profile) .. ": timeout")
end

-- Runs the program with the arguments behind those of the profile.
Command.run = rpc(function(self, arguments)
	local words = { unpack(self.words) }
	for _, word in ipairs(checks.list(arguments or {}, "argument", checks.text)) do
		table.insert(words, word)
	end
	local status, output = cmd.run(words, { timeout = self.timeout, cwd = self.directory })
	return { status, output }
end)

-- The client's side.
Command.client = {
	run = function(self, ...)
		return unpack(self:call("run", { ... }))
	end,
}

return Command

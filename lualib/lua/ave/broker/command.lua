-- A command is equipment that is used by running a program on the broker's host,
-- such as a flasher, a power switch or a measuring device. Its profile names the
-- program:
--
--     { type = "command", name = "power", command = { "relayctl", "--port=3" }, timeout = 20 }
--
-- The client runs it with more arguments, but cannot run another program.

local cmd = require("ave.cmd")
local checks = require("ave.broker.checks")
local rpc = require("ave.network.control").Control.rpc

local Command = {}

-- Reads the words and the timeout of a profile.
function Command.check(profile)
	local words = checks.list(profile.command, tostring(profile) .. ": command", checks.text)
	if #words == 0 then
		checks.type_error("%s: the property 'command' is missing", tostring(profile))
	end
	return words, checks.seconds(profile.timeout or 0, tostring(profile) .. ": timeout")
end

function Command:open()
	self.words, self.timeout = Command.check(self.profile)
end

-- Runs the program; the arguments follow those of the profile.
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

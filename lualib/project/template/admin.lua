#!/usr/bin/env avescript
-- Shows the state of the service in a shell, and stops it.

local ave = require("ave")

local options = ave.args.parse {
	summary = "Lists the tools on the shelf, or stops it with the key in AVE_AUTHKEY.",
	options = {
		{ name = "host", value = "HOST", default = "", help = "the host of the shelf; empty means this machine" },
		{ name = "port", type = "integer", default = 4100, help = "the port of the shelf" },
	},
	commands = {
		{ name = "list", summary = "list the tools that can be borrowed" },
		{ name = "stop", summary = "stop the service" },
	},
}

local shelf = ave.RemoteControl({ options.host, options.port }, ave.env.get("AVE_AUTHKEY"), 5)

local function list()
	for _, tool in ipairs(shelf:list()) do
		print(ave.text.printable(tool))
	end
end

-- A call that stops the service is answered with an Exit.
local function stop()
	local _, e = pcall(shelf.stop, shelf)
	if not e:is("Exit") then
		error(e)
	end
	print("stopped")
end

local ok, e = pcall(options.command == "list" and list or stop)
if not ok then
	io.stderr:write("admin: ", ave.text.printable(e.message, "    "), "\n")
	os.exit(1)
end

#!/usr/bin/env avescript
-- Runs the service until it is stopped. systemd/shelf.service starts this script.

local ave = require("ave")
local Shelf = require("shelf")

local options = ave.args.parse {
	summary = "Runs the shelf. Clients need the key in AVE_AUTHKEY.",
	options = {
		{ name = "port", type = "integer", default = 4100, help = "the port to listen on; 0 means any free port" },
		{ name = "tool", value = "NAME", repeated = true, help = "a tool that can be borrowed" },
	},
}

local shelf = Shelf {
	port = options.port,
	authkey = ave.env.get("AVE_AUTHKEY"),
	anonymous = true, -- clients without the key may borrow too
	logging = true,
	systemd = true, -- has no effect where systemd did not start it
	tools = #options.tool > 0 and options.tool or { "axe", "saw" },
}
shelf:initialize()
print("listening on port " .. shelf.port)
io.stdout:flush()
shelf:run()

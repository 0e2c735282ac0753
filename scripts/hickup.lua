#!/usr/bin/env avescript
-- Asks services and their child processes what they are doing, and shows their --
-- reports: `avescript hickup --go`.

local cmd = require("ave").cmd

os.exit((cmd.run({ "/proc/self/exe", "hickup", "--go", ... }, {
	on_output = function(piece)
		io.write(piece)
	end,
})))

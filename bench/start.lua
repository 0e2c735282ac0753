-- Starts a process for each line of the input, and prints when it has started and when it
-- has ended.

local Process = require("ave.network.process").Process

for _ in io.lines() do
	local process = Process { target = function() end }
	process:start { synchronize = true }
	print("started")
	io.flush()
	process:join()
	print("ended")
	io.flush()
end

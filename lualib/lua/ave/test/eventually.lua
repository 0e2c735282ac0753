-- eventually: waits until something becomes true, with a deadline.

local checking = require("ave.test.checking")
local failure = require("ave.test.failure")
local host = require("ave.test.host")
local lazy = require("ave.test.lazy")

local show = lazy("ave.test.show")

local defaults = { timeout = 5, interval = 0.05 }

local function check_options(options)
	for name, value in pairs(options or {}) do
		if not defaults[name] then
			error("eventually: there is no option '" .. tostring(name) .. "'" ..
				require("ave.text").among(tostring(name), { "timeout", "interval" }), 3)
		end
		if type(value) ~= "number" or value < 0 then
			error("eventually: option '" .. name .. "': wanted a number of seconds, 0 or more", 3)
		end
	end
end

local function results(ok, ...)
	return ok, select("#", ...), { ... }
end

-- eventually(probe, {timeout=, interval=}) calls probe until it returns a value
-- other than nil and false, or returns no value without an error; so a probe can be
-- a question or a list of assertions. Returns what probe returned.
return function(probe, options)
	if not checking.callable(probe) then
		error("eventually: wanted a function, got " .. type(probe), 2)
	end
	check_options(options)
	local timeout = options and options.timeout or defaults.timeout
	local interval = options and options.interval or defaults.interval
	local deadline = host.now() + timeout
	while true do
		local ok, n, values = results(failure.try(probe))
		if ok and (n == 0 or values[1]) then
			return unpack(values, 1, n)
		end
		if host.now() >= deadline then
			local last = ok and "the last value was " .. show(values[1])
				or "the last error was\n" .. failure.text(values[1])
			failure.raise(string.format("still not true after %g seconds; %s", timeout, last))
		end
		host.sleep(math.max(0, math.min(interval, deadline - host.now())))
	end
end

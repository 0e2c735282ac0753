#!/usr/bin/env avescript
-- Breaks services and brokers at random, and checks the answers that their clients got.
-- It prints one line for each property. The exit status is 1 if one of them does not
-- hold. The same seed repeats the same choices, but not the timing of the operating
-- system.

local ave = require("ave")

local options = ave.args.parse {
	summary = "Breaks services and brokers at random, and checks the answers that their clients got.",
	options = {
		{ name = "time", type = "seconds", default = 60, help = "how long to run, for all properties together" },
		{ name = "seed", type = "integer", default = os.time() % 1000000, help = "repeat the choices of an earlier run" },
		{ name = "previous", type = "file", help = "an earlier avescript, from which to take over a service" },
		{ name = "only", value = "NAME", help = "check only properties whose name contains NAME" },
	},
}

local properties = {}
for _, part in ipairs { "broker", "disk", "service", "network", "limits", "upgrade" } do
	for _, property in ipairs(require(part)) do
		if not options.only or property.name:find(options.only, 1, true) then
			table.insert(properties, property)
		end
	end
end
if #properties == 0 then
	io.stderr:write(("chaos: no property has a name that contains '%s'\n"):format(options.only))
	os.exit(2)
end

-- Checks a property, which returns what it has done, or nil and why it cannot run here.
local function hold(property)
	math.randomseed(options.seed)
	local ok, seen, why = pcall(property.check, {
		seconds = options.time / #properties, seed = options.seed, previous = options.previous,
	})
	if not ok then
		print(("FAILED   %s: %s"):format(property.name, tostring(seen)))
	elseif not seen then
		print(("skipped  %s: %s"):format(property.name, why))
	else
		print(("holds    %s (%s)"):format(property.name, seen))
	end
	return ok
end

print(("seed %d"):format(options.seed))
local failed = 0
for _, property in ipairs(properties) do
	failed = failed + (hold(property) and 0 or 1)
end
if failed > 0 then
	print(("%d of %d properties do not hold; --seed=%d repeats the same choices"):format(failed, #properties, options.seed))
	os.exit(1)
end

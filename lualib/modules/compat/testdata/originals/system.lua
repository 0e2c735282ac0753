local out = require("shown")
local system = require("system")

out.show("types", type(system.gettime()), type(system.monotime()))
out.show("now", math.abs(system.gettime() - os.time()) < 2)
local before = system.monotime()
system.sleep(0.01)
out.show("slept", system.monotime() - before >= 0.01)
system.sleep(0)
system.sleep(-1)
out.try("no number", system.sleep, "x")
out.try("nothing", system.sleep)

out.show("global", rawget(_G, "system"))

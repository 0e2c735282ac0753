-- A service of an earlier avescript that this one takes over.

local ave = require("ave")
local Counter = require("counter")

local OLD = [[
package.path = %q .. package.path
local Counter = require("counter")
local _, port = Counter.begin(nil, {})
print("port " .. port)
io.stdout:flush()
require("ave").time.sleep(600)
]]

local function check(options)
	if not options.previous then
		return nil, "no earlier program was given: --previous=FILE"
	end
	return ave.fs.tempdir(function(directory)
		local here = ave.fs.dirname(arg[0])
		ave.fs.write(directory .. "/old.lua", OLD:format(here .. "/?.lua;"))
		local old = ave.cmd.spawn({ options.previous, directory .. "/old.lua" }, { timeout = 60 })
		local _, port = old:expect(ave.cmd.pattern("port (%d+)\r\n"))
		port = tonumber(port)
		local clients = Counter.clients(4, port, { seed = options.seed, patient = true })
		local service
		local ok, result = pcall(function()
			ave.time.sleep(0.5)
			service = Counter.begin(port)
			ave.time.sleep(0.5)
			Counter.look(clients)
			local answers = Counter.settle(clients)
			local remote = ave.RemoteControl({ "", port }, nil, 20)
			local counted = remote:counted()
			remote:close()
			if counted ~= answers then
				error(("clients got %d answers, but %d calls were counted"):format(answers, counted), 0)
			end
			return ("%d answers"):format(answers)
		end)
		Counter.finish(clients, service)
		old:close()
		return ok and result or error(result, 0)
	end)
end

return {
	{ name = "a service of the earlier program is taken over, and its clients notice nothing", check = check },
}

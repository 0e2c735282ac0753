local ave = require("ave")
local Lab = require("support.brokers")
it("large", function()
		local lab = Lab.new {}
		local eq = {}
		for i=1,300 do eq[i]={type="handset",serial=tostring(i)} end
		lab:start{equipment=eq, state_file=lab.home.."/s.json"}
		local client = lab:connect()
		local function try(n, ty, m)
		local many = {}
		for i = 1, n do many[i] = { type = ty } end
		local began = ave.time.monotonic()
		local ok, e = pcall(client.call, client, m or "lease", many)
		print(n, ty, ok, not ok and e.type, ave.time.monotonic() - began)
		client:call("yield_resources")
		print("yielded", ave.time.monotonic() - began)
		end
		try(300,"handset") try(301,"handset")  try(1000,"workspace") try(3000,"workspace")
		try(100000,"handset") 
		local began = ave.time.monotonic()
		ok, e = pcall(client.call, client, "lease", { eq[1]}, ("x"):rep(10e6) )
		print(ok, e.type, ave.time.monotonic() - began)
		client:call("yield_resources")
		print("10MB", ok, e.type, ave.time.monotonic() - began)
		client.patience = 1
		ok, e = pcall(client.call, client, "lease", { eq[1]}, ("x"):rep(66*1024*1024) )
		print("66MB", ok, e.type, ave.time.monotonic() - began)
		lab:close()
end)

-- protect.lua KIND N: prints the processor time of an operation, in seconds.
local kinds = {}

function kinds.ok(n)
	local function works() return 1 end
	for _ = 1, n do pcall(works) end
end

function kinds.fail(n)
	local function fails() error("x") end
	for _ = 1, n do pcall(fails) end
end

function kinds.coroutine(n)
	local function body() coroutine.yield(1) end
	for _ = 1, n do
		local co = coroutine.create(body)
		coroutine.resume(co)
		coroutine.resume(co)
	end
end

function kinds.switch(n)
	local co = coroutine.wrap(function() while true do coroutine.yield(1) end end)
	for _ = 1, n do co() end
end

local kind, n = kinds[arg[1]], tonumber(arg[2])
kind(n / 10)
local begin = os.clock()
kind(n)
print(("%.12f"):format((os.clock() - begin) / n))

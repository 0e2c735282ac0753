-- Restores global variables and loaded modules after insulate blocks.

local isolation = {}

local function copy(t)
	local c = {}
	for k, v in next, t do
		c[k] = v
	end
	return c
end

local function put_back(t, saved)
	for k in next, copy(t) do
		rawset(t, k, saved[k])
	end
	for k, v in next, saved do
		rawset(t, k, v)
	end
end

function isolation.save()
	return { globals = copy(_G), meta = debug.getmetatable(_G), loaded = copy(package.loaded) }
end

function isolation.restore(saved)
	debug.setmetatable(_G, saved.meta)
	put_back(_G, saved.globals)
	put_back(package.loaded, saved.loaded)
end

return isolation

-- What the scripts here print with: values in a form that does not depend on the machine,
-- and messages without the name of the function, for which lua5.1 has '?' under pcall.

local function shown(v)
	if type(v) == "string" then
		v = v:gsub("to '[^']*' %(", "to 'F' ("):gsub("calling '[^']*' on", "calling 'F' on"):gsub("^[^ ]*:%d+: ", "")
		return (("%q"):format(v):gsub("\r", "\\r"))
	elseif type(v) == "table" then
		local keys = {}
		for k in pairs(v) do
			keys[#keys + 1] = k
		end
		table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
		local parts = {}
		for i, k in ipairs(keys) do
			parts[i] = tostring(k) .. "=" .. shown(v[k])
		end
		return "{" .. table.concat(parts, ", ") .. "}"
	elseif type(v) == "number" then
		return v == v and ("%.14g"):format(v) or "nan"
	elseif type(v) == "function" or type(v) == "userdata" then
		return type(v)
	end
	return tostring(v)
end

local function show(label, ...)
	local parts = {}
	for i = 1, select("#", ...) do
		parts[i] = shown((select(i, ...)))
	end
	print((label:gsub("%z", "<0>")), table.concat(parts, " "))
end

-- try shows what a function returns or raises.
local function try(label, fn, ...)
	show(label, pcall(fn, ...))
end

return { show = show, try = try }

-- Errors of socket: try raises what a function reports, and protect reports what try raises.

local pcall, error, select, type, getmetatable, setmetatable = pcall, error, select, type, getmetatable, setmetatable
local socket = ...

local raised = {} -- the metatable of what try raises

function socket.newtry(finalize)
	return function(...)
		if not ... then
			if finalize then
				pcall(finalize)
			end
			error(setmetatable({ (select(2, ...)) }, raised), 0)
		end
		return ...
	end
end

local function reported(ok, ...)
	if ok then
		return ...
	end
	local e = ...
	if type(e) == "table" and getmetatable(e) == raised then
		return nil, e[1]
	end
	error(e, 0)
end

function socket.protect(fn)
	return function(...)
		return reported(pcall(fn, ...))
	end
end

socket.try = socket.newtry()

-- Files beside a test: paths are relative to the calling file.

local host = require("ave.test.host")

local fixtures = {}

local function must_be_name(name, path, wanted)
	if type(path) ~= "string" then
		wanted = wanted or "a string (relative filename)"
		error("bad argument to '" .. name .. "' expected " .. wanted .. ", got: " .. type(path), 3)
	end
end

-- path returns the absolute path of a file; without an argument, of the calling
-- file's directory.
function fixtures.path(path)
	if path ~= nil then
		must_be_name("path", path, "a string (relative filename) or nil")
	end
	return host.beside(path or "")
end

-- read returns the content of a file.
function fixtures.read(path)
	must_be_name("read", path)
	local file, problem = io.open(host.beside(path), "rb")
	if not file then
		error("Error reading file '" .. path .. "': " .. problem, 2)
	end
	local text = file:read("*a")
	file:close()
	return text
end

-- load runs a Lua file and returns what it returns.
function fixtures.load(path)
	must_be_name("load", path)
	if path:sub(-4) ~= ".lua" then
		path = path .. ".lua"
	end
	local chunk, problem = loadfile(host.beside(path))
	if not chunk then
		error("Error loading file '" .. path .. "': " .. problem, 2)
	end
	return chunk()
end

return fixtures

-- Reads the configuration of a lab, in <home>/.ave/config, as options of a broker.
-- All mistakes are found here, so that the script that checks the configuration and
-- the script that starts the broker report the same.

local checks = require("ave.broker.checks")
local config = require("ave.config")
local configuration = require("ave.broker.configuration")
local exceptions = require("ave.exceptions")
local fs = require("ave.fs")
local host = require("ave.broker.host")
local json = require("ave.json")
local resources = require("ave.broker.resources")

local laboratory = {}

-- The keys of broker.json that config.load_broker reads and checks, followed by the
-- options of the broker. `remote` may have more keys than config.load_broker
-- checks.
local LOADED = { "host", "port", "authkey", "stacks", "remote" }
local OPTIONS = { "equipment", "resources", "remotes", "grace", "session_directory", "account", "open", "listen" }

local KEYS = { unpack(LOADED) }
for _, name in ipairs(OPTIONS) do
	table.insert(KEYS, name)
end

local Look = {}
Look.__index = Look

function Look:path(name)
	return self.home .. "/.ave/config/" .. name .. ".json"
end

-- Calls a function. An error in it becomes a problem of the named file, unless the
-- error names a file itself.
function Look:try(name, fn, ...)
	local ok, result = pcall(fn, ...)
	if ok then
		return result
	end
	local message = type(result) == "table" and result.message or tostring(result)
	local path = self:path(name)
	if not message:find(path, 1, true) then
		message = path .. ": " .. message
	end
	if not self.seen[message] then
		self.seen[message] = true
		table.insert(self.problems, message)
	end
end

-- Reads a file as an object, without keys whose value is null.
function Look:load(name)
	local file = self:try(name, config.load, self.home, name)
	for key, value in pairs(file or {}) do
		if value == json.null then
			file[key] = nil
		end
	end
	return file
end

-- Reads one option from broker.json.
function Look:read(file, name)
	local value = file[name]
	if value == nil then
		return nil
	elseif name == "listen" then
		return self:try("broker", checks.listen, value, name)
	elseif name == "remotes" then
		for n, remote in ipairs(type(value) == "table" and value or {}) do
			local policy = type(remote) == "table" and remote.policy or "forward"
			if policy ~= "forward" then
				self:try("broker", checks.wanted, ("remotes %d: policy"):format(n), "'forward'", policy)
			end
		end
	end
	return self:try("broker", configuration.readers[name], value, name)
end

-- Adds the handsets in handset.json. The entry of the default file, whose values
-- are null, is ignored.
function Look:handsets(equipment)
	if not fs.exists(self:path("handset")) then
		return
	end
	local file = self:load("handset") or {}
	for key in pairs(file) do
		self:try("handset", checks.known, key, { "handsets" }, tostring(key))
	end
	local entries = self:try("handset", checks.list, file.handsets or {}, "handsets", function(entry, what)
		if type(entry) ~= "table" then
			checks.wanted(what, "a profile", entry)
		end
		local profile, says = { type = "handset" }, false
		for key, value in pairs(entry) do
			if value ~= json.null then
				profile[key], says = value, true
			end
		end
		return { profile = says and checks.profile(profile, what) }
	end)
	for _, entry in ipairs(entries or {}) do
		if entry.profile then
			table.insert(equipment, entry.profile)
		end
	end
end

-- Finds equal profiles in the equipment: nobody could tell the pieces apart.
function Look:doubled(name, list)
	local place = {}
	for n, profile in ipairs(list) do -- equal profiles are the same object
		if place[profile] then
			self:try("broker", checks.type_error, "%s: entries %d and %d are equal: %s", name, place[profile], n, tostring(profile))
		end
		place[profile] = n
	end
end

-- Lets the resource classes check the profiles that they will have to open.
function Look:resources()
	local options = self.options
	local lists = { options.equipment, unpack(options.stacks or {}) }
	for _, list in ipairs(lists) do
		for _, values in ipairs(list) do
			local profile = checks.profile(values, "profile")
			local class = (options.resources or resources.shipped)[profile.type]
			if class and resources.load(class).check then
				self:try("broker", resources.load(class).check, profile)
			end
		end
	end
end

-- Reads broker.json.
function Look:broker()
	local options = self.options
	local file = self:load("broker")
	if not file then
		return
	end
	for key in pairs(file) do
		self:try("broker", checks.known, key, { unpack(KEYS) }, tostring(key))
	end
	for _, name in ipairs(OPTIONS) do
		options[name] = self:read(file, name)
	end
	if type(file.remote) == "table" and next(file.remote) then
		self:try("broker", checks.peer, file.remote, "remote")
	end
	local broker = self:try("broker", config.load_broker, self.home)
	if not broker then
		return
	end
	options.port, options.stacks, options.authkey = broker.port, broker.stacks, broker.authkey
	options.state_file = self.home .. "/.ave/broker-" .. broker.port .. ".db"
	if broker.remote.policy == "forward" then
		options.remotes = options.remotes or {}
		table.insert(options.remotes, broker.remote)
	elseif broker.remote.policy == "share" then
		options.share_with = broker.remote
	end
	self:try("broker", configuration.listen, options)
end

-- Adds a note about something that is allowed but perhaps not intended.
function Look:remark(...)
	table.insert(self.notes, string.format(...))
end

function Look:remarks()
	local options, path = self.options, self:path("broker")
	if not options.authkey then
		if options.open then
			self:remark("%s: open: everybody who can connect to port %s can lease equipment and run commands here", path, tostring(options.port))
		else
			self:remark("%s: no authkey: only clients on this host can connect. For clients on other hosts, set authkey; if they cannot"
				.. " use a key, set open to true", path)
		end
	end
	if options.share_with and configuration.listen(options) ~= "" and host.loopback(configuration.listen(options)) then
		self:remark("%s: remote: policy share: '%s' cannot forward requests to this broker,"
			.. " which listens on this host only, unless that broker is on this host too",
			path, options.share_with.host)
	end
	local owner = fs.stat(self.home).uid
	for _, name in ipairs { "broker", "authkeys" } do
		local info = fs.exists(self:path(name)) and fs.stat(self:path(name))
		if info and not info.mode:find("00$") and (name == "authkeys" or self:has_keys()) then
			self:remark("%s: it contains keys, and other accounts can read it: chmod 600 %s", self:path(name), self:path(name))
		end
		if info and info.uid ~= owner then
			self:remark("%s: its owner is not the owner of %s", self:path(name), self.home)
		end
	end
end

function Look:has_keys()
	local has = self.options.authkey or self.options.share_with
	for _, remote in ipairs(self.options.remotes or {}) do
		has = has or remote.authkey
	end
	return has
end

local function look(home)
	local self = setmetatable({ home = home, problems = {}, notes = {}, seen = {} }, Look)
	self.options = { home = home }
	self:broker()
	local options = self.options
	options.equipment, options.remotes = options.equipment or {}, options.remotes or {}
	options.alt_keys = self:try("authkeys", config.load_authkeys, home)
	self:handsets(options.equipment)
	self:doubled("equipment", options.equipment)
	for n, stack in ipairs(options.stacks or {}) do
		self:doubled("stacks " .. n, checks.list(stack, "stack", checks.profile))
	end
	self:resources()
	if fs.exists(self:path("workspace")) then
		options.workspace = self:load("workspace")
		self:try("workspace", configuration.readers.workspace, options.workspace or {}, "workspace")
	end
	if #self.problems == 0 then
		self:remarks()
	end
	return self
end

-- Reads broker.json, authkeys.json, workspace.json and handset.json as options of a
-- broker. In addition to the keys of the earlier system, broker.json may have those
-- in OPTIONS.
function laboratory.configure(home)
	local found = look(home)
	if #found.problems > 0 then
		error(exceptions.Exception(table.concat(found.problems, "\n")), 0)
	end
	return found.options
end

-- Returns the problems of a configuration, with which a broker does not start, and
-- notes. runs_as, the uid of the broker if it is known, is needed to check the
-- account of sessions.
function laboratory.check(home, runs_as)
	local found = look(home)
	local path, account = found:path("broker"), found.options.account
	local name, uid = host.account(runs_as and tostring(runs_as))
	if uid == 0 and not account then
		local text = path .. ": account: workspaces and commands of clients would run as root:"
			.. " set account to the one that they should run as, or run the broker as another account"
		table.insert(runs_as and found.problems or found.notes, text)
	elseif runs_as and uid ~= 0 and account and account ~= name then
		table.insert(found.problems, path .. ": " .. configuration.not_root(account, name or uid))
	end
	return { problems = found.problems, notes = found.notes }
end

return laboratory

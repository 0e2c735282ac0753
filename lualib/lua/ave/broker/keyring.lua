-- Where clients find a broker and its key: in broker.json in their own home. The
-- account that runs the lab has the file anyway; other users copy `host`, `port`
-- and `authkey` from it. The entries in `remote` and `remotes` are used as well,
-- for users of several labs.

local checks = require("ave.broker.checks")
local config = require("ave.config")
local fs = require("ave.fs")
local json = require("ave.json")

local keyring = {}

local ASK = "run ave-config.lua --client on the broker's host and put its output there"
local PORT = 4000 -- of a broker for which the file has no port

local function file_name()
	return (os.getenv("HOME") or "") .. "/.ave/config/broker.json"
end

local function host_name()
	return (fs.read("/proc/sys/kernel/hostname"):gsub("%s+$", ""))
end

-- Normalizes a host for comparison: "" is this host.
local function plain(host)
	if host == nil or host == json.null or host == "localhost" or host == host_name() or tostring(host):find("^127%.") or host == "::1" then
		return ""
	end
	return host
end

-- Lists the brokers that the user's file names; an empty list and the reason if it
-- cannot be read.
local function known()
	local ok, file = pcall(config.load, os.getenv("HOME") or "", "broker")
	if not ok then
		return {}, file.message
	end
	local list = { file }
	for _, more in ipairs { { file.remote }, file.remotes } do
		for _, entry in ipairs(type(more) == "table" and more or {}) do
			if type(entry) == "table" and entry.port then
				table.insert(list, entry)
			end
		end
	end
	return list
end

local function port_of(entry)
	return type(entry.port) == "number" and entry.port or PORT
end

local EVERYWHERE = { [""] = true, ["0.0.0.0"] = true, ["::"] = true }

-- Returns the one address at which the broker listens; nil if there are several.
local function listens(entry)
	return type(entry.listen) == "string" and not EVERYWHERE[entry.listen] and entry.listen or nil
end

-- Returns the key for the broker at an address; nil if there is no key.
function keyring.key(address)
	for _, entry in ipairs((known())) do
		local there = plain(entry.host) == plain(address[1]) or listens(entry) == address[1]
		if there and port_of(entry) == address[2] and type(entry.authkey) == "string" then
			return entry.authkey
		end
	end
end

-- Returns the address of the broker in the user's file.
function keyring.address(what)
	local list, why = known()
	if #list == 0 then
		checks.type_error("%s: no address was given and no broker is configured: %s", what,
			fs.exists(file_name()) and why or file_name() .. " does not exist: " .. ASK)
	end
	local host = plain(list[1].host)
	return { host ~= "" and host or listens(list[1]) or "", port_of(list[1]) }
end

-- Returns what to do if a broker needs a key and none was given.
function keyring.advice(address)
	return ("no authkey was given, and %s has no key for %s:%d: %s"):format(file_name(), address[1], address[2], ASK)
end

return keyring

-- The keeper starts, finds and ends the sessions of a broker's clients. Sessions
-- are daemons. The keeper identifies them by pid and start time, calls them at
-- their port with their key, and the kernel tells it when one has ended.
--
-- A session: id, client (an id; nil while it is being ended), pid (nil while it is
-- being started), start, port, key (the client's), broker_key, directory, ending
-- (when it will be killed).

local RemoteControl = require("ave.network.control").RemoteControl
local Session = require("ave.broker.session").Session
local exceptions = require("ave.exceptions")
local find_free_port = require("ave.network.connection").find_free_port
local host = require("ave.broker.host")
local json = require("ave.json")
local printable = require("ave.text").printable

local Keeper = {}
Keeper.__index = Keeper

local PATIENCE = 5 -- seconds for small tasks of a session, such as its end
local OPENING = 120 -- seconds for opening a resource
local MOMENT = 1 -- second for what a session does at once
local CLOSING = 10 -- seconds for closing one; others wait for that

-- Options: classes, directory (in which sessions make theirs), account, grace,
-- home, touch(id), which marks the record of a session for the next commit,
-- commit(), and join(process), which makes sure that joined is called.
local function new(options)
	return setmetatable({ options = options, sessions = {}, processes = {}, remotes = {} }, Keeper)
end

-- Starts a session for a client. The id must be new.
function Keeper:start(id, client)
	local socket, port = find_free_port()
	local session = {
		id = id, client = client, port = port, key = host.secret(), broker_key = host.secret(),
		directory = ("%s/ave-%s-%s"):format(self.options.directory, id, host.secret():lower()),
	}
	self.sessions[id] = session
	self.options.touch(id)
	self.options.commit() -- so that the directory is removed if the broker is killed now
	local process = Session {
		port = port, socket = socket, authkey = session.key, alt_keys = { broker = session.broker_key },
		classes = self.options.classes, directory = session.directory,
		grace = self.options.grace, home = self.options.home, account = self.options.account, proc_name = "ave-session",
	}
	local ok, e = pcall(function()
		host.make_directory(session.directory)
		process:start { daemonize = true, synchronize = true }
	end)
	session.pid = process.pid
	if ok and self:find(session) then
		return session
	end
	self:forget(session)
	self:clear(session)
	error(ok and exceptions.Exception("the session ended right after its start") or e, 0)
end

-- Opens the process of a session and a connection to it. Returns whether the
-- session is running.
function Keeper:find(session)
	local process, start = host.find(session.pid, session.start)
	if not process then
		return false
	end
	session.start = start
	self.sessions[session.id], self.processes[session.id] = session, process
	self.options.touch(session.id)
	self.options.join(process)
	pcall(self.remote, self, session)
	return true
end

function Keeper:remote(session)
	local remote = self.remotes[session.id]
	if not remote then
		remote = RemoteControl({ "", session.port }, session.broker_key, PATIENCE)
		remote:connect()
		self.remotes[session.id] = remote
	end
	return remote
end

function Keeper:ask(session, timeout, method, ...)
	local remote = self:remote(session)
	local results = { pcall(remote.call, remote, method, { ... }, {}, timeout) }
	if results[1] then
		return results[2]
	end
	local e = results[2]
	if type(e) == "table" and (e:is("ConnectionClosed") or e:is("ConnectionTimeout") or e:is("ConnectionReset")) then
		remote:close()
		self.remotes[session.id] = nil
	end
	error(e, 0)
end

function Keeper:open(session, lease)
	self:ask(session, OPENING, "open", lease.id, lease.profile, lease.token) -- sessions of earlier versions take no token
end

-- Tells a session that a higher token is known than that of its leases. Soon it will
-- be told to end, so it does not matter if it does not answer.
function Keeper:fence(session, token)
	pcall(self.ask, self, session, MOMENT, "fence", token)
end

function Keeper:close(session, lease)
	self:ask(session, CLOSING, "close", lease.id)
end

function Keeper:status(session)
	return self:ask(session, PATIENCE, "status")
end

-- Tells a session to end. That takes some time; joined is called when it has ended.
function Keeper:finish(session)
	session.client = nil
	if not session.ending and self.processes[session.id] then
		session.ending = host.clock() + PATIENCE
		self.processes[session.id]:terminate()
	end
end

-- Kills sessions that should have ended already.
function Keeper:expire()
	for id, session in pairs(self.sessions) do
		if session.ending and session.ending < host.clock() then
			self.processes[id]:kill()
		end
	end
end

-- Ends all sessions, and waits until they have.
function Keeper:close_down()
	local all = {}
	for id, process in pairs(self.processes) do
		self:finish(self.sessions[id])
		table.insert(all, { session = self.sessions[id], process = process })
	end
	for _, entry in ipairs(all) do
		if not pcall(entry.process.join, entry.process, math.max(0, entry.session.ending - host.clock())) then
			entry.process:kill()
			entry.process:join()
		end
		self:clear(entry.session)
	end
end

-- Forgets the session whose process has ended, and returns it; nil if the process
-- was not a session. Its directory is removed here, because a session that was
-- killed could not do it.
function Keeper:joined(pid)
	for id, session in pairs(self.sessions) do
		if session.pid == pid then
			local remote = self.remotes[id]
			self.processes[id], self.remotes[id] = nil, nil
			self:forget(session)
			if remote then
				remote:close()
			end
			self:clear(session)
			return session
		end
	end
end

function Keeper:forget(session)
	self.sessions[session.id] = nil
	self.options.touch(session.id)
end

function Keeper:clear(session)
	local ok, e = pcall(host.remove_directory, session.directory)
	if not ok then
		io.stderr:write("ave.broker: ", printable(e.message, "    "), "\n")
	end
end

-- Returns the sessions as a value for JSON.
function Keeper:dump()
	local list = json.list()
	for _, session in pairs(self.sessions) do
		table.insert(list, session)
	end
	return list
end

-- Finds the sessions that dump has listed. Returns those that are no longer
-- running. A session that was just being started is not among them: nothing holds
-- it, so it ends by itself.
function Keeper:restore(sessions)
	local dead = {}
	for _, session in ipairs(sessions) do
		if not session.pid then
			self:clear(session)
			self:forget(session)
		elseif not self:find(session) then
			self:clear(session)
			table.insert(dead, session)
		end
	end
	return dead
end

return { new = new }

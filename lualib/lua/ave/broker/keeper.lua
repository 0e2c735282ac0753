-- The keeper starts, finds again and ends the sessions of a broker's clients.
-- Sessions are daemons; the keeper knows them by pid and start time, asks them by
-- their port and key, and is told by the kernel when one has ended.
--
-- A session: id, client (an id; nil once it is being ended), pid (nil while it is
-- started), start, port, key (the client's), broker_key, directory, ending (when it
-- is killed).

local RemoteControl = require("ave.network.control").RemoteControl
local Session = require("ave.broker.session").Session
local exceptions = require("ave.exceptions")
local find_free_port = require("ave.network.connection").find_free_port
local host = require("ave.broker.host")
local json = require("ave.json")

local Keeper = {}
Keeper.__index = Keeper

local PATIENCE = 5 -- seconds that a session has for small things, such as its end
local OPENING = 120 -- and for opening or closing a resource

-- Options: classes, directory (where those of the sessions are made), grace, home,
-- record(), which writes the journal, and join(process), which sees to it that
-- joined is called.
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
	self.options.record() -- so that the directory is removed if the broker is killed now
	local process = Session {
		port = port, socket = socket, authkey = session.key, alt_keys = { broker = session.broker_key },
		classes = self.options.classes, directory = session.directory,
		grace = self.options.grace, home = self.options.home, proc_name = "ave-session",
	}
	local ok, e = pcall(function()
		host.make_directory(session.directory)
		process:start { daemonize = true, synchronize = true }
	end)
	session.pid = process.pid
	if ok and self:find(session) then
		return session
	end
	self.sessions[id] = nil
	self:clear(session)
	error(ok and exceptions.Exception("the session ended as soon as it had begun") or e, 0)
end

-- Gets hold of the process of a session, and of its connection. Returns whether
-- the session lives.
function Keeper:find(session)
	local process, start = host.find(session.pid, session.start)
	if not process then
		return false
	end
	session.start = start
	self.sessions[session.id], self.processes[session.id] = session, process
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
	self:ask(session, OPENING, "open", lease.id, lease.profile)
end

function Keeper:close(session, lease)
	self:ask(session, OPENING, "close", lease.id)
end

function Keeper:status(session)
	return self:ask(session, PATIENCE, "status")
end

-- Ends a session, which takes a while: joined tells when it has.
function Keeper:finish(session)
	session.client = nil
	if not session.ending and self.processes[session.id] then
		session.ending = host.clock() + PATIENCE
		self.processes[session.id]:terminate()
	end
end

-- Kills the sessions that should have ended.
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

-- The session whose process has ended, which is forgotten; nil if it was none. Its
-- directory is removed, because a session that was killed could not do so.
function Keeper:joined(pid)
	for id, session in pairs(self.sessions) do
		if session.pid == pid then
			local remote = self.remotes[id]
			self.sessions[id], self.processes[id], self.remotes[id] = nil, nil, nil
			if remote then
				remote:close()
			end
			self:clear(session)
			return session
		end
	end
end

function Keeper:clear(session)
	local ok, e = pcall(host.remove_directory, session.directory)
	if not ok then
		io.stderr:write("ave.broker: ", e.message, "\n")
	end
end

-- The sessions as JSON takes them.
function Keeper:dump()
	local list = json.list()
	for _, session in pairs(self.sessions) do
		table.insert(list, session)
	end
	return list
end

-- Finds the sessions again that dump has given. Returns those that live no more.
-- One that was just being started is none of these; nobody holds it, so that it
-- ends by itself if it lives.
function Keeper:restore(sessions)
	local dead = {}
	for _, session in ipairs(sessions) do
		if not session.pid then
			self:clear(session)
		elseif not self:find(session) then
			self:clear(session)
			table.insert(dead, session)
		end
	end
	return dead
end

return { new = new }

-- Services that run out of a resource of the system.

local ave = require("ave")
local Counter = require("counter")

-- The service must answer a client, whatever has happened before.
local function alive(port)
	local remote = ave.RemoteControl({ "", port }, nil, 20)
	local ok, answer = pcall(remote.count, remote, "still there")
	remote:close()
	if not ok or answer ~= "still there" then
		error("the service no longer answers: " .. tostring(answer), 0)
	end
end

-- Few descriptors, and more clients than that.
local function descriptors()
	local service, port = Counter.begin()
	local ok, result = pcall(function()
		local status, output = ave.cmd.run { "prlimit", "--pid", service.pid, "--nofile=48:48" }
		assert(status == 0, output)
		local remotes, served = {}, 0
		for i = 1, 100 do
			remotes[i] = ave.RemoteControl({ "", port }, nil, 1, false, nil, { call_timeout = 1 })
			if pcall(remotes[i].count, remotes[i], i) then
				served = served + 1
			end
		end
		local ran, e = pcall(remotes[1].execute, remotes[1], { "echo", "x" })
		if not ran and not (type(e) == "table" and (e:is("RunError") or e:is("ConnectionTimeout"))) then
			error(e, 0)
		end
		for _, remote in ipairs(remotes) do
			remote:close()
		end
		alive(port)
		return ("%d of 100 clients served at once"):format(served)
	end)
	Counter.finish({}, service)
	return ok and result or error(result, 0)
end

-- The common part of the scripts below: a service, and more commands at the same time than
-- it can start. Each of them runs or raises RunError, and the next one runs.
local FLOOD = [[
local ave = require("ave")
package.path = %q .. package.path
local Counter = require("counter")
local service, port = Counter.begin()
local ran, refused = 0, 0
local tasks = {}
for i = 1, 200 do
	tasks[i] = ave.task.spawn(function()
		local remote = ave.RemoteControl({ "", port }, nil, 20)
		local ok, e = pcall(remote.execute, remote, { "sleep", "0.5" })
		if ok then
			ran = ran + 1
		elseif e:is("RunError") then
			refused = refused + 1
		else
			error(e, 0)
		end
		remote:close()
	end)
end
for _, task in ipairs(tasks) do
	task:join(60)
end
local remote = ave.RemoteControl({ "", port }, nil, 20)
assert(remote:execute({ "echo", "fine" }).output == "fine\r\n")
print(("%%d commands ran at once, %%d were refused"):format(ran, refused))
service:kill()
service:join(20)
]]

-- Runs the script with less of a resource. A copy of the program and of this directory is
-- readable for every account.
local function flood(before, options)
	return ave.fs.tempdir(function(directory)
		ave.cmd.run { "chmod", "755", directory }
		local here = ave.fs.dirname(arg[0])
		ave.fs.copy("/proc/self/exe", directory .. "/avescript")
		ave.fs.copy(here .. "/counter.lua", directory .. "/counter.lua")
		ave.fs.write(directory .. "/flood.lua", FLOOD:format(directory .. "/?.lua;"))
		ave.cmd.run { "chmod", "-R", "a+rX", directory }
		ave.cmd.run { "chmod", "755", directory .. "/avescript" }
		local command = before(directory .. "/avescript", directory .. "/flood.lua")
		options.timeout, options.env = 120, { TMPDIR = "/tmp", GOTRACEBACK = "single" }
		local status, output = ave.cmd.run(command, options)
		local line = output:match("(%d+ commands ran at once, %d+ were refused)")
		if status ~= 0 or not line then
			local crash = output:find("fatal error:", 1, true) or output:find("panic:", 1, true)
			local shown = crash and output:sub(math.max(crash - 300, 1), crash + 1700) or output:sub(-2000)
			error(("the script ended with status %d: %s"):format(status, shown), 0)
		end
		return line
	end)
end

local function processes()
	if ave.posix.geteuid() ~= 0 then
		return nil, "it needs root, to become an ordinary account"
	end
	-- An account without other processes: the limit counts all processes of an account. It
	-- also counts their threads, which Go keeps, so there is room for many of them.
	local id = tostring(20000 + ave.posix.getpid() % 40000)
	return flood(function(program, script)
		return {
			"setpriv", "--reuid", id, "--regid", id, "--clear-groups",
			"prlimit", "--nproc=220:220", program, script,
		}
	end, { cwd = "/" })
end

local function terminals()
	if ave.posix.geteuid() ~= 0 then
		return nil, "it needs root, to mount terminals of its own"
	end
	return flood(function(program, script)
		local mounts = "mount -t devpts -o newinstance,ptmxmode=0666,max=8 devpts /dev/pts"
			.. " && mount --bind /dev/pts/ptmx /dev/ptmx && exec "
		return { "unshare", "--mount", "sh", "-c", mounts .. ave.cmd.quote(program) .. " " .. ave.cmd.quote(script) }
	end, {})
end

return {
	{ name = "a service without descriptors refuses some, and goes on", check = descriptors },
	{ name = "a service without processes refuses some commands, and goes on", check = processes },
	{ name = "a service without terminals refuses some commands, and goes on", check = terminals },
}

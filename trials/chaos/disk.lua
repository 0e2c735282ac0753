-- A broker whose disk is full from time to time.

local ave = require("ave")
local Lab = require("lab")

local SIZE = "1m"
local PIECES = 60
local STEPS = { some = 8, full = 40, again = 40 }
local REASON = ("x"):rep(900) -- so that a lease needs more space

-- Calls fn with a small file system.
local function small(fn)
	return ave.fs.tempdir(function(directory)
		local status, output = ave.cmd.run { "mount", "-t", "tmpfs", "-o", "size=" .. SIZE, "chaos", directory }
		if status ~= 0 then
			return nil, "cannot mount a small file system here: " .. output:gsub("%s+$", "")
		end
		local ok, result = pcall(fn, directory)
		ave.cmd.run { "umount", "-l", directory }
		if not ok then
			error(result, 0)
		end
		return result
	end)
end

local function fill(home)
	ave.cmd.sh("cat /dev/zero > " .. ave.cmd.quote(home .. "/ballast"), { timeout = 20 })
end

local function is_full(e)
	return type(e) == "table" and tostring(e.message):find("no space left", 1, true) ~= nil
end

-- The uids that the broker lists for a client, in order.
local function listed(remote)
	local uids = {}
	for _, profile in ipairs(remote:list_allocations()) do
		table.insert(uids, profile.uid)
	end
	table.sort(uids)
	return table.concat(uids, " ")
end

-- Leases or yields at random. A call that raises an error must have changed nothing, and
-- one that returns must have been done; held is the set of uids that the client holds.
local function step(remote, held)
	local uid = "r-" .. math.random(PIECES)
	local ok, e
	if held[uid] then
		ok, e = pcall(remote.call, remote, "yield_resources", { { type = "relay", uid = uid } })
	else
		ok, e = pcall(remote.call, remote, "lease", { { { type = "relay", uid = uid } }, REASON })
	end
	if ok then
		held[uid] = not held[uid] or nil
	elseif not is_full(e) then
		error(e, 0)
	end
	local told = {}
	for name in pairs(held) do
		table.insert(told, name)
	end
	table.sort(told)
	local now = listed(remote)
	if now ~= table.concat(told, " ") then
		error(("the client was told that it has '%s', but the broker lists '%s'"):format(table.concat(told, " "), now), 0)
	end
	return ok
end

-- A new broker, which has space, then none, and then some again. A broker that has run for
-- a long time would need no more space.
local function round(lab, counts)
	lab:start()
	local remote = ave.RemoteControl({ "", lab.port }, nil, 20)
	local held, before = {}, counts.refused
	for _, phase in ipairs { "some", "full", "again" } do
		if phase == "full" then
			fill(lab.home)
		elseif phase == "again" then
			ave.fs.remove(lab.home .. "/ballast")
		end
		for _ = 1, STEPS[phase] do
			if step(remote, held) then
				counts.made = counts.made + 1
			elseif phase == "full" then
				counts.refused = counts.refused + 1
			else
				error("there is space, but the broker says that there is none", 0)
			end
		end
	end
	remote:close()
	if counts.refused == before then
		error("the disk was full, but nothing was refused: nothing was tested", 0)
	end
end

local function check(options)
	return small(function(home)
		local counts, rounds = { made = 0, refused = 0 }, 0
		local deadline = ave.time.monotonic() + options.seconds
		repeat
			rounds = rounds + 1
			local below = home .. "/" .. rounds
			Lab.with(below, PIECES, function(lab)
				round(lab, counts)
			end)
			ave.fs.remove(below, { recursive = true })
		until ave.time.monotonic() >= deadline
		return ("%d changes made, %d refused, %d times full"):format(counts.made, counts.refused, rounds)
	end)
end

return {
	{ name = "on a full disk a lease or yield that fails has changed nothing", check = check },
}

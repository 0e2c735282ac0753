-- ave.task: functions that run beside each other.

local cmd = require("ave.cmd")
local exceptions = require("ave.exceptions")
local fs = require("ave.fs")
local task = require("ave.task")
local time = require("ave.time")

-- A failing test must not hang.
local LIMIT = 10

describe("a task", function()
	it("gets arguments and gives results", function()
		local t = task.spawn(function(...) return select("#", ...), ... end, 1, nil, "x")
		assert.same({ 3, 1, nil, "x" }, { t:join(LIMIT) })
		assert.same({ 3, 1, nil, "x" }, { t:join() })
		assert.is_true(t:done())
		assert.same({}, { task.spawn(function() end):join(LIMIT) })
	end)

	it("runs while others wait", function()
		local order = {}
		local t = task.spawn(function()
			for i = 1, 3 do
				table.insert(order, i)
				time.sleep(0.01)
			end
		end)
		assert.same({}, order)
		assert.is_false(t:done())
		t:join(LIMIT)
		assert.same({ 1, 2, 3 }, order)
	end)

	it("can be any function, and start others", function()
		task.spawn(time.sleep, 0):join(LIMIT)
		assert.equal(3, task.spawn(function()
			return task.spawn(function() return 3 end):join(LIMIT)
		end):join(LIMIT))
		local co = coroutine.wrap(function()
			coroutine.yield(task.spawn(function() return "in" end):join(LIMIT))
		end)
		assert.equal("in", co())
	end)

	it("raises its error where it is joined, with its trace", function()
		local function deep() error("no handset") end
		local t = task.spawn(function() deep() end)
		local e = assert.raises("Exception", t.join, t, LIMIT)
		assert.matches("test_task.lua:%d+: no handset", e.message)
		assert.equal("deep", e.trace[#e.trace][3])
		assert.raises("Exception", t.join, t, LIMIT)
	end)

	it("keeps the class and the details of an error object", function()
		local raised = exceptions.define("Busy") { message = "leased", unit = 7 }
		local t = task.spawn(error, raised)
		local ok, e = pcall(t.join, t, LIMIT)
		assert.is_false(ok)
		assert.equal(raised, e)
		assert.equal(7, e.unit)
		assert.is_table(e.trace)
		local value = {}
		t = task.spawn(error, value)
		assert.equal(value, select(2, pcall(t.join, t, LIMIT)))
	end)

	it("goes on when a join has a timeout", function()
		local t = task.spawn(function() time.sleep(0.1) return "done" end)
		assert.raises("Timeout", t.join, t, 0)
		assert.raises("Timeout", t.join, t, 0.01)
		assert.equal("done", t:join(LIMIT))
	end)

	it("is cancelled, whatever it does", function()
		local sleeping, reached = false, false
		local t = task.spawn(function()
			sleeping = true
			pcall(time.sleep, 60)
			reached = true
		end)
		eventually(function() return sleeping end)
		t:cancel()
		local e = assert.raises("Terminated", t.join, t, LIMIT)
		assert.equal("the task was cancelled", e.message)
		assert.is_false(reached)
		t:cancel()
		local never = task.spawn(function() reached = true end)
		never:cancel()
		assert.raises("Terminated", never.join, never, LIMIT)
		local child
		local parent = task.spawn(function()
			child = task.spawn(time.sleep, 60)
			child:join()
		end)
		eventually(function() return child end)
		parent:cancel()
		assert.raises("Terminated", child.join, child, LIMIT)
		assert.is_false(reached)
		local finished = task.spawn(function() return 1 end)
		finished:join(LIMIT)
		finished:cancel()
		assert.equal(1, finished:join())
	end)

	it("ends a command when it is cancelled", function()
		local file = fs.tempdir() .. "/pid"
		local t = task.spawn(cmd.run, { "sh", "-c", 'echo $$ > "$0"; exec sleep 60', file })
		local pid = eventually(function() return fs.exists(file) and fs.read(file):match("(%d+)\n") end)
		t:cancel()
		assert.raises("Terminated", t.join, t, LIMIT)
		assert.is_false(fs.exists("/proc/" .. pid))
	end)

	it("cannot wait for itself", function()
		local t
		t = task.spawn(function() t:join() end)
		local e = assert.raises("Exception", t.join, t, LIMIT)
		assert.matches("a task cannot join itself", e.message, 1, true)
	end)

	it("can be ended by a deadline around the join, and goes on", function()
		local t = task.spawn(function() time.sleep(0.1) return "done" end)
		assert.raises("Timeout", time.within, 0.01, t.join, t)
		assert.equal("done", t:join(LIMIT))
	end)

	it("is one of many", function()
		local sum, tasks = 0, {}
		for i = 1, 500 do
			tasks[i] = task.spawn(function()
				time.sleep(0)
				pcall(error, "no")
				sum = sum + i
				return i
			end)
		end
		for i, t in ipairs(tasks) do
			assert.equal(i, t:join(LIMIT))
		end
		assert.equal(125250, sum)
	end)

	it("names what is wrong with an argument", function()
		assert.raises("TypeError", task.spawn)
		assert.raises("TypeError", task.spawn, "x")
		assert.raises("TypeError", task.Task)
		local t = task.spawn(function() end)
		assert.raises("TypeError", t.join, t, "soon")
		assert.raises("TypeError", t.join)
	end)
end)

describe("the end of a script", function()
	local function run(code)
		local started = time.monotonic()
		local status, output = cmd.run({ "/proc/self/exe", "-e", code }, { timeout = 20 })
		assert.is_true(time.monotonic() - started < LIMIT)
		return status, output
	end

	it("cancels the tasks that are left", function()
		local status, output = run([[
			ave.task.spawn(function()
				ave.env.with{ A = "b" }(ave.time.sleep, 60)
			end)
			ave.task.spawn(function() while true do ave.time.sleep(0) end end)
			ave.time.sleep(0.01)
			print("end")]])
		assert.equal(0, status)
		assert.equal("end", output:match("%w+"))
	end)

	it("tells of errors that nobody has seen", function()
		local status, output = run([[
			ave.task.spawn(error, "lost", 0)
			local t = ave.task.spawn(error, "seen", 0)
			print(pcall(t.join, t))
			ave.time.sleep(0.05)]])
		assert.equal(0, status)
		assert.matches("a task failed, and nothing joined it: lost", output, 1, true)
		assert.not_matches("nobody joined: seen", output, 1, true)
	end)

	it("can come by Ctrl-C, also when a task keeps the others out", function()
		local code = "ave.task.spawn(function() while true do end end):join()"
		local program = "/proc/" .. fs.read("/proc/self/stat"):match("^%d+") .. "/exe"
		local started = time.monotonic()
		assert.equal(130, (cmd.run({ "timeout", "--preserve-status", "-s", "INT", "0.5", program, "-e", code }, { timeout = 20 })))
		assert.is_true(time.monotonic() - started < 15)
	end)

	it("can come from a task", function()
		assert.equal(3, (run([[ave.task.spawn(function() os.exit(3) end):join()]])))
	end)
end)

describe("a channel", function()
	it("passes values in their order", function()
		local channel = task.channel()
		task.spawn(function()
			for i = 1, 100 do
				channel:put(i, LIMIT)
			end
			channel:close()
		end)
		local n = 0
		for value in channel:values() do
			n = n + 1
			assert.equal(n, value)
		end
		assert.equal(100, n)
		assert.is_nil(channel:get())
	end)

	it("holds as many as it has room for", function()
		local channel = task.channel(2)
		channel:put("a")
		channel:put(false)
		assert.raises("Timeout", channel.put, channel, "c", 0.01)
		channel:close()
		channel:close()
		assert.equal("a", channel:get())
		assert.is_false(channel:get())
		assert.is_nil(channel:get())
		local e = assert.raises("Exception", channel.put, channel, "d")
		assert.matches("the channel is closed", e.message, 1, true)
	end)

	it("wakes who waits when it is closed", function()
		local channel = task.channel()
		local getter = task.spawn(channel.get, channel)
		local putter = task.spawn(function()
			local full = task.channel()
			task.spawn(function() time.sleep(0.01) full:close() end)
			full:put(1)
		end)
		time.sleep(0.01)
		channel:close()
		assert.is_nil(getter:join(LIMIT))
		assert.raises("Exception", putter.join, putter, LIMIT)
	end)

	it("gives nothing that comes too late", function()
		local channel = task.channel()
		local e = assert.raises("Timeout", channel.get, channel, 0.01)
		assert.matches("no value came within 10ms", e.message, 1, true)
		assert.raises("Timeout", channel.put, channel, 1, 0)
		assert.raises("Timeout", time.within, 0.01, channel.get, channel)
	end)

	it("is chosen among several", function()
		local a, b = task.channel(), task.channel(1)
		assert.raises("Timeout", task.select, { a, b }, 0.01)
		b:put("x")
		local channel, value = task.select({ a, b }, LIMIT)
		assert.equal(b, channel)
		assert.equal("x", value)
		task.spawn(a.put, a, "y")
		assert.same({ a, "y" }, { task.select({ a, b }, LIMIT) })
		b:close()
		assert.same({ b, n = nil }, { task.select({ a, b }, LIMIT) })
		assert.raises("Timeout", task.select, {}, 0.01)
	end)

	it("names what is wrong with an argument", function()
		assert.raises("TypeError", task.channel, -1)
		assert.raises("TypeError", task.channel, 1e9)
		assert.raises("TypeError", task.Channel)
		local channel = task.channel()
		assert.raises("TypeError", channel.put, channel)
		assert.raises("TypeError", channel.get, channel, "x")
		local e = assert.raises("TypeError", task.select, { channel, 5 })
		assert.matches("wanted a list of channels, got 5 at index 2", e.message, 1, true)
	end)
end)

describe("a group", function()
	it("waits for all, and returns what the function does", function()
		local done = 0
		local first, second = task.group(function(group)
			for _ = 1, 10 do
				group:spawn(function()
					time.sleep(0.01)
					done = done + 1
				end)
			end
			return "a", group:spawn(function() return "b" end):join()
		end)
		assert.same({ 10, "a", "b" }, { done, first, second })
	end)

	it("fails together", function()
		local others = {}
		local started = time.monotonic()
		local e = assert.raises("Offline", task.group, function(group)
			for i = 1, 3 do
				others[i] = group:spawn(time.sleep, 60)
			end
			group:spawn(function()
				time.sleep(0.01)
				error(exceptions.Offline("unplugged"))
			end)
			time.sleep(60)
		end)
		assert.equal("unplugged", e.message)
		assert.is_table(e.trace)
		assert.is_true(time.monotonic() - started < LIMIT)
		for _, t in ipairs(others) do
			assert.is_true(t:done())
		end
	end)

	it("ends its tasks when the function fails", function()
		local t
		local raised = {}
		local ok, e = pcall(task.group, function(group)
			t = group:spawn(time.sleep, 60)
			error(raised)
		end)
		assert.is_false(ok)
		assert.equal(raised, e)
		assert.is_true(t:done())
		assert.raises("Terminated", t.join, t)
	end)

	it("ends with the deadline", function()
		local t
		assert.raises("Timeout", time.within, 0.05, task.group, function(group)
			t = group:spawn(time.sleep, 60)
		end)
		assert.is_true(t:done())
	end)

	it("takes no harm from a task that is cancelled", function()
		assert.equal("fine", task.group(function(group)
			group:spawn(time.sleep, 60):cancel()
			return "fine"
		end))
	end)

	it("runs no more at a time than it may", function()
		local running, most = 0, 0
		task.group(function(group)
			for _ = 1, 10 do
				group:spawn(function()
					running = running + 1
					most = math.max(most, running)
					time.sleep(0.005)
					running = running - 1
				end)
			end
		end, { limit = 3 })
		assert.equal(3, most)
	end)

	it("gets the slot back of a spawn that was cancelled", function()
		for _ = 1, 50 do
			time.within(10, task.group, function(group)
				group:spawn(time.sleep, 0.002)
				local spawners = {}
				for i = 1, 20 do
					spawners[i] = task.spawn(function() group:spawn(time.sleep, 0.0005) end)
				end
				time.sleep(0.002)
				for _, spawner in ipairs(spawners) do
					spawner:cancel()
				end
				group:spawn(time.now)
			end, { limit = 1 })
		end
	end)

	it("takes no tasks when it is over", function()
		local kept
		task.group(function(group) kept = group end)
		assert.raises("Terminated", kept.spawn, kept, print)
	end)

	it("names what is wrong with an argument", function()
		assert.raises("TypeError", task.group)
		assert.raises("TypeError", task.group, print, { limits = 1 })
		assert.raises("TypeError", task.Group)
		task.group(function(group) assert.raises("TypeError", group.spawn, group, "x") end)
	end)
end)

it("an exchange in which all wait can be ended", function()
	local channel = task.channel()
	local a, b = task.spawn(channel.get, channel), task.spawn(channel.get, channel)
	assert.raises("Timeout", time.within, 0.05, a.join, a)
	a:cancel()
	b:cancel()
	assert.raises("Terminated", a.join, a, LIMIT)
end)

it("tasks cannot be copied to another process", function()
	local Process = require("ave.network.process").Process
	local t = task.spawn(function() end)
	local p = Process { target = function() return t end }
	assert.raises("Exception", p.start, p)
end)

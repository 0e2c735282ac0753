-- Many commands at once: how few threads they take, and what happens when the
-- account has no processes left.

local cmd = require("ave.cmd")
local fs = require("ave.fs")

local self = "/proc/" .. require("ave.posix").getpid() .. "/exe"

local function is_root()
	return select(2, cmd.run("id -u")) == "0\r\n"
end

describe("many commands at once", function()
	it("run on few threads", function()
		local count = 1000
		fs.tempdir(function(dir)
			assert.equal(0, (cmd.run { "mkfifo", fs.join(dir, "go") }))
			local status, output = cmd.run({ self, "-e", [[
				local count, dir = tonumber(arg[1]), arg[2]
				local fs, task = ave.fs, ave.task
				local ended, go = 0, nil
				task.group(function(group)
					for _ = 1, count do
						group:spawn(function()
							local script = 'echo >> "$1"/running; exec head -c 1 "$1"/go'
							if ave.cmd.run({ "sh", "-c", script, "sh", dir }) == 0 then
								ended = ended + 1
							end
						end)
					end
					local running
					repeat
						ave.time.sleep(0.05)
						running = fs.exists(dir .. "/running") and fs.stat(dir .. "/running").size
					until running == count
					print("threads " .. fs.read("/proc/self/status"):match("Threads:%s*(%d+)"))
					go = io.open(dir .. "/go", "w") -- open until the last one has opened it
					go:write(("x"):rep(count))
					go:flush()
				end)
				go:close()
				print("ended " .. ended)
			]], count, dir }, { timeout = 280 })
			assert.equal(0, status, output)
			assert.equal(count, tonumber(output:match("ended (%d+)")))
			assert.truthy(tonumber(output:match("threads (%d+)")) < 400, output)
		end)
	end)

	it("get a RunError when the account has no processes left", function()
		if not is_root() then
			pending("needs an account that has no other processes")
		end
		local status, output = cmd.run({ "prlimit", "--nproc=60:60", self, "-e", [[
			ave.persona.become_user("daemon") -- who has no other processes here
			local refused, ended = 0, 0
			local message
			for _ = 1, 3 do
				ave.task.group(function(group)
					for _ = 1, 60 do
						group:spawn(function()
							local ok, e = pcall(ave.cmd.run, "sleep 1")
							if ok then
								ended = ended + 1
							else
								assert(e:is("RunError"), tostring(e))
								refused, message = refused + 1, e.message
							end
						end)
					end
				end)
			end
			print(refused > 0, ended > 0, refused + ended, (ave.cmd.run("true")))
			print(message)
		]] }, { timeout = 120 })
		assert.equal(0, status, output)
		assert.matches("true\ttrue\t180\t0\r\n", output, 1, true)
		assert.matches("out of processes: this user or control group has reached its limit", output, 1, true)
	end)

	it("of the shell do not end the program when the account has no processes left", function()
		if not is_root() then
			pending("needs an account that has no other processes")
		end
		local status, output = cmd.run({ "prlimit", "--nproc=60:60", self, "-e", [[
			ave.persona.become_user("bin") -- who has no other processes here
			local ended, refused = 0, 0
			local function execute() return os.execute("exec sleep 0.5") == 0 end
			local function popen()
				local file = io.popen("sleep 0.5 2>&1; echo done")
				local text = file and file:read("*a")
				return file and file:close() and text == "done\n"
			end
			for _, run in ipairs { execute, popen, execute, popen } do
				ave.task.group(function(group)
					for _ = 1, 60 do
						group:spawn(function()
							if run() then ended = ended + 1 else refused = refused + 1 end
						end)
					end
				end)
			end
			print(ended > 0, refused > 0, ended + refused)
		]] }, { timeout = 120 })
		assert.equal(0, status, output)
		assert.matches("true\ttrue\t240\r\n", output, 1, true)
	end)
end)

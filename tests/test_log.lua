-- ave.log: levels, fields, text and JSON.

local cmd = require("ave.cmd")
local exceptions = require("ave.exceptions")
local fs = require("ave.fs")
local json = require("ave.json")
local log = require("ave.log")
local time = require("ave.time")

-- The process of this program, whose file a shell can run too.
local function host_pid()
	return fs.read("/proc/self/stat"):match("^%d+")
end

describe("ave.log", function()
	local dir, path

	before_each(function()
		dir = fs.tempdir()
		path = dir .. "/log"
	end)

	after_each(function()
		log.setup()
		fs.remove(dir, { recursive = true })
	end)

	-- The entries of the file without their times.
	local function lines()
		local list = {}
		for line in fs.read(path):gmatch("[^\n]+") do
			table.insert(list, (line:gsub("^time=%S+ ", "")))
		end
		return list
	end

	it("writes levels and fields as text", function()
		local logger = log.Logger { file = path, level = "debug" }
		logger:debug("one")
		logger:info("two words", { b = 1, a = "x y", c = true, list = { 1, "z" } })
		logger:warn("three", { n = 1.5 })
		logger:error("four\nlines", { e = exceptions.Timeout("late"), f = print ~= nil })
		assert.same({
			"level=DEBUG msg=one",
			[[level=INFO msg="two words" a="x y" b=1 c=true list="[1,\"z\"]"]],
			"level=WARN msg=three n=1.5",
			[[level=ERROR msg="four\nlines" e=late f=true]],
		}, lines())
		logger:close()
		assert.raises("Exception", logger.close, logger)
		assert.raises("Exception", logger.info, logger, "x")
	end)

	it("writes JSON", function()
		log.Logger({ file = path, format = "json", fields = { unit = "a" } }):info("x", { n = 5, list = { 1 }, bad = "\255" })
		local entry = json.decode(fs.read(path))
		assert.equal("x", entry.msg)
		assert.equal("INFO", entry.level)
		assert.equal("a", entry.unit)
		assert.equal(5, entry.n)
		assert.equal(1, entry.list[1])
		assert.equal("\239\191\189", entry.bad)
		assert.is_string(entry.time)
	end)

	it("leaves out what is below the level", function()
		local logger = log.Logger { file = path, level = "warn" }
		logger:info("quiet")
		logger:error("loud")
		assert.same({ "level=ERROR msg=loud" }, lines())
	end)

	it("adds fields to a logger", function()
		local logger = log.Logger { file = path, fields = { a = 1 } }
		logger:with({ b = 2 }):with({ c = 3 }):info("x", { d = 4 })
		logger:info("y")
		assert.same({ "level=INFO msg=x a=1 b=2 c=3 d=4", "level=INFO msg=y a=1" }, lines())
	end)

	it("has a default logger", function()
		log.setup { file = path, level = "debug" }
		log.debug("a")
		log.info("b")
		log.warn("c")
		log.error("d", { x = 1 })
		log.with({ unit = 7 }):info("e")
		assert.same({ "level=DEBUG msg=a", "level=INFO msg=b", "level=WARN msg=c", "level=ERROR msg=d x=1", "level=INFO msg=e unit=7" },
			lines())
	end)

	it("writes to stderr unless it is told otherwise", function()
		local code = [[ave.log.info("x"); ave.log.Logger():warn("y"); ave.log.debug("z")]]
		local _, output = cmd.run { "/bin/sh", "-c", "exec /proc/" .. host_pid() .. "/exe -e '" .. code .. "' >/dev/null" }
		assert.matches("level=INFO msg=x", output, 1, true)
		assert.matches("level=WARN msg=y", output, 1, true)
		assert.not_matches("msg=z", output, 1, true)
	end)

	it("appends to the file", function()
		log.Logger({ file = path }):info("one")
		log.Logger({ file = path }):info("two")
		assert.equal(2, #lines())
	end)

	it("does not wait for a reader of a pipe", function()
		cmd.run({ "mkfifo", path }, { check = true })
		local e = assert.raises("OSError", function() time.within(10, function() log.Logger({ file = path }) end) end)
		assert.equal("ENXIO", e.errno)
	end)

	it("names what is wrong with an argument", function()
		local function wrong(message, fn, ...)
			assert.matches(message, assert.raises("TypeError", fn, ...).message, 1, true)
		end
		wrong([[option 'level': wanted "debug", "info", "warn" or "error", got the string "loud"]], log.setup, { level = "loud" })
		wrong([[option 'format': wanted "text" or "json"]], log.setup, { format = "xml" })
		wrong("there is no such option", log.Logger, { path = "x" })
		wrong("argument 'message': wanted a string, got a table", log.info, {})
		wrong("argument 'fields': wanted a table", log.info, "x", "y")
		wrong("fields: wanted strings as names, got 1", log.info, "x", { "y" })
		wrong("Logger:info: wanted a Logger as self", log.Logger.info, "x")
		assert.equal("ENOENT", assert.raises("OSError", log.setup, { file = dir .. "/none/log" }).errno)
		assert.raises("Exception", function() log.Logger():close() end)
	end)
end)

-- ave.time: clocks, dates, durations and deadlines.

local time = require("ave.time")

describe("clocks", function()
	it("go on", function()
		assert.is_true(math.abs(time.now() - os.time()) < 2)
		local before = time.monotonic()
		time.sleep(0.02)
		local passed = time.monotonic() - before
		assert.is_true(passed >= 0.02 and passed < 10)
		time.sleep(0)
	end)

	it("refuse what is no length of time", function()
		assert.raises("TypeError", time.sleep, -1)
		assert.raises("TypeError", time.sleep, 0 / 0)
		assert.raises("TypeError", time.sleep, "long")
		assert.raises("TypeError", time.sleep)
	end)
end)

describe("duration", function()
	it("reads what people write", function()
		for text, seconds in pairs {
			["1h30m"] = 5400, ["250ms"] = 0.25, ["1.5d"] = 129600, ["2w"] = 1209600, ["90"] = 90, ["0.5"] = 0.5,
			["-10s"] = -10, ["1us"] = 1e-6, ["5ns"] = 5e-9, ["1h1h"] = 7200, ["0s"] = 0,
		} do
			assert.equal(seconds, time.duration(text), text)
		end
		assert.equal(90, time.duration(90))
	end)

	it("refuses anything else", function()
		for _, text in ipairs { "", "s", "1x", "1 h", "h1", "1h 30m", "--1s", "1h-1m", "1.s", ".5s", "inf", "0x10" } do
			local e = assert.raises("Exception", time.duration, text)
			assert.matches("wanted a duration such as", e.message, 1, true)
		end
		assert.raises("TypeError", time.duration, {})
	end)

	it("is written for people", function()
		for text, seconds in pairs {
			["1h30m"] = 5400, ["250ms"] = 0.25, ["1d12h"] = 129600, ["14d"] = 1209600, ["0s"] = 0, ["-10s"] = -10,
			["1us"] = 1e-6, ["1m0.5s"] = 60.5, ["1.5ms"] = 0.0015,
		} do
			assert.equal(text, time.format_duration(seconds))
			assert.equal(seconds, time.duration(text))
		end
		assert.raises("Exception", time.format_duration, math.huge)
		assert.raises("Exception", time.format_duration, 0 / 0)
	end)
end)

describe("format and parse", function()
	it("know RFC 3339", function()
		assert.equal("1970-01-01T00:00:00Z", time.format(0, nil, "UTC"))
		assert.equal("2026-11-22T13:30:00.25Z", time.format(1795354200.25, nil, "UTC"))
		assert.equal("2026-11-22T15:30:00+02:00", time.format(1795354200, nil, "+02:00"))
		assert.equal(1795354200.25, time.parse("2026-11-22T13:30:00.25Z"))
		assert.equal(1795354200, time.parse("2026-11-22T15:30:00+02:00"))
		assert.equal("1969-12-31T23:59:59.75Z", time.format(-0.25, nil, "UTC"))
		local now = math.floor(time.now())
		assert.equal(now, time.parse(time.format(now)))
	end)

	it("know the formats of os.date", function()
		local when = 1795354200
		assert.equal(os.date("%c", when), time.format(when, "%c"))
		assert.equal(when, time.parse(os.date("%c", when), "%c"))
		assert.equal(when, time.parse("2026-11-22 13:30:00", "%Y-%m-%d %H:%M:%S", "UTC"))
		assert.equal(when, time.parse("22.11.26 13:30", "%d.%m.%y %R", "UTC"))
		assert.equal(when, time.parse("Nov 22, 2026 01:30 PM", "%b %d, %Y %I:%M %p", "UTC"))
		assert.equal(when, time.parse("2026-11-22 15:30 +0200", "%F %R %z"))
		assert.equal(when, time.parse("326/2026 13:30", "%j/%Y %R", "UTC"))
		assert.equal(when, time.parse("1795354200", "%s"))
		assert.equal(when + 0.5, time.parse("2026-11-22 13:30:00.5", "%F %T", "UTC"))
		-- What stands between the conversions means nothing to Go.
		assert.equal(when, time.parse("Jan 2 100% at 2026-11-22 13:30", "Jan 2 100%% at %F %R", "UTC"))
	end)

	it("refuse what is no time", function()
		assert.raises("Exception", time.parse, "yesterday")
		assert.raises("Exception", time.parse, "2026-02-30T00:00:00Z")
		local e = assert.raises("Exception", time.parse, "2026-02-30", "%F")
		assert.matches("wanted a date and time that exist", e.message, 1, true)
		e = assert.raises("Exception", time.parse, "2026-2-3", "%F")
		assert.matches('wanted a time in the format "%F", got "2026-2-3"', e.message, 1, true)
		assert.raises("Exception", time.parse, "10", "%U")
		assert.raises("Exception", time.parse, "x", "x")
		assert.raises("Exception", time.parse, "x", "%s")
		assert.raises("Exception", time.format, math.huge)
		assert.raises("Exception", time.format, 0 / 0)
		e = assert.raises("TypeError", time.format, 0, nil, "Nowhere/City")
		assert.matches("ave.time.format: argument 'zone': wanted a time zone", e.message, 1, true)
		assert.raises("TypeError", time.format, "now")
	end)
end)

describe("within", function()
	it("returns what the function returns in time", function()
		assert.same({ 1, nil, 3 }, { time.within(10, function(...) return ... end, 1, nil, 3) })
		assert.equal(1, time.within(math.huge, function() return 1 end))
	end)

	it("ends whatever goes on for too long", function()
		local e = assert.raises("Timeout", time.within, 0.05, function()
			while true do
				pcall(error, "no")
			end
		end)
		assert.matches("did not return within 50ms", e.message, 1, true)
		assert.raises("Timeout", time.within, 0.05, time.sleep, 60)
		assert.raises("Timeout", time.within, 0, time.sleep, 60)
	end)

	it("passes errors on as they are", function()
		local raised = {}
		local ok, e = pcall(time.within, 10, error, raised)
		assert.is_false(ok)
		assert.equal(raised, e)
	end)

	it("lets the nearer of two deadlines count", function()
		local before = time.monotonic()
		assert.raises("Timeout", time.within, 60, time.within, 0.05, time.sleep, 60)
		assert.raises("Timeout", time.within, 0.05, time.within, 60, time.sleep, 60)
		assert.is_true(time.monotonic() - before < 30)
	end)

	it("names what is wrong with an argument", function()
		assert.raises("TypeError", time.within, "x", print)
		assert.raises("TypeError", time.within, 1, "print")
	end)
end)

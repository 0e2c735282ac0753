-- assert.matches_screen: a screen looks as it did when it was accepted.

local checking = require("ave.test.checking")
local golden = require("ave.test.golden")
local show = require("ave.test.show")

local screens = {}

-- image_of returns the screen of a session, or the value itself if it is a screen.
local function image_of(value)
	local found, take = pcall(function() return value.screen end)
	if found and type(take) == "function" then
		value = take(value)
	end
	local is = type(value) == "table" and value.is
	checking.type(is and is(value, "Screen"), 1, "matches_screen", "session or Screen", show(value))
	return value
end

local function described(options)
	checking.type(options == nil or type(options) == "table", 3, "matches_screen", "table of options", show(options))
	for name in pairs(options or {}) do
		if name ~= "attributes" then
			error("matches_screen: option '" .. tostring(name) .. "': there is no such option; valid names are attributes", 0)
		end
	end
	return options and options.attributes
end

-- check(screen, name [, options]) leaves the explanation of a difference in the
-- arguments.
function screens.check(state, values)
	checking.count(values, 2, "matches_screen")
	local name, with_attributes = values[2], described(values[3])
	local image = image_of(values[1])
	checking.type(type(name) == "string", 2, "matches_screen", "string", show(name))
	local text = with_attributes and image:describe() or image:text()
	return golden(state, values, "screen", name, text, show)
end

return screens

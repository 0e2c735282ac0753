-- The helpers of luassert that custom assertions use.

local arguments = require("ave.test.arguments")
local checking = require("ave.test.checking")
local compare = require("ave.test.compare")
local copies = require("ave.test.copies")
local invocations = require("ave.test.invocations")
local words = require("ave.test.words")

local util = {
	pack = arguments.pack,
	unpack = arguments.unpack,
	make_arglist = arguments.of,
	is_arglist = arguments.is,
	tinsert = arguments.insert,
	tremove = arguments.remove,
	cleararglist = arguments.clear,
	callable = checking.callable,
	hastostring = checking.says_itself,
	deepcompare = compare.deep,
	shallowcopy = copies.shallow,
	deepcopy = copies.deep,
	copyargs = copies.call,
	matchargs = invocations.find,
	matchoncalls = invocations.find_rule,
	extract_keys = words.names,
}

-- errorlevel returns the level, for error(), of the first function outside the
-- calling file.
function util.errorlevel(level)
	level = (level or 1) + 1
	local own = (debug.getinfo(level, "S") or {}).source
	local source = own
	while source and (source == own or source == "=(tail call)") do
		level = level + 1
		source = (debug.getinfo(level, "S") or {}).source
	end
	return math.max(level - 1, 1)
end

return util

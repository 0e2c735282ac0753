-- The options of a test or block, between its name and its function: it("name", {
-- retries = 2 }, function() ... end). Tests inherit the options of their blocks.

local lazy = require("ave.test.lazy")

local show = lazy("ave.test.show")

local options = {}

local function is_number(v) return type(v) == "number" and v >= 0 and v < math.huge end

local function is_whole(v) return is_number(v) and v % 1 == 0 end

local function is_reason(v) return type(v) == "boolean" or type(v) == "string" end

local function is_name(v) return type(v) == "string" end

-- are_all tells whether a value is a list of texts that match a pattern.
function options.are_all(v, pattern)
	if type(v) ~= "table" then
		return false
	end
	local n = 0
	for _, word in pairs(v) do
		n = n + 1
		if type(word) ~= "string" or not word:find(pattern) then
			return false
		end
	end
	return n == #v
end

local function are_words(v) return options.are_all(v, "^[^%s(),#]+$") end

local timeout = { is_number, "a number of seconds, 0 or more" } -- 0 means no limit

local of_tests = {
	tags = { are_words, 'a list of words such as "slow"' }, -- in addition to those in names
	retries = { is_whole, "a whole number, 0 or more" }, -- more attempts after one that went wrong
	xfail = { is_reason, "boolean or string" }, -- expected to fail, and why
	quarantine = { is_reason, "boolean or string" }, -- does not make the run fail, and why
	timeout = timeout,
	exclusive = { is_name, "string" }, -- tests with the same name do not run at the same time
}

local of_hooks = { timeout = timeout }

local function names(known)
	local list = {}
	for name in pairs(known) do
		list[#list + 1] = name
	end
	table.sort(list)
	return (#list == 1 and "the only valid name is " or "valid names are ") .. table.concat(list, ", ")
end

local function check(known, word, given, level)
	if type(given) ~= "table" then
		error(word .. ": wanted a table of options, got " .. type(given), level + 1)
	end
	for name, value in pairs(given) do
		local option = known[name]
		if not option then
			error(word .. ": there is no option '" .. tostring(name) .. "'; " .. names(known), level + 1)
		elseif not option[1](value) then
			error(word .. ": option '" .. name .. "': wanted " .. option[2] .. ", got " .. show(value), level + 1)
		end
	end
end

-- check raises an error for something that is not an option of tests and blocks.
-- The error points at the line that uses the word.
function options.check(word, given, level) check(of_tests, word, given, level + 1) end

-- check_hook does the same for hooks.
function options.check_hook(word, given, level) check(of_hooks, word, given, level + 1) end

-- with adds values to a list, without duplicates. If nothing is new, it returns the
-- same list.
local function with(list, more)
	local longer = list
	for _, value in ipairs(more) do
		local known_already = false
		for _, known_value in ipairs(longer) do
			known_already = known_already or known_value == value
		end
		if not known_already then
			longer = longer == list and { unpack(list) } or longer
			longer[#longer + 1] = value
		end
	end
	return longer
end

-- tags collects the tags of the block around, of the option, and of the name:
-- "#slow".
local function tags(around, given, name)
	if not given and not name:find("#", 1, true) then
		return around
	end
	local list = with(around, given or {})
	for tag in name:gmatch("#([%w_%-]+)") do
		list = with(list, { tag })
	end
	return list
end

-- exclusive collects the names of the blocks around and of the option. They are
-- sorted, so that two tests cannot wait for each other.
local function exclusive(around, own)
	if not own then
		return around
	end
	local list = with(around, { own })
	table.sort(list)
	return list
end

local none = {}
local inherited = { "tags", "exclusive", "retries", "xfail", "quarantine", "timeout" }

-- inside returns the metatable of the elements in a block: by default they are
-- tests, and inherit the block's options.
function options.inside(block)
	if not block.inside then
		local common = { kind = "test", descriptor = "it", parent = block, tags = none, exclusive = none }
		for _, name in ipairs(inherited) do
			if block[name] ~= nil then
				common[name] = block[name]
			end
		end
		block.inside = { __index = common }
	end
	return block.inside
end

-- add_exclusive makes everything that is declared in a block from now on reserve a
-- name.
function options.add_exclusive(block, name)
	block.exclusive, block.inside = exclusive(block.exclusive or none, name), nil
end

-- apply sets the options of an element.
function options.apply(element, given)
	given = given or none
	local own = tags(element.tags, given.tags, element.name)
	if own ~= element.tags then
		element.tags = own
	end
	for name, value in pairs(given) do
		if name == "exclusive" then
			element.exclusive = exclusive(element.exclusive, value)
		elseif name ~= "tags" then
			element[name] = value
		end
	end
end

return options

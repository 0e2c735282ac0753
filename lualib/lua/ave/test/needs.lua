-- What tests need: equipment, and properties of the host. A block declares it for all
-- of its tests. Equipment is leased when the first of them begins, and given back at
-- the end of the block: see leases.lua.
--
-- The field needs of a block: equipment (a list of name, profile, and handle while it
-- is leased), tags, cores, memory, exclusive, wait; supplied, once it was leased or
-- that has failed, and problems, if it has failed; notes, a list of texts.

local lazy = require("ave.test.lazy")

local leases = lazy("ave.test.leases")
local options = lazy("ave.test.options")
local show = lazy("ave.test.show")

local require = require -- tests may replace it

local needs = {}

local unsaid = {} -- lists of notes for the output of the next test

-- collecting tells whether the body of a block runs; runner.lua sets it.
function needs.collecting() return true end

local function is_number(v) return type(v) == "number" and v >= 0 and v < math.huge end

local units = { [""] = 1, K = 1024, M = 1024 ^ 2, G = 1024 ^ 3, T = 1024 ^ 4 }

-- bytes reads an amount of memory; nil if it is not one.
local function bytes(v)
	if type(v) == "string" then
		local number, unit = v:match("^(%d+%.?%d*)%s*([KMGT]?)$")
		v = number and tonumber(number) * units[unit]
	end
	return is_number(v) and v > 0 and math.floor(v) or nil
end

local function are_words(v) return options.are_all(v, "^[^%s,]+$") end

local known = {
	tags = { are_words, 'a list of tags such as "os=debian12"' },
	cores = { function(v) return is_number(v) and v >= 1 and v % 1 == 0 end, "a whole number, 1 or more" },
	memory = { bytes, 'bytes, or a text such as "512M" or "2G"' },
	exclusive = { function(v) return type(v) == "boolean" end, "boolean" },
	equipment = { function(v) return type(v) == "table" end, "a table of profiles by name" },
	wait = { is_number, "a number of seconds, 0 or more" },
}

-- check raises an error for a wrong option. The error points at the line that uses the
-- word.
local function check(word, given, valid, level)
	if type(given) ~= "table" then
		error(word .. ": wanted a table of options, got " .. type(given), level + 1)
	end
	for name, value in pairs(given) do
		local option = known[name]
		if not option or not valid[name] then
			local names = {}
			for other in pairs(valid) do
				names[#names + 1] = other
			end
			table.sort(names)
			error(("%s: there is no option '%s'; valid names are %s"):format(word, tostring(name), table.concat(names, ", ")), level + 1)
		elseif not option[1](value) then
			error(("%s: option '%s': wanted %s, got %s"):format(word, name, option[2], show(value)), level + 1)
		end
	end
end

local function of(block)
	block.needs = block.needs or { equipment = {}, tags = {} }
	return block.needs
end

-- find returns the equipment of a name that a block, or one around it, has declared.
local function find(block, name)
	while block do
		for _, entry in ipairs(block.needs and block.needs.equipment or {}) do
			if entry.name == name then
				return entry
			end
		end
		block = block.parent
	end
end

-- handle_of returns the handle of leased equipment.
local function handle_of(entry)
	if not entry.handle or needs.collecting() then
		error(("equipment '%s' can only be used in the tests and hooks of the block that declares it%s"):format(
			entry.name, entry.lost or ""), 3)
	end
	return entry.handle
end

-- stand_in makes what a block has for its equipment: the handle, while it is leased.
local function stand_in(entry)
	local meta = { __name = "equipment" }
	local function yield()
		error(("equipment '%s' is given back at the end of the block that declares it"):format(entry.name), 2)
	end
	function meta.__index(self, key)
		local value = handle_of(entry)[key]
		if key == "yield" then
			return yield
		elseif type(value) ~= "function" then
			return value
		end
		return function(first, ...)
			if rawequal(first, self) then
				first = handle_of(entry)
			end
			return value(first, ...)
		end
	end
	function meta.__newindex(_, key, value) handle_of(entry)[key] = value end
	function meta.__tostring()
		return ("equipment '%s'%s"):format(entry.name, entry.handle and ": " .. leases.shown(entry.handle.profile) or "")
	end
	return setmetatable({}, meta)
end

-- add declares a piece of equipment.
local function add(word, block, name, profile, level)
	if type(name) ~= "string" or name == "" then
		error(("%s: wanted a name, got %s"):format(word, show(name)), level + 1)
	elseif type(profile) ~= "table" then
		error(("%s '%s': wanted a profile, got %s"):format(word, name, show(profile)), level + 1)
	end
	local ok, made = pcall(require("ave.profile").Profile, profile)
	if not ok then
		error(("%s '%s': %s"):format(word, name, made.message or tostring(made)), level + 1)
	elseif type(made.type) ~= "string" then
		error(('%s \'%s\': wanted a profile with a type, such as { type = "handset" }, got %s'):format(word, name, tostring(made)),
			level + 1)
	elseif find(block, name) then
		error(("%s '%s': this block, or one around it, has equipment of this name: choose another name"):format(word, name), level + 1)
	end
	local entry = { name = name, profile = made }
	entry.stand_in = stand_in(entry)
	table.insert(of(block).equipment, entry)
	return entry.stand_in
end

-- equipment declares a piece, and returns what stands for it.
function needs.equipment(block, name, profile, given)
	if given ~= nil then
		check("equipment", given, { wait = true }, 3)
	end
	local made = add("equipment", block, name, profile, 3)
	block.needs.wait = given and given.wait or block.needs.wait
	return made
end

-- declare adds to what a block needs, and returns what stands for the equipment, by
-- name.
function needs.declare(block, given)
	check("needs", given, known, 3)
	local own, made, names = of(block), {}, {}
	for name in pairs(given.equipment or {}) do
		names[#names + 1] = name
	end
	table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
	for _, name in ipairs(names) do
		made[name] = add("needs: equipment", block, name, given.equipment[name], 3)
	end
	for _, tag in ipairs(given.tags or {}) do
		table.insert(own.tags, tag)
	end
	own.cores = math.max(own.cores or 0, given.cores or 0)
	own.memory = math.max(own.memory or 0, bytes(given.memory) or 0)
	own.exclusive = own.exclusive or given.exclusive
	own.wait = given.wait or own.wait
	return made
end

-- named returns what stands for equipment of a name, for a test or a block.
function needs.named(element, name)
	local entry = find(element, name)
	if not entry then
		error(("equipment: no block around has declared '%s'"):format(tostring(name)), 3)
	end
	return entry.stand_in
end

-- blocks lists a block and those around it that need something, from the outermost
-- inwards.
local function blocks(block)
	local list = {}
	while block do
		if block.needs then
			table.insert(list, 1, block)
		end
		block = block.parent
	end
	return list
end

-- text returns all that a test needs, as JSON; nil if it needs nothing.
function needs.text(test)
	local all = blocks(test.parent)
	return all[1] and leases.text(all)
end

-- supply leases what a block needs, and the blocks around it. It returns the problems
-- of the one that cannot have it. try(fn) calls fn and returns its problem; first is
-- the test or block for which it is leased.
function needs.supply(block, first, try)
	for _, each in ipairs(blocks(block)) do
		local own = each.needs
		if not own.supplied then
			own.supplied, own.notes = true, {}
			table.insert(unsaid, own.notes)
			local problem = try(function() leases.supply(each, first, own.notes) end)
			if problem then
				problem.status = "error"
				own.problems = { problem }
			elseif each ~= block then
				require("ave.test.host").forgive()
			end
		end
		if own.problems then
			return own.problems
		end
	end
end

-- begins_with returns the test or block for which a block must have what it needs before
-- anything else runs in it, because its setup may use it; nil if there is no hurry.
function needs.begins_with(block)
	for _, child in ipairs(block.needs and block.children or {}) do
		if not child.children and child.kind ~= "pending" then
			return child
		end
	end
	return block.hooks.strict_setup and blocks(block)[1] and block
end

-- has_any tells whether a block has leased something itself.
function needs.has_any(block) return block.needs ~= nil and block.needs.client ~= nil end

-- give_back ends the leases of a block. With quick, it waits for nothing. If no test of the
-- block has begun, nothing is said about them.
function needs.give_back(block, quick)
	for n = #unsaid, 1, -1 do
		if unsaid[n] == block.needs.notes then
			table.remove(unsaid, n)
		end
	end
	leases.give_back(block, quick)
end

-- say writes what was leased to the output of the test that has just begun.
function needs.say()
	for _, notes in ipairs(unsaid) do
		for _, note in ipairs(notes) do
			io.stdout:write(note, "\n")
		end
	end
	if unsaid[1] then
		io.stdout:flush()
		unsaid = {}
	end
end

return needs

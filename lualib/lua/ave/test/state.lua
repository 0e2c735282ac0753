-- What tests change in the assertions and can undo: formatters, parameters, and
-- spies in tables. A snapshot is a level of a stack; reverting it undoes all
-- changes since it was made.

local state = {}

local Snapshot = {}

local levels = {} -- the last one is the current level

local nothing = {} -- stands for a parameter that was set to nil

-- snapshot starts a new level.
function state.snapshot()
	local level = setmetatable({
		formatters = {},
		parameters = {},
		spies = setmetatable({}, { __mode = "kv" }),
		revert = state.revert,
		previous = levels[#levels],
	}, Snapshot)
	if level.previous then
		level.previous.next = level
	end
	levels[#levels + 1] = level
	return level
end

local function is_level(v) return type(v) == "table" and getmetatable(v) == Snapshot end

-- drop undoes the changes of the last level.
local function drop()
	local level = table.remove(levels)
	setmetatable(level, nil)
	if level.previous then
		level.previous.next = nil
	end
	level.formatters, level.parameters = {}, {}
	local spies = level.spies
	level.spies = {}
	for spy in pairs(spies) do
		spy:revert()
	end
end

-- revert undoes all changes since a snapshot was made; by default the last one. The
-- first level is never undone.
function state.revert(snapshot)
	if snapshot == nil then
		if #levels > 1 then
			drop()
		end
		return
	elseif not is_level(snapshot) then
		error("Value provided is not a valid snapshot", 2)
	end
	while is_level(snapshot) do
		drop()
	end
end

function Snapshot:__call() state.revert(self) end

-- A formatter gets a value, and perhaps hints. It returns a text, or nil if the
-- value is not for it. The formatter that was added last is asked first.
function state.add_formatter(formatter) table.insert(levels[#levels].formatters, 1, formatter) end

function state.remove_formatter(formatter)
	for _, level in ipairs(levels) do
		for i = #level.formatters, 1, -1 do
			if level.formatters[i] == formatter then
				table.remove(level.formatters, i)
			end
		end
	end
end

-- ask calls the formatters for which wanted is true, until one returns a text.
local function ask(wanted, value, hints)
	for i = #levels, 1, -1 do
		for _, formatter in ipairs(levels[i].formatters) do
			local text = wanted(formatter) and formatter(value, hints)
			if text then
				return text
			end
		end
	end
end

local defaults = {} -- the formatters that always exist

function state.add_default_formatter(formatter)
	defaults[formatter] = true
	table.insert(levels[1].formatters, formatter)
end

local function is_any() return true end

local function is_own(formatter) return not defaults[formatter] end

-- format_argument returns a value as the formatters show it, or nil.
function state.format_argument(value, _, hints) return ask(is_any, value, hints) end

-- format_own only asks formatters that tests have added.
function state.format_own(value, hints) return ask(is_own, value, hints) end

function state.set_parameter(name, value)
	if value == nil then
		value = nothing
	end
	levels[#levels].parameters[name] = value
end

function state.get_parameter(name)
	for i = #levels, 1, -1 do
		local value = levels[i].parameters[name]
		if value == nothing then
			return nil
		elseif value ~= nil then
			return value
		end
	end
end

-- add_spy reverts a spy together with the current level.
function state.add_spy(spy) levels[#levels].spies[spy] = true end

state.snapshot()

return state

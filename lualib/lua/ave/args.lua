-- Reads the command line of a script by a declaration, and makes the help from it.

local exceptions = require("ave.exceptions")
local fs = require("ave.fs")
local among, hint = require("ave.text").among, require("ave.text").hint
local printable = require("ave.text").printable
local time = require("ave.time")

local UsageError = exceptions.define("UsageError", exceptions.Exception)

local function usage_error(...)
	error(UsageError(string.format(...)), 0)
end

-- For each type: its name in messages, and a function that converts a word to a
-- value, or returns nil.
local types = {
	string = { "a string", function(word) return word end },
	number = { "a number", tonumber },
	integer = { "a whole number", function(word)
		local n = tonumber(word)
		return n and n % 1 == 0 and n or nil
	end },
	seconds = { "a time such as 90, 1.5s or 1h30m", function(word)
		local ok, seconds = pcall(time.duration, word)
		return ok and seconds >= 0 and seconds or nil
	end },
	file = { "an existing file", function(word)
		return fs.exists(word) and fs.stat(word).type ~= "directory" and word or nil
	end },
	directory = { "an existing directory", function(word)
		return fs.exists(word) and fs.stat(word).type == "directory" and word or nil
	end },
}

local type_names = {}
for name in pairs(types) do
	table.insert(type_names, name)
end
table.sort(type_names)

local function one_of(choices)
	return "one of " .. table.concat(choices, ", ")
end

-- Converts a word to the value of an option or positional argument.
local function value_of(entry, shown, word)
	local kind = types[entry.type or "string"]
	local value = kind[2](word)
	if value == nil then
		usage_error("%s: wanted %s, got '%s'", shown, kind[1], word)
	end
	for _, choice in ipairs(entry.choices or {}) do
		if choice == value then
			return value
		end
	end
	if entry.choices then
		usage_error("%s: wanted %s, got '%s'%s", shown, one_of(entry.choices), word, hint(word, entry.choices))
	end
	return value
end

local function is_flag(option)
	return not option.type and not option.value
end

local function field_of(entry)
	return (entry.name:gsub("-", "_"))
end

local keys = {
	declaration = "name summary options positionals commands",
	command = "name summary options positionals",
	option = "name short type value default required repeated choices bare help",
	positional = "name type default optional repeated choices help",
}

-- Entries that only an option with a value can have.
local of_values = { "bare", "choices", "default", "required" }

-- Mistakes in a declaration are TypeErrors, because the author of the script made
-- them.
local function check(kind, entry)
	local function mistake(message, ...)
		error(exceptions.TypeError(("ave.args: %s '%s': " .. message):format(kind, tostring(entry.name), ...)), 0)
	end
	if kind ~= "declaration" and type(entry.name) ~= "string" then
		mistake("wanted a string as its name")
	end
	for key in pairs(entry) do
		if not (" " .. keys[kind] .. " "):find(" " .. tostring(key) .. " ", 1, true) then
			mistake("unknown entry '%s'; valid names are %s", tostring(key), keys[kind])
		end
	end
	if entry.type and not types[entry.type] then
		mistake("unknown type '%s'%s", tostring(entry.type), among(tostring(entry.type), type_names))
	end
	for _, key in ipairs(kind == "option" and is_flag(entry) and of_values or {}) do
		if entry[key] then -- `default = false` is allowed for a flag
			mistake("a flag cannot have '%s': remove it, or add a type or a value", key)
		end
	end
	for _, option in ipairs(entry.options or {}) do
		check("option", option)
	end
	for _, positional in ipairs(entry.positionals or {}) do
		check("positional", positional)
	end
	for _, command in ipairs(entry.commands or {}) do
		check("command", command)
	end
end

-- A Reader reads one command line.
local Reader = {}
Reader.__index = Reader

function Reader:find(field, name)
	for _, scope in ipairs(self.scopes) do
		for _, option in ipairs(scope.options or {}) do
			if option[field] == name then
				return option
			end
		end
	end
end

-- The names of all options or commands.
function Reader:names(kind)
	local names = {}
	for _, scope in ipairs(self.scopes) do
		for _, entry in ipairs(scope[kind] or {}) do
			table.insert(names, entry.name)
		end
	end
	return names
end

function Reader:store(option, value)
	local field = field_of(option)
	if not option.repeated then
		self.result[field] = value
	elseif is_flag(option) then
		self.result[field] = (self.result[field] or 0) + 1
	else
		self.result[field] = self.result[field] or {}
		table.insert(self.result[field], value)
	end
end

function Reader:next_word(shown)
	self.at = self.at + 1
	return self.words[self.at] or usage_error("option '%s' needs a value", shown)
end

-- Stores an option. shown is how it was written; text is its value, nil if none was
-- attached.
function Reader:take(option, shown, text)
	if is_flag(option) then
		if text then
			usage_error("option '%s' takes no value, got '%s'", shown, text)
		end
		self:store(option, true)
	elseif not text and option.bare ~= nil then
		self:store(option, option.bare)
	else
		self:store(option, value_of(option, ("option '%s'"):format(shown), text or self:next_word(shown)))
	end
end

function Reader:long(word)
	local name, text = word:match("^%-%-([^=]*)=(.*)$")
	name = name or word:sub(3)
	local option = self:find("name", name)
	if option then
		self:take(option, "--" .. name, text)
	elseif name == "help" and not text then
		self.result.help = true
	else
		usage_error("unknown option '--%s'%s", name, hint(name, self:names("options")))
	end
end

-- Several letters after one dash are flags; only the last one may have a value.
function Reader:short(word)
	local at = 2
	while at <= #word do
		local letter, rest = word:sub(at, at), word:sub(at + 1)
		local option = self:find("short", letter)
		if option and is_flag(option) then
			self:store(option, true)
		elseif option then
			return self:take(option, "-" .. letter, rest ~= "" and rest or nil)
		elseif letter == "h" then
			self.result.help = true
		else
			usage_error("unknown option '-%s'", letter)
		end
		at = at + 1
	end
end

function Reader:command(word)
	for _, command in ipairs(self.scopes[1].commands) do
		if command.name == word then
			self.result.command = word
			table.insert(self.scopes, command)
			return
		end
	end
	usage_error("unknown command '%s'%s", word, hint(word, self:names("commands")))
end

function Reader:wants_command()
	return self.scopes[1].commands and not self.result.command
end

-- Sorts the words into options and positional arguments.
function Reader:sort()
	local positionals, only_positionals = {}, false
	while self.at < #self.words do
		self.at = self.at + 1
		local word = self.words[self.at]
		if only_positionals or word == "-" or word:sub(1, 1) ~= "-" then
			if self:wants_command() then
				self:command(word)
			else
				table.insert(positionals, word)
			end
		elseif word == "--" then
			only_positionals = true
		elseif word:sub(1, 2) == "--" then
			self:long(word)
		else
			self:short(word)
		end
	end
	return positionals
end

function Reader:positionals(words)
	local at = 1
	for _, scope in ipairs(self.scopes) do
		for _, positional in ipairs(scope.positionals or {}) do
			local field, shown = field_of(positional), positional.name:upper()
			if words[at] == nil and not positional.optional and positional.default == nil then
				usage_error("%s is missing", shown)
			end
			if positional.repeated then
				self.result[field] = {}
				while words[at] ~= nil do
					table.insert(self.result[field], value_of(positional, shown, words[at]))
					at = at + 1
				end
			elseif words[at] ~= nil then
				self.result[field] = value_of(positional, shown, words[at])
				at = at + 1
			else
				self.result[field] = positional.default
			end
		end
	end
	if words[at] ~= nil then
		usage_error("unexpected argument '%s'", words[at])
	end
end

function Reader:defaults()
	for _, scope in ipairs(self.scopes) do
		for _, option in ipairs(scope.options or {}) do
			local field = field_of(option)
			if self.result[field] == nil then
				if option.required then
					usage_error("option '--%s' is missing", option.name)
				end
				self.result[field] = option.default
				if option.default == nil and is_flag(option) then
					self.result[field] = option.repeated and 0 or false
				elseif option.default == nil and option.repeated then
					self.result[field] = {}
				end
			end
		end
	end
end

local args = {}

-- With --help, missing options and arguments are not errors.
function args.read(declaration, words)
	check("declaration", declaration)
	local reader = setmetatable({ scopes = { declaration }, words = words, at = 0, result = {} }, Reader)
	local positionals = reader:sort()
	if reader.result.help ~= true then
		if reader:wants_command() then
			usage_error("a command is missing")
		end
		reader:positionals(positionals)
		reader:defaults()
	end
	return reader.result
end

local function name_of(declaration)
	return declaration.name or fs.basename(arg and arg[0] or "script")
end

-- Adds rows of two columns. The left one is as wide as its longest text.
local function columns(lines, title, rows)
	local width = 0
	for _, row in ipairs(rows) do
		width = math.max(width, #row[1])
	end
	if #rows > 0 then
		table.insert(lines, "\n" .. title .. ":")
	end
	for _, row in ipairs(rows) do
		table.insert(lines, (("  %-" .. width .. "s   %s"):format(row[1], row[2]):gsub("%s+$", "")))
	end
end

local function shown_option(option)
	local text = (option.short and "-" .. option.short .. ", " or "") .. "--" .. option.name
	local value = option.value or option.type and option.type:upper()
	if value then
		text = text .. (option.bare ~= nil and "[=" .. value .. "]" or "=" .. value)
	end
	return text
end

local function shown_positional(positional)
	local text = positional.name:upper() .. (positional.repeated and "..." or "")
	local optional = positional.optional or positional.default ~= nil
	return optional and "[" .. text .. "]" or text
end

-- The help of an option or argument, with its choices and default.
local function described(entry)
	local text = entry.help or ""
	if entry.choices then
		text = text .. (" (%s)"):format(one_of(entry.choices))
	end
	if entry.default ~= nil then
		text = text .. (" (default: %s)"):format(tostring(entry.default))
	elseif entry.required then
		text = text .. " (required)"
	end
	return text
end

local function rows_of(entries, shown)
	local rows = {}
	for _, entry in ipairs(entries or {}) do
		table.insert(rows, { shown(entry), described(entry) })
	end
	return rows
end


function args.help(declaration)
	check("declaration", declaration)
	local usage = "Usage: " .. name_of(declaration) .. " [OPTIONS]" .. (declaration.commands and " COMMAND" or "")
	for _, positional in ipairs(declaration.positionals or {}) do
		usage = usage .. " " .. shown_positional(positional)
	end
	local lines = { usage }
	if declaration.summary then
		table.insert(lines, "\n" .. declaration.summary)
	end
	columns(lines, "Arguments", rows_of(declaration.positionals, shown_positional))
	local commands = {}
	for _, command in ipairs(declaration.commands or {}) do
		local text = command.name
		for _, positional in ipairs(command.positionals or {}) do
			text = text .. " " .. shown_positional(positional)
		end
		table.insert(commands, { text, command.summary or "" })
	end
	columns(lines, "Commands", commands)
	local options = rows_of(declaration.options, shown_option)
	table.insert(options, { "--help", "show this help" })
	columns(lines, "Options", options)
	for _, command in ipairs(declaration.commands or {}) do
		columns(lines, "Options of " .. command.name, rows_of(command.options, shown_option))
	end
	return table.concat(lines, "\n")
end


function args.fail(declaration, message)
	local name = name_of(declaration)
	io.stderr:write(("%s: %s\nTry '%s --help'.\n"):format(name, printable(message, "    "), name))
	os.exit(2)
end


function args.parse(declaration, words)
	local ok, result = pcall(args.read, declaration, words or arg)
	if ok and result.help == true then
		print(args.help(declaration))
		os.exit(0)
	elseif ok then
		return result
	elseif type(result) ~= "table" or not result:is("UsageError") then
		error(result, 0)
	end
	args.fail(declaration, result.message)
end

return args

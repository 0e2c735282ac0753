-- Writes the manual pages of avescript, avelab and the scripts:
-- man.lua AVESCRIPT AVELAB VERSION DATE DIR.
-- A page is what --help says.

local ave = require("ave")

local avescript, avelab, version, date, dir = unpack(arg)
local scripts = { ["ave-broker"] = "broker.lua", ["ave-config"] = "ave-config.lua", ["ave-doctor"] = "doctor.lua" }

local function help(program, ...)
	local _, output = ave.cmd.run({ program, ... }, { check = true, timeout = 60 })
	return (output:gsub("\r", ""))
end

local function escape(text)
	return (text:gsub("\\", "\\e"):gsub("-", "\\-"):gsub("^([.'])", "\\&%1"))
end

-- What a program is for, in a line: the first sentence of its help.
local function purpose(name, text)
	return escape(text:gsub("^Usage:[^\n]*\n%s*", ""):gsub("^" .. name .. " ", ""):match("^(.-)%.?[\n.]"))
end

-- Page collects the lines of a page. Its part is what the last one belongs to: "text",
-- "option", or "literal" for what stays as it is.
local Page = {}
Page.__index = Page

function Page:put(...)
	table.insert(self.lines, string.format(...))
end

-- Begins a part, which may go on with one of the same kind.
function Page:begin(part)
	if (part == "literal") ~= (self.part == "literal") then
		self:put(part == "literal" and ".nf" or ".fi")
	end
	self.part = part
end

-- Adds a line of a help text.
function Page:add(line)
	local heading, usage = line:match("^(%u[^:]*):%s*(.*)$")
	local option, meaning = line:match("^ +(%-.-)   *(%S.*)$")
	option = option or line:match("^ +(%-%S.*)$")
	if heading == "Usage" and usage ~= "" then -- of a script: the description follows
		self:put(".SH USAGE\n%s\n.SH DESCRIPTION", escape(usage))
	elseif heading and usage == "" then
		self:begin("text")
		self:put(".SH %s", escape(heading:upper()))
	elseif line == "" then
		self:begin("text")
		self:put(".PP")
	elseif option then
		self:begin("option")
		self:put(".TP\n.B %s", escape(option))
		if meaning then
			self:put("%s", escape(meaning))
		end
	elseif line:find("^ ") and self.part ~= "option" then
		self:begin("literal")
		self:put("%s", escape(line))
	else
		self:begin(self.part == "option" and "option" or "text")
		self:put("%s", escape(line:match("%S.*")))
	end
end

local function write(name, text)
	local page = setmetatable({ lines = {}, part = "text" }, Page)
	page:put('.TH "%s" 1 "%s" "avescript %s"', name:upper(), date, version)
	page:put(".SH NAME\n%s \\- %s", escape(name), purpose(name, text))
	if not text:find("^Usage:") then
		page:put(".SH DESCRIPTION")
	end
	for line in text:gmatch("([^\n]*)\n") do
		page:add(line)
	end
	page:begin("text")
	ave.fs.write(ave.fs.join(dir, name .. ".1"), table.concat(page.lines, "\n") .. "\n")
end

-- The name that a script has as a command.
local function installed(file)
	for name, script in pairs(scripts) do
		if script == file then
			return name
		end
	end
end

for name, program in pairs({ avescript = avescript, avelab = avelab }) do
	local main = help(program, "--help")
	write(name, main)
	for command in main:match("\nCommands:\n(.-)\n\n"):gmatch("  (%l+)  ") do
		local text = help(program, "help", command)
		write(name .. "-" .. command, text)
		for part in (text:match("\nAvailable Commands:\n(.-)\n\n") or ""):gmatch("  (%l+)  ") do
			write(name .. "-" .. command .. "-" .. part, help(program, "help", command, part))
		end
	end
end
for name, script in pairs(scripts) do
	write(name, (help(avescript, "scripts/" .. script, "--help"):gsub("[%w-]+%.lua", installed)))
end

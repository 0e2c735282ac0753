local out = require("shown")
local term = require("term")

local file = io.tmpfile()
out.show("clear", term.clear(file))
term.cleareol(file)
term.cursor["goto"](file, 3, 4)
term.cursor.jump(file, 5, 6.7)
for _, name in ipairs({ "goup", "godown", "goright", "goleft" }) do
	term.cursor[name](file, 2)
end
term.cursor.save(file)
term.cursor.restore(file)
file:seek("set")
out.show("written", file:read("*a"))
out.show("isatty", term.isatty(file))
file:close()
term.clear()
term.cursor.goup(1)
local names = {}
for name in pairs(term.colors) do
	names[#names + 1] = name
end
table.sort(names)
for _, name in ipairs(names) do
	local colour = term.colors[name]
	out.show(name, tostring(colour), colour("x"), "a" .. colour .. "b", colour .. colour, colour.value)
end
out.show("same", require("term.colors").red.value, require("term.cursor").goup ~= nil)

out.show("global", rawget(_G, "term"))

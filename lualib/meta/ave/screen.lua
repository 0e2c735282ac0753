---@meta ave.screen

--- What a person would see of a program's output on a terminal.
---
---     local screen = require("ave.screen")
---     local status, output = cmd.run("ls --color")
---     local image = screen.render(output, { columns = 100 })
---     print(image)
---     image:save("ls.svg")
---
--- A session has its own: `session:screen()`. Tests compare a screen with one that
--- was accepted before: `assert.matches_screen(session, "main menu")`.
---
--- The terminal is xterm with UTF-8, without the mouse, links and pictures.
local screen = {}

--- The options of `render`.
---@class ave.RenderOptions
---@field rows? integer Default: 24. At most 1000.
---@field columns? integer Default: 80. At most 1000.

--- Shows output on a screen that was empty before. Lines end in `"\r\n"`, as they
--- do on a terminal.
---@param output string
---@param options? ave.RenderOptions
---@return ave.Screen
function screen.render(output, options) end

--- One character on a screen.
---@class ave.Cell
---@field text string `" "` if there is none, and `""` in the right half of a wide character.
---@field width integer 1, or 2 for a wide character; 0 for its right half.
---@field foreground? string `"red"`, `"bright red"`, `"color 208"` or `"#ff8700"`; nil for the terminal's own.
---@field background? string
---@field bold? boolean
---@field faint? boolean
---@field italic? boolean
---@field blink? boolean
---@field reverse? boolean
---@field hidden? boolean
---@field strike? boolean
---@field underline? "single"|"double"|"curly"|"dotted"|"dashed"

--- What a screen showed at one moment. It does not change. As text it is what
--- `text` returns; two are equal if all that they show is.
---@class ave.Screen: ave.Class
local Screen = {}
screen.Screen = Screen

--- Raises `TypeError`: screens are made by `session:screen()` and `render`.
function Screen:init() end

--- Tells whether it is the alternate screen, which full-screen programs use.
---@return boolean
function Screen:alternate() end

--- Returns what a cell shows.
---
---     assert.equals("red", image:cell(1, 3).foreground)
---
--- Raises `TypeError` for a position outside of the screen.
---@param row integer From 1.
---@param column integer From 1.
---@return ave.Cell
function Screen:cell(row, column) end

--- Tells where the cursor is, from 1, and whether it can be seen.
---@return integer row
---@return integer column
---@return boolean visible
function Screen:cursor() end

--- Returns the text, and below it the size, the title, the cursor, and the parts
--- of the lines that do not look plain, one a line.
---@return string
function Screen:describe() end

--- Returns the text of each row, without the blanks at its end.
---@return string[]
function Screen:lines() end

--- Writes the screen to a file: as text, or as a picture that needs no other file.
---
--- Raises `TypeError` for a name that does not end in `.txt`, `.svg` or `.html`.
---@param path string
function Screen:save(path) end

--- Returns the size, in the order of `stty size`.
---@return integer rows
---@return integer columns
function Screen:size() end

--- Returns all lines up to the last one that is not empty.
---@return string
function Screen:text() end

--- Returns the title that the program has set, or `""`.
---@return string
function Screen:title() end

return screen

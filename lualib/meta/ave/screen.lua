---@meta ave.screen

--- Screens: what a person would see of a program's output on a terminal.
---
---     local screen = require("ave.screen")
---     local status, output = cmd.run("ls --color")
---     local image = screen.render(output, { columns = 100 })
---     print(image)
---     image:save("ls.svg")
---
--- Every session of `ave.cmd` has one: `session:screen()`. In tests,
--- `assert.matches_screen(session, "main menu")` compares a screen with one that
--- was accepted before.
---
--- The terminal is an xterm with UTF-8, without mouse, links and images.
local screen = {}

--- The options of `render`.
---@class ave.RenderOptions
---@field rows? integer The height, at most 1000. Default: 24.
---@field columns? integer The width, at most 1000. Default: 80.

--- Shows output on an empty screen. Lines must end in `"\r\n"`, as on a terminal.
---@param output string
---@param options? ave.RenderOptions
---@return ave.Screen
function screen.render(output, options) end

--- One character on a screen, and how it looks.
---@class ave.Cell
---@field text string The character. `" "` if the cell is empty, `""` in the right half of a wide character.
---@field width integer 1, or 2 for a wide character; 0 for its right half.
---@field foreground? string The colour, such as `"red"`, `"bright red"`, `"color 208"` or `"#ff8700"`. Nil is the terminal's default.
---@field background? string The colour, as for `foreground`.
---@field bold? boolean
---@field faint? boolean
---@field italic? boolean
---@field blink? boolean
---@field reverse? boolean
---@field hidden? boolean
---@field strike? boolean
---@field underline? "single"|"double"|"curly"|"dotted"|"dashed"

--- What a screen showed at one moment. It never changes. `tostring` gives what
--- `text` returns. Two screens are equal if everything that they show is equal.
---@class ave.Screen: ave.Class
local Screen = {}
screen.Screen = Screen

--- Raises `TypeError`: screens are made by `session:screen()` and `render`.
function Screen:init() end

--- Tells whether this is the alternate screen, which full-screen programs use.
---@return boolean
function Screen:alternate() end

--- Returns one cell.
---
---     assert.equals("red", image:cell(1, 3).foreground)
---
--- Raises `TypeError` if the position is outside the screen.
---@param row integer From 1.
---@param column integer From 1.
---@return ave.Cell
function Screen:cell(row, column) end

--- Returns the position of the cursor, counted from 1, and whether it is visible.
---@return integer row
---@return integer column
---@return boolean visible
function Screen:cursor() end

--- Returns the text, followed by the size, the title, the cursor, and every part of
--- a line that has colours or other attributes, one on each line.
---@return string
function Screen:describe() end

--- Returns the text of each row, without trailing blanks.
---@return string[]
function Screen:lines() end

--- Writes the screen to a file, as text or as an image. The end of the name chooses
--- the format.
---
--- Raises `TypeError` if the name does not end in `.txt`, `.svg` or `.html`.
---@param path string
function Screen:save(path) end

--- Returns the size, in the order that `stty size` uses.
---@return integer rows
---@return integer columns
function Screen:size() end

--- Returns the text of all rows up to the last one that is not empty.
---@return string
function Screen:text() end

--- Returns the window title that the program has set, or `""`.
---@return string
function Screen:title() end

return screen

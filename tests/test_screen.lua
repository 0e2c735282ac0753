local fs = require("ave.fs")
local screen = require("ave.screen")

local function render(output) return screen.render(output, { rows = 4, columns = 20 }) end

describe("a screen", function()
	it("is drawn no longer than a deadline allows", function()
		local output = ("x\27[99999b"):rep(100000) -- takes minutes
		assert.raises("Timeout", require("ave.time").within, 0.1, screen.render, output)
	end)

	it("shows what a person would see", function()
		local image = render("one\r\n\27[2;3Htwo\27]0;shell\7")
		assert.same({ "one", "  two", "", "" }, image:lines())
		assert.equals("one\n  two", image:text())
		assert.equals(image:text(), tostring(image))
		assert.equals("shell", image:title())
		assert.is_false(image:alternate())
		assert.is_true(render("\27[?1049h"):alternate())
	end)

	it("knows size and cursor, from 1", function()
		local rows, columns = render(""):size()
		assert.same({ 4, 20 }, { rows, columns })
		local row, column, visible = render("\r\nab"):cursor()
		assert.same({ 2, 3, true }, { row, column, visible })
		assert.is_false((select(3, render("\27[?25l"):cursor())))
		assert.same({ 24, 80 }, { screen.render(""):size() })
	end)

	it("has cells with their looks", function()
		local image = render("\27[1;4;31;48;5;208ma\27[0;3;38;2;255;0;16m漢")
		assert.same({
			text = "a",
			width = 1,
			bold = true,
			underline = "single",
			foreground = "red",
			background = "color 208",
		}, image:cell(1, 1))
		assert.same({ text = "漢", width = 2, italic = true, foreground = "#ff0010" }, image:cell(1, 2))
		assert.same({ text = "", width = 0 }, image:cell(1, 3))
		assert.same({ text = " ", width = 1 }, image:cell(4, 20))
		local err = assert.raises("TypeError", image.cell, image, 5, 1)
		assert.matches("row from 1 to 4", err.message)
	end)

	it("equals another that shows the same", function()
		assert.is_true(render("abc") == render("a c\27[2Gb\27[4G"))
		assert.is_false(render("abc") == render("\27[1mabc"))
	end)

	it("describes all that is to be seen", function()
		assert.equals(
			"a b\n\n4 rows, 20 columns\ncursor: row 1, column 4\nrow 1, column 3: bold",
			render("a \27[1mb"):describe()
		)
	end)

	it("is saved as text or a picture", function()
		local path = os.tmpname()
		os.remove(path)
		finally(function()
			for _, ending in ipairs({ ".txt", ".svg", ".html" }) do
				os.remove(path .. ending)
			end
		end)
		local image = render("a<b")
		image:save(path .. ".txt")
		assert.equals("a<b\n", fs.read(path .. ".txt"))
		image:save(path .. ".svg")
		assert.matches("^<svg .*>a&lt;b</text>.*</svg>\n$", fs.read(path .. ".svg"))
		image:save(path .. ".html")
		assert.matches("^<!DOCTYPE html>.*a&lt;b.*</html>\n$", fs.read(path .. ".html"))
		assert.raises("TypeError", image.save, image, path .. ".png")
		assert.raises("Exception", image.save, image, "/no/such/directory/a.txt")
	end)

	it("is made by render and sessions alone", function()
		assert.raises("TypeError", screen.Screen)
		local err = assert.raises("TypeError", screen.render, "", { colums = 1 })
		assert.matches("there is no such option; did you mean 'columns'? Valid names are rows, columns", err.message, 1, true)
	end)
end)

describe("assert.matches_screen", function()
	it("compares the text with a file", function() assert.matches_screen(render("one\r\ntwo"), "two lines") end)

	it("compares all that is to be seen", function()
		assert.matches_screen(render("\27[32mgreen"), "green", { attributes = true })
	end)

	it("looks at what has a screen", function()
		local session = { screen = function() return render("one\r\ntwo") end }
		assert.matches_screen(session, "two lines")
	end)

	it("can be turned round", function() assert.does_not.matches_screen(render("other"), "two lines") end)

	it("refuses other things", function()
		assert.error_matches(function() assert.matches_screen("text", "name") end, "session or Screen")
		assert.error_matches(function() assert.matches_screen(render(""), "../name") end, "a name may only contain")
		assert.error_matches(function() assert.matches_screen(render(""), "name", { color = true }) end, "valid names are attributes")
	end)
end)

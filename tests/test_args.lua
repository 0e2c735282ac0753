-- ave.args: the command line of a script.

local args = require("ave.args")
local cmd = require("ave.cmd")
local fs = require("ave.fs")

local declaration = {
	name = "tool",
	summary = "Does things.",
	options = {
		{ name = "verbose", short = "v", repeated = true, help = "say more" },
		{ name = "dry-run", short = "n", help = "change nothing" },
		{ name = "count", short = "c", type = "integer", default = 3, help = "how many" },
		{ name = "ratio", type = "number" },
		{ name = "wait", type = "seconds", value = "TIME" },
		{ name = "lab", short = "l", value = "NAME", repeated = true },
		{ name = "color", value = "WHEN", choices = { "never", "always" }, bare = "always" },
	},
	positionals = { { name = "image", help = "what to copy" }, { name = "target", repeated = true, optional = true } },
}

local function read(...)
	return args.read(declaration, { ... })
end

local function refused(message, ...)
	assert.equal(message, assert.raises("UsageError", read, ...).message)
end

describe("args.read", function()
	it("has defaults", function()
		assert.same({ verbose = 0, dry_run = false, count = 3, lab = {}, image = "x", target = {} }, read("x"))
	end)

	it("knows all ways to write an option", function()
		local options = read("-vvn", "--count=5", "x", "--lab", "a", "-l", "b", "-lc", "--wait=1m30s", "--ratio=-0.5", "y", "z")
		assert.same({
			verbose = 2, dry_run = true, count = 5, lab = { "a", "b", "c" }, wait = 90, ratio = -0.5, image = "x", target = { "y", "z" },
		}, options)
		assert.equal(7, read("x", "-vc7").count)
		assert.equal("", read("x", "--lab=").lab[1])
		assert.equal("a=b", read("x", "--lab=a=b").lab[1])
	end)

	it("takes nothing behind -- for an option, nor a lone -", function()
		local options = read("--", "-v", "--count")
		assert.same({ "-v", { "--count" }, 0 }, { options.image, options.target, options.verbose })
		assert.equal("-", read("-").image)
	end)

	it("knows options whose value may be left out", function()
		assert.equal("always", read("--color", "x").color)
		assert.equal("never", read("--color=never", "x").color)
		assert.is_nil(read("x").color)
	end)

	it("says what is wrong", function()
		refused("unknown option '--bogus'", "x", "--bogus=1")
		refused("unknown option '-x'", "-vx")
		refused("unknown option '--'", "--=x")
		refused("option '--count' needs a value", "x", "--count")
		refused("option '--count': wanted a whole number, got '1.5'", "x", "--count=1.5")
		refused("option '-c': wanted a whole number, got 'many'", "x", "-cmany")
		refused("option '--ratio': wanted a number, got ''", "x", "--ratio=")
		refused("option '--wait': wanted a time such as 90, 1.5s or 1h30m, got 'soon'", "--wait", "soon")
		refused("option '--wait': wanted a time such as 90, 1.5s or 1h30m, got '-5'", "--wait=-5")
		refused("option '--dry-run' takes no value, got 'yes'", "x", "--dry-run=yes")
		refused("option '--color': wanted one of never, always, got 'blue'", "--color=blue")
		refused("IMAGE is missing")
		local one = { positionals = { { name = "one" } } }
		assert.equal("unexpected argument 'b'", assert.raises("UsageError", args.read, one, { "a", "b" }).message)
		local required = { options = { { name = "lab", value = "NAME", required = true } } }
		assert.equal("option '--lab' is missing", assert.raises("UsageError", args.read, required, {}).message)
	end)

	it("looks at files and directories", function()
		local paths = { options = { { name = "f", type = "file" }, { name = "d", type = "directory" } } }
		fs.tempdir(function(dir)
			fs.write(dir .. "/file", "")
			assert.same({ f = dir .. "/file", d = dir }, args.read(paths, { "--f=" .. dir .. "/file", "--d=" .. dir }))
			assert.raises("UsageError", args.read, paths, { "--f=" .. dir })
			assert.raises("UsageError", args.read, paths, { "--d=" .. dir .. "/file" })
			assert.raises("UsageError", args.read, paths, { "--d=" .. dir .. "/none" })
		end)
	end)

	it("knows commands with options of their own", function()
		local git = {
			options = { { name = "verbose" } },
			commands = {
				{ name = "add", positionals = { { name = "file", repeated = true } } },
				{ name = "log", options = { { name = "count", type = "integer", default = 10 } } },
			},
		}
		assert.same({ command = "add", verbose = true, file = { "a", "b" } }, args.read(git, { "add", "--verbose", "a", "b" }))
		assert.same({ command = "log", verbose = false, count = 5 }, args.read(git, { "log", "--count=5" }))
		local function wrong(message, ...)
			assert.equal(message, assert.raises("UsageError", args.read, git, { ... }).message)
		end
		wrong("a command is missing")
		wrong("unknown command 'push'", "push")
		wrong("FILE is missing", "add")
		wrong("unknown option '--count'", "--count=5", "log")
		wrong("unknown option '--count'", "add", "--count=5")
	end)

	it("misses nothing when help is wanted", function()
		assert.is_true(read("--help").help)
		assert.is_true(read("-h").help)
	end)

	it("names a mistake in the declaration", function()
		local function wrong(message, mistaken)
			assert.matches(message, assert.raises("TypeError", args.read, mistaken, {}).message, 1, true)
		end
		wrong("option 'a': unknown entry 'hlep'", { options = { { name = "a", hlep = "x" } } })
		wrong("option 'a': unknown type 'int'; did you mean 'integer'? Valid names are directory, file, integer, number, seconds, string",
			{ options = { { name = "a", type = "int" } } })
		wrong("option 'a': unknown type 'bool'; valid names are directory, file, integer, number, seconds, string",
			{ options = { { name = "a", type = "bool" } } })
		wrong("option 'nil': wanted a string as its name", { options = { { type = "string" } } })
		wrong("unknown entry 'option'", { option = {} })
	end)

	it("takes no option for a flag by mistake", function()
		for key, value in pairs { bare = "x", choices = { "x", "y" }, default = "x", required = true } do
			local option = { name = "a", [key] = value }
			local e = assert.raises("TypeError", args.read, { options = { option } }, {})
			assert.matches("option 'a': a flag cannot have '" .. key .. "': remove it, or add a type or a value", e.message, 1, true)
			option.type = "string"
			args.read({ options = { option } }, { "--a=x" })
		end
		assert.is_false(args.read({ options = { { name = "a", default = false } } }, {}).a)
	end)
end)

it("args.help explains all that is declared", function()
	assert.equal([[
Usage: tool [OPTIONS] IMAGE [TARGET...]

Does things.

Arguments:
  IMAGE         what to copy
  [TARGET...]

Options:
  -v, --verbose         say more
  -n, --dry-run         change nothing
  -c, --count=INTEGER   how many (default: 3)
  --ratio=NUMBER
  --wait=TIME
  -l, --lab=NAME
  --color[=WHEN]         (one of never, always)
  --help                show this help]], args.help(declaration))
end)

describe("args.parse", function()
	local function script(...)
		local words = { ... }
		return fs.tempdir(function(dir)
			fs.write(dir .. "/tool.lua", [[
				local args = require("ave.args")
				local options = args.parse{ options = { { name = "count", type = "integer", default = 1 } } }
				print(options.count)]])
			return cmd.run { "/proc/self/exe", dir .. "/tool.lua", unpack(words) }
		end)
	end

	it("reads the script's own arguments", function()
		local status, output = script("--count=5")
		assert.same({ 0, "5" }, { status, output:match("%S+") })
	end)

	it("ends the script for a mistake and for help", function()
		local status, output = script("--cuont=5")
		assert.equal(2, status)
		assert.matches("tool.lua: unknown option '--cuont'", output, 1, true)
		assert.matches("Try 'tool.lua --help'.", output, 1, true)
		status, output = script("--help")
		assert.equal(0, status)
		assert.matches("Usage: tool.lua [OPTIONS]", output, 1, true)
	end)
end)

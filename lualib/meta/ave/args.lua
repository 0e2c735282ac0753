---@meta ave.args

--- Reads the command line of a script. You declare its options once; `parse` reads
--- and checks the command line by this declaration, and makes the text of `--help`
--- from it.
---
---     local options = args.parse{
---         summary = "Copies images to handsets.",
---         options = {
---             { name = "verbose", short = "v", help = "say what is done" },
---             { name = "timeout", type = "seconds", default = 60, help = "for each handset" },
---             { name = "lab", value = "NAME", required = true },
---         },
---         positionals = { { name = "image", type = "file", repeated = true } },
---     }
---     print(options.verbose, options.timeout, options.image[1])
---
--- A value is given as `--lab=NAME`, `--lab NAME`, `-l NAME` or `-lNAME`. Short
--- flags can be combined: `-vx`. Words after `--` are never options. `--help`
--- always exists; so does `-h`, unless the script declares `h` for an option of its
--- own.
local args = {}

--- An option. Without `type` and `value` it is a flag: its result is true or false,
--- or, with `repeated`, the number of times it was given. A flag cannot have
--- `default`, `choices`, `bare` or `required`.
---@class ave.ArgsOption
---@field name string The long name. In the result, each - becomes _.
---@field short? string One letter.
---@field type? "string"|"number"|"integer"|"seconds"|"file"|"directory" "seconds" takes what `ave.time.duration` takes; a "file" or "directory" must exist. Default: "string".
---@field value? string The name of the value in the help.
---@field default? any The value if the option is not given. Default: nil; false for a flag; an empty list for a repeated option.
---@field required? boolean The option must be given. Default: false.
---@field repeated? boolean The option may be given several times; the result is a list. Default: false.
---@field choices? any[] The only values that are allowed. Default: any value.
---@field bare? any The value if the option is given without one. Another value can then only be given as `--name=VALUE`.
---@field help? string

--- A positional argument: an argument that is not an option.
---@class ave.ArgsPositional
---@field name string
---@field type? string As for options.
---@field default? any The value if the argument is missing. It makes the argument optional.
---@field optional? boolean The argument may be missing. Default: false.
---@field repeated? boolean The result is a list of all remaining arguments: at least one, unless `optional` is set.
---@field choices? any[]
---@field help? string

--- A subcommand, as `commit` is a subcommand of `git`. The field `command` of the
--- result has its name.
---@class ave.ArgsCommand
---@field name string
---@field summary? string
---@field options? ave.ArgsOption[]
---@field positionals? ave.ArgsPositional[]

--- What the command line of a script may contain.
---@class ave.ArgsDeclaration
---@field name? string The name of the script. Default: the name of its file.
---@field summary? string What it does.
---@field options? ave.ArgsOption[]
---@field positionals? ave.ArgsPositional[]
---@field commands? ave.ArgsCommand[] The subcommands. One of them must be given.

--- Writes the message and a hint at `--help` to stderr, and ends the script with
--- status 2.
---@param declaration ave.ArgsDeclaration
---@param message string
function args.fail(declaration, message) end

--- Returns the text of --help.
---@param declaration ave.ArgsDeclaration
---@return string text
function args.help(declaration) end

--- Reads the command line. `--help` prints the help and ends the script with status
--- 0. A mistake in the command line ends the script as `fail` does.
---
--- Raises `TypeError` if the declaration is wrong.
---@param declaration ave.ArgsDeclaration
---@param words? string[] Default: the script's arguments.
---@return table<string, any> values The value of each option and argument, by name.
function args.parse(declaration, words) end

--- Reads words as `parse` does, but raises a `UsageError` for a mistake instead of
--- ending the script. With `--help`, the field `help` of the result is true.
---@param declaration ave.ArgsDeclaration
---@param words string[]
---@return table<string, any> values The value of each option and argument, by name.
function args.read(declaration, words) end

return args

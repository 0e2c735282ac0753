---@meta ave.args

--- The command line of a script: declared once, and read, checked and explained
--- from that.
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
--- Values are given as `--lab=NAME`, `--lab NAME`, `-l NAME` or `-lNAME`; flags
--- can be put together as in `-vx`; what follows `--` is no option. `--help` is
--- always there, and `-h` unless it is declared.
local args = {}

--- An option. One without a type and a value is a flag: true or false, or how
--- often it was given if it may be repeated.
---@class ave.ArgsOption
---@field name string The long name. In the result, _ stands for -.
---@field short? string One letter.
---@field type? "string"|"number"|"integer"|"seconds"|"file"|"directory" Seconds are as for `ave.time.duration`; a file or directory must be there. Default: "string".
---@field value? string What the value is called in the help.
---@field default? any Default: nil, for a flag false, for a repeated option an empty list.
---@field required? boolean
---@field repeated? boolean The result is a list.
---@field choices? any[] The values that there are.
---@field bare? any The value if the option is given without one. Then only `--name=VALUE` gives another.
---@field help? string

--- An argument that is no option.
---@class ave.ArgsPositional
---@field name string
---@field type? string As for options.
---@field default? any Makes it optional.
---@field optional? boolean
---@field repeated? boolean The result is a list of all that are left, at least one unless it is optional.
---@field choices? any[]
---@field help? string

--- A command, as `commit` is one of `git`. Its name is the field `command` of the
--- result.
---@class ave.ArgsCommand
---@field name string
---@field summary? string
---@field options? ave.ArgsOption[]
---@field positionals? ave.ArgsPositional[]

--- What a command line may have.
---@class ave.ArgsDeclaration
---@field name? string What the script is called. Default: the name of its file.
---@field summary? string What it does.
---@field options? ave.ArgsOption[]
---@field positionals? ave.ArgsPositional[]
---@field commands? ave.ArgsCommand[] One of them has to be given.

--- Ends the script with the status 2, and the message and a hint on stderr.
---@param declaration ave.ArgsDeclaration
---@param message string
function args.fail(declaration, message) end

--- Returns the text of --help.
---@param declaration ave.ArgsDeclaration
---@return string text
function args.help(declaration) end

--- Reads the command line. With --help it prints the help and ends the script
--- with the status 0; for a mistake it ends it as `fail` does.
---
--- Raises `TypeError` if the declaration is not right.
---@param declaration ave.ArgsDeclaration
---@param words? string[] Default: the script's arguments.
---@return table<string, any> values By name.
function args.parse(declaration, words) end

--- Reads words as `parse` does, and raises a `UsageError` for a mistake. With
--- --help, the field `help` of the result is true.
---@param declaration ave.ArgsDeclaration
---@param words string[]
---@return table<string, any> values By name.
function args.read(declaration, words) end

return args

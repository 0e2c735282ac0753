---@meta ave.config

--- Reads and makes the configuration of a lab's machine.
---
--- `/etc/ave/user` names the account that runs the system, and its home
--- directory. Everything else is JSON files in `.ave/config` below that home:
--- one object a file, and a file for each service.
---
--- People edit these files by hand, so every error names the file, and then the
--- line and column where the text is no JSON, or the key whose value is wrong.
--- The error for a missing file says that `ave-config --bootstrap=<user>` makes
--- it. All errors are of the class `Exception`.
local config = {}

--- Who runs the system: the content of `/etc/ave/user`.
---@class ave.Etc
---@field name string The account that services run under.
---@field home string The directory above `.ave/config`.
---@field uid integer

--- The content of broker.json, with what it leaves out filled in.
---@class ave.BrokerConfig
---@field host string This host's name, as others know it. Default: what the system says.
---@field port integer Default: 4000.
---@field stacks table[][] Lists of profiles of equipment that belongs together. Default: none.
---@field remote ave.BrokerRemote Another broker. Default: an empty table.

--- Another broker, to which requests or equipment are given.
---@class ave.BrokerRemote
---@field host? string
---@field port? integer
---@field policy? "forward"|"share" Pass on requests that cannot be served here, or offer this broker's equipment there.
---@field authkey? string The key of the other broker, with the policy "share" alone.

--- Makes the configuration files that are missing below `<home>/.ave/config`,
--- and the directories. What exists already is not touched; a symbolic link
--- counts, also one that leads nowhere.
---
--- Called by the super user, it acts as the owner of `home`. authkeys.json can
--- be read by that user alone, and its keys are long and random: those of the
--- earlier system had ten digits.
---
---     local created, skipped = config.create_default(os.getenv("HOME"))
---
--- Raises `Exception` if `home` does not exist or cannot be written to.
---@param home string A directory, normally a user's home.
---@return string[] created The paths of the files that were made.
---@return string[] skipped The paths of those that existed.
function config.create_default(home) end

--- Chooses the account that runs the system, and writes it to a file.
---
--- An account that the file names already is kept, whoever is asked for; the
--- result says who it is. The document has the name come from standard input,
--- and so it does without `user`: the function then waits for the end of the
--- input.
---
--- Raises `Exception` if there is no account of that name, or if the default
--- path is to be written and this is not the super user.
---@param path? string Default: "/etc/ave/user".
---@param user? string The name of an account. Default: what standard input says.
---@return ave.Etc
function config.create_etc(path, user) end

--- Reads any file of `<home>/.ave/config`. Not in the document.
---
---     config.load(home, "workspace").root    --> "~/.ave"
---
--- Raises `Exception` if the file is missing, is not one JSON object, or has a
--- key twice.
---@param home string The directory above `.ave/config`.
---@param name string The name of the file, without its directory and ".json".
---@return table<string, any> object A null in it is `ave.json.null`.
function config.load(home, name) end

--- Reads the keys of administrative accounts, authkeys.json. What it returns
--- can be the `alt_keys` of a `Control`.
---
--- The keys are plain text. As the document says, they keep out accidents and
--- are no security system.
---
--- Raises `Exception` if the file is missing, or a value is neither a string
--- nor null.
---@param home string The directory above `.ave/config`.
---@return table<string, string|userdata> keys By account; the key of an open account is `ave.json.null`.
function config.load_authkeys(home) end

--- Reads broker.json and checks it. Not in the document.
---
--- Keys that have no meaning for a broker are left out; `load` has them.
---
--- Raises `Exception` if the file is missing or something in it is wrong.
---@param home string The directory above `.ave/config`.
---@return ave.BrokerConfig
function config.load_broker(home) end

--- Tells who runs the system. A `home` or `uid` that the file does not have
--- comes from the user database.
---
---     local home = config.load_etc().home
---
--- Raises `Exception` if the file is missing or names no account.
---@param path? string Default: "/etc/ave/user". The document has no such argument.
---@return ave.Etc
function config.load_etc(path) end

return config

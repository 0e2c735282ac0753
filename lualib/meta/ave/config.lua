---@meta ave.config

--- Reads and creates the configuration of a lab machine.
---
--- `/etc/ave/user` names the account that runs the system, and its home directory.
--- All other configuration is in `.ave/config` below that home: one JSON file for
--- each service, with one object in each.
---
--- The files are edited by hand, so every error names the file, and the line and
--- column where the text is not valid JSON, or the key whose value is wrong. If a
--- file is missing, the error says that `ave-config --bootstrap=<user>` creates it.
--- All errors are of the class `Exception`.
local config = {}

--- The content of `/etc/ave/user`: the account that runs the system.
---@class ave.Etc
---@field name string The account that services run as.
---@field home string The directory above `.ave/config`.
---@field uid integer The number of the account.

--- The content of broker.json, with defaults for what it leaves out.
---@class ave.BrokerConfig
---@field host string The name of this host, as other hosts know it. Default: the host name of the system.
---@field port integer Default: 4000.
---@field authkey? string The key that clients need. Default: none.
---@field stacks table[][] Lists of profiles; the equipment of each list belongs together. Default: none.
---@field remote ave.BrokerRemote Another broker. Default: an empty table.

--- Another broker, which gets requests or equipment from this one.
---@class ave.BrokerRemote
---@field host? string
---@field port? integer
---@field policy? "forward"|"share" "forward" passes on requests that cannot be served here; "share" offers the equipment of this broker there.
---@field authkey? string The key of the other broker. The policy "share" requires it.

--- Creates the configuration files that are missing in `<home>/.ave/config`, and
--- the directories above them. Files that exist are not touched; a symbolic link
--- counts as existing, even if its target is missing.
---
--- If root calls it, it acts as the owner of `home`. Only that user can read
--- broker.json and authkeys.json. Their keys are long and random; those of the
--- earlier system had ten digits.
---
---     local created, skipped = config.create_default(os.getenv("HOME"))
---
--- Raises `Exception` if `home` cannot be created or written to, or if the account
--- does not exist.
---@param home string A directory, normally a user's home.
---@param account? string The owner of a home that does not exist yet. Default: the caller. The document has no such argument.
---@return string[] created The paths of the files that were created.
---@return string[] skipped The paths of the files that existed.
function config.create_default(home, account) end

--- Chooses the account that runs the system, and writes it to a file. Missing
--- directories are created.
---
--- If the file names an account already, that one is kept, whatever `user` says;
--- the result tells which one it is. Without `user`, the name is read from standard
--- input, up to its end, as in the document.
---
---     config.create_etc(nil, "lab")
---
--- Raises `Exception` if there is no account of that name. Only root can write the
--- default path; for others this is an `Exception` too.
---@param path? string The file to write. Default: "/etc/ave/user".
---@param user? string The name of an account. Default: read from standard input.
---@return ave.Etc
function config.create_etc(path, user) end

--- Reads any file in `<home>/.ave/config`. Not in the document.
---
---     config.load(home, "workspace").root    --> "~/.ave"
---
--- Raises `Exception` if the file is missing, is not a single JSON object, or
--- contains a key twice.
---@param home string The directory above `.ave/config`.
---@param name string The name of the file, without directory and ".json".
---@return table<string, any> object Its content; a null is `ave.json.null`.
function config.load(home, name) end

--- Reads authkeys.json, the keys of the administrative accounts. The result can be
--- used as the `alt_keys` of a `Control`.
---
--- The keys are plain text. As the document says, they prevent accidents; they are
--- not a security system.
---
---     local lab = Lab { port = 4000, alt_keys = config.load_authkeys(home) }
---
--- Raises `Exception` if the file is missing, or a value is neither a string
--- nor null.
---@param home string The directory above `.ave/config`.
---@return table<string, string|userdata> keys The key of each account; for an open account, `ave.json.null`.
function config.load_authkeys(home) end

--- Reads and checks broker.json. Not in the document.
---
--- The result contains only the keys that a broker knows; `load` returns all of
--- them.
---
---     local home = config.load_etc().home
---     print(config.load_broker(home).port)    --> 4000
---
--- Raises `Exception` if the file is missing or wrong.
---@param home string The directory above `.ave/config`.
---@return ave.BrokerConfig
function config.load_broker(home) end

--- Returns the account that runs the system. If the file has no `home` or `uid`,
--- they come from the user database.
---
---     local home = config.load_etc().home
---
--- Raises `Exception` if the file is missing or does not name an account.
---@param path? string The file to read. Default: "/etc/ave/user". The document has no such argument.
---@return ave.Etc
function config.load_etc(path) end

return config

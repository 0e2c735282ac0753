---@meta ave.bundle

--- The files that were put into the same program as the script, by
--- `avescript bundle --file`.
---
--- In a script that is no bundle, `read` reads the file itself and `list` lists
--- nothing. So a script is the same before and after it was bundled.
local bundle = {}

--- Returns the names of the files, as they were given to `--file`, in alphabetical
--- order. Those in a directory are listed one by one.
---@return string[] names
function bundle.list() end

--- Returns the content of a file.
---
---     local page = bundle.read("pages/start.html")
---
--- Raises `Exception` if the program has no such file, or if it is damaged; in a script
--- that is no bundle, `OSError` if the file cannot be read.
---@param name string As it was given to `--file`, without `./` at its beginning.
---@return string content
function bundle.read(name) end

return bundle

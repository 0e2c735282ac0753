---@meta ave.fs

--- Files and directories.
---
--- What the operating system refuses raises an `OSError` with the fields
--- `errno`, such as "ENOENT", and `path`. A deadline or Ctrl-C also ends what
--- takes long: the copy of a large file, the removal of a tree.
---
--- A symbolic link that a path names is followed, but for `lstat`, `move` and
--- `remove`; one that is found inside a tree never is.
local fs = {}

--- What is known about a file.
---@class ave.FileInfo
---@field type "file"|"directory"|"link"|"pipe"|"socket"|"device" Only `lstat` and `walk` give "link".
---@field size integer In bytes.
---@field mode string The permissions in octal digits, such as "0644".
---@field mtime number When the content was changed, in seconds since 1970.
---@field uid integer
---@field gid integer

--- How a file or tree is copied.
---@class ave.FsCopyOptions
---@field recursive? boolean Copy a directory with all below it. Default: false.

--- How a directory is made.
---@class ave.FsMkdirOptions
---@field parents? boolean Make those above it too, and take one that is there already. Default: false.
---@field mode? string Its permissions in octal digits, such as "0700". Default: all that the umask leaves.

--- How a file is read.
---@class ave.FsReadOptions
---@field max_size? integer How many bytes it may have. Default: any number.

--- What is removed.
---@class ave.FsRemoveOptions
---@field recursive? boolean Remove a directory with all below it. Default: false.
---@field missing_ok? boolean Do nothing if there is no such file. Default: false.

--- How far a walk goes.
---@class ave.FsWalkOptions
---@field depth? integer How many levels of directories to list, 1 being the entries of the directory itself. Default: all.
---@field skip_unreadable? boolean Pass over directories that cannot be read. Default: false, they raise an error.

--- How a file is written.
---@class ave.FsWriteOptions
---@field mode? string Its permissions in octal digits, such as "0600". Default: those of the file that is replaced, or all that the umask leaves.

--- Returns the last part of a path: `basename("/etc/hosts")` is "hosts".
---@param path string
---@return string name
function fs.basename(path) end

--- Copies a file with its mode. The file `to`, if there is one, is replaced at
--- once, as `write` does.
---
--- With `recursive`, a directory is copied with all below it; if `to` is there
--- already, what it has besides stays, but a symbolic link is replaced by what
--- has its name. Raises `OSError`, and `Exception` for a
--- copy onto or into itself, and for pipes, sockets and devices.
---@param from string
---@param to string The name of the copy, not the directory to put it into.
---@param options? ave.FsCopyOptions
function fs.copy(from, to, options) end

--- Returns a path without its last part: `dirname("/etc/hosts")` is "/etc", and
--- that of a mere name is ".".
---@param path string
---@return string dir
function fs.dirname(path) end

--- Tells whether there is something of that name. What a symbolic link leads to
--- has to be there too.
---@param path string
---@return boolean
function fs.exists(path) end

--- Lists the paths that a pattern matches, sorted.
---
---     for _, path in ipairs(fs.glob("/var/log/**/*.log")) do ... end
---
--- `*` stands for any text without a slash, `?` for one character, `[a-z]` for
--- one of them and `[^a-z]` for any other, and `\` takes the meaning from the
--- character behind it. The part `**` stands for any number of directories, also
--- none. Names that begin with a dot are matched by what begins with one alone.
--- Directories that cannot be read are passed over. Raises `Exception` for a
--- bracket that is not closed.
---@param pattern string
---@return string[] paths
function fs.glob(pattern) end

--- Puts parts of a path together, and takes out doubled slashes, "." and "..".
---@param ... string
---@return string path
function fs.join(...) end

--- Lists the names in a directory, sorted. Raises `OSError`.
---@param path string
---@return string[] names
function fs.list(path) end

--- Returns what is known about a file, or about a symbolic link itself. Raises
--- `OSError`.
---@param path string
---@return ave.FileInfo info
function fs.lstat(path) end

--- Makes a directory. Raises `OSError`, with "EEXIST" if it is there already.
---@param path string
---@param options? ave.FsMkdirOptions
function fs.mkdir(path, options) end

--- Gives a file or directory another name, and replaces a file or an empty
--- directory of that name. On another file system it becomes a copy, and the
--- original is removed then. Raises `OSError`.
---@param from string
---@param to string The new name, not the directory to put it into.
function fs.move(from, to) end

--- Returns the content of a file. A named pipe is read to its end, and somebody
--- who writes to it waited for. Raises `OSError`, and `Exception` if it is longer
--- than `max_size`.
---@param path string
---@param options? ave.FsReadOptions
---@return string content
function fs.read(path, options) end

--- Removes a file, a symbolic link or an empty directory. With `recursive`, a
--- directory goes with all below it; links in it are removed and not followed.
--- Raises `OSError`, and `Exception` for "/", "." and "..".
---@param path string
---@param options? ave.FsRemoveOptions
function fs.remove(path, options) end

--- Returns what is known about a file. Raises `OSError`.
---@param path string
---@return ave.FileInfo info
function fs.stat(path) end

--- Makes a directory under $TMPDIR or /tmp that nobody else may enter. It is
--- removed with all in it when the script ends, or if a function is given, when
--- that does. A script that is killed leaves it.
---
---     fs.tempdir(function(dir)
---         fs.write(dir .. "/input", "text")
---     end)
---@param fn? fun(path: string): ...
---@return any ... The path, or what the function returns.
function fs.tempdir(fn) end

--- Goes through all that is below a directory: a directory before what is in it,
--- sorted by name. Symbolic links are not followed. What vanishes meanwhile is
--- passed over.
---
---     for path, info in fs.walk("/etc") do
---         if info.type == "file" then print(path, info.size) end
---     end
---
--- Raises `OSError`.
---@param path string
---@param options? ave.FsWalkOptions
---@return fun(): string?, ave.FileInfo? next
function fs.walk(path, options) end

--- Writes a file at once: it has the old content or the new one, whatever
--- happens meanwhile, and the new one is on the disk when this returns. A file
--- that is replaced keeps its mode and owner. A symbolic link stays, and the
--- file that it leads to is replaced; but not if the link is another user's, in
--- a directory for all such as /tmp. Nobody else can read what is written before
--- it has its mode.
---
--- The directory must allow to make files in it. Raises `OSError`, and
--- `Exception` for what is no regular file.
---@param path string
---@param data string
---@param options? ave.FsWriteOptions
function fs.write(path, data, options) end

return fs

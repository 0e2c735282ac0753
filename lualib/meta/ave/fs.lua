---@meta ave.fs

--- Files and directories.
---
--- If the operating system refuses something, the functions raise an `OSError` with
--- the fields `errno`, such as "ENOENT", and `path`. A deadline or Ctrl-C
--- interrupts long operations too, such as copying a large file or removing a tree.
---
--- A symbolic link that is given as a path is followed, except by `lstat`, `move`
--- and `remove`. Links that are found inside a directory tree are never followed.
local fs = {}

--- The properties of a file.
---@class ave.FileInfo
---@field type "file"|"directory"|"link"|"pipe"|"socket"|"device" Only `lstat` and `walk` give "link".
---@field size integer In bytes.
---@field mode string The permissions in octal digits, such as "0644".
---@field mtime number When the content was last changed, in seconds since 1970.
---@field uid integer The owner.
---@field gid integer The group.

--- How a file or tree is copied.
---@class ave.FsCopyOptions
---@field recursive? boolean Copy a directory with everything in it. Default: false.

--- How a directory is made.
---@class ave.FsMkdirOptions
---@field parents? boolean Make missing directories above it too, and accept a directory that exists already. Default: false.
---@field mode? string The permissions in octal digits, such as "0700". Default: everything that the umask allows.

--- How a file is read.
---@class ave.FsReadOptions
---@field max_size? integer The largest size that is accepted, in bytes. Default: no limit.

--- How something is removed.
---@class ave.FsRemoveOptions
---@field recursive? boolean Remove a directory with everything in it. Default: false.
---@field missing_ok? boolean Do nothing if the file does not exist. Default: false.

--- How far a walk goes.
---@class ave.FsWalkOptions
---@field depth? integer How many levels of directories to list; 1 lists only the entries of the directory itself. Default: all.
---@field skip_unreadable? boolean Skip directories that cannot be read, instead of raising an error. Default: false.

--- How a file is written.
---@class ave.FsWriteOptions
---@field mode? string The permissions in octal digits, such as "0600". Default: those of the file that is replaced; for a new file, everything that the umask allows.

--- Returns the last part of a path: `basename("/etc/hosts")` is "hosts".
---@param path string
---@return string name
function fs.basename(path) end

--- Copies a file with its permissions. If `to` exists, it is replaced in one step,
--- as by `write`.
---
---     fs.copy("lab", "backup", { recursive = true })
---
--- With `recursive`, a directory is copied with everything in it. If the directory
--- `to` exists, its other files stay; a symbolic link in it is replaced if the copy
--- has an entry of the same name.
---
--- Raises `OSError`; and `Exception` for a copy onto or into itself, and for pipes,
--- sockets and devices.
---@param from string
---@param to string The path of the copy itself, not of a directory to put it into.
---@param options? ave.FsCopyOptions
function fs.copy(from, to, options) end

--- Returns a path without its last part: `dirname("/etc/hosts")` is "/etc", and
--- `dirname("hosts")` is ".".
---@param path string
---@return string dir
function fs.dirname(path) end

--- Tells whether a path exists. A symbolic link exists only if its target does.
---
---     if not fs.exists("results") then fs.mkdir("results") end
---
---@param path string
---@return boolean
function fs.exists(path) end

--- Lists the paths that a pattern matches, sorted.
---
---     for _, path in ipairs(fs.glob("/var/log/**/*.log")) do ... end
---
--- `*` matches any text without a slash, `?` one character, `[a-z]` one character
--- of a range and `[^a-z]` one character outside it. `\` takes away the special
--- meaning of the next character. The part `**` matches any number of directories,
--- including none. A name that begins with a dot is matched only by a pattern that
--- begins with a dot. Directories that cannot be read are skipped.
---
--- Raises `Exception` for a bracket that is not closed.
---@param pattern string
---@return string[] paths
function fs.glob(pattern) end

--- Joins parts of a path, and resolves double slashes, "." and "..".
---
---     fs.join("/var/log", "../tmp", "x")    --> "/var/tmp/x"
---
---@param ... string
---@return string path
function fs.join(...) end

--- Returns the names in a directory, sorted, without "." and "..".
---
---     for _, name in ipairs(fs.list("/etc")) do print(name) end
---
--- Raises `OSError`.
---@param path string
---@return string[] names
function fs.list(path) end

--- Returns the properties of a file; of a symbolic link, those of the link itself.
--- Raises `OSError`.
---@param path string
---@return ave.FileInfo info
function fs.lstat(path) end

--- Makes a directory.
---
---     fs.mkdir("results/today", { parents = true })
---
--- Raises `OSError`; with `errno` "EEXIST" if it exists already and `parents` is
--- not set.
---@param path string
---@param options? ave.FsMkdirOptions
function fs.mkdir(path, options) end

--- Renames a file or directory. A file or an empty directory with the new name is
--- replaced. If the new name is on another file system, it copies and then removes
--- the original.
---
---     fs.move("report.tmp", "report.txt")
---
--- Raises `OSError`.
---@param from string
---@param to string The new path itself, not a directory to put it into.
function fs.move(from, to) end

--- Returns the content of a file. For a named pipe it waits for a writer and reads
--- to the end.
---
---     local hostname = fs.read("/etc/hostname")
---     local ok, err = pcall(fs.read, "missing")
---     print(ok, err.errno)    --> false   ENOENT
---
--- Raises `OSError`; and `Exception` if the file is larger than `max_size`.
---@param path string
---@param options? ave.FsReadOptions
---@return string content
function fs.read(path, options) end

--- Removes a file, a symbolic link or an empty directory. With `recursive`, a
--- directory is removed with everything in it; links in it are removed, not
--- followed.
---
---     fs.remove("build", { recursive = true, missing_ok = true })
---
--- Raises `OSError`; and `Exception` for "/", "." and "..".
---@param path string
---@param options? ave.FsRemoveOptions
function fs.remove(path, options) end

--- Returns the properties of a file; of a symbolic link, those of its target.
---
---     print(fs.stat("/etc/hosts").size)
---
--- Raises `OSError`.
---@param path string
---@return ave.FileInfo info
function fs.stat(path) end

--- Makes a directory in $TMPDIR or /tmp that only this user can enter. It is
--- removed, with everything in it, when the script ends; if `fn` is given, when
--- `fn` ends. It stays if the script is killed.
---
---     fs.tempdir(function(dir)
---         fs.write(dir .. "/input", "text")
---     end)
---@param fn? fun(path: string): ... Called with the path.
---@return any ... The path; with `fn`, what `fn` returns.
function fs.tempdir(fn) end

--- Iterates over everything in a directory, sorted by name; a directory comes
--- before its contents. Symbolic links are not followed. Files that disappear in
--- the meantime are skipped.
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

--- Writes a file in one step: at any moment it has either the old content or the
--- new content, and the new content is on the disk when this returns. A file that
--- is replaced keeps its permissions and owner. If the path is a symbolic link, its
--- target is replaced and the link stays; a link of another user in a directory
--- that all can write to, such as /tmp, is refused. Others cannot read the new
--- content before it has its final permissions.
---
---     fs.write("state.json", json.encode(state), { mode = "0600" })
---
--- This needs permission to create files in the directory.
---
--- Raises `OSError`; and `Exception` if the path exists and is not a regular file.
---@param path string
---@param data string
---@param options? ave.FsWriteOptions
function fs.write(path, data, options) end

return fs

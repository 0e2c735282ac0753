-- ave.fs: files and directories.

local cmd = require("ave.cmd")
local fs = require("ave.fs")
local task = require("ave.task")
local time = require("ave.time")

local function refused(errno, fn, ...)
	local e = assert.raises("OSError", fn, ...)
	assert.equal(errno, e.errno)
	return e
end

describe("ave.fs", function()
	local dir

	before_each(function()
		dir = fs.tempdir()
	end)

	after_each(function()
		fs.remove(dir, { recursive = true, missing_ok = true })
	end)

	-- Makes files, and the directories that they are in.
	local function plant(...)
		for _, name in ipairs { ... } do
			fs.mkdir(fs.dirname(dir .. "/" .. name), { parents = true })
			fs.write(dir .. "/" .. name, name)
		end
	end

	-- Paths without the directory of the test.
	local function below(paths)
		local names = {}
		for i, path in ipairs(paths) do
			names[i] = path:sub(#dir + 2)
		end
		return names
	end

	describe("read and write", function()
		it("keep every byte", function()
			local data = ("\0\255\n"):rep(100000)
			fs.write(dir .. "/data", data)
			assert.equal(data, fs.read(dir .. "/data"))
			fs.write(dir .. "/data", "")
			assert.equal("", fs.read(dir .. "/data"))
		end)

		it("read files whose size is not known before", function()
			assert.matches("^Name:%s+%w+", fs.read("/proc/self/status"))
			assert.equal("", fs.read("/dev/null"))
		end)

		it("refuse what is longer than it may be", function()
			fs.write(dir .. "/data", "12345")
			assert.equal("12345", fs.read(dir .. "/data", { max_size = 5 }))
			local e = assert.raises("Exception", fs.read, dir .. "/data", { max_size = 4 })
			assert.matches("wanted at most 4 bytes", e.message, 1, true)
			assert.raises("Exception", fs.read, "/dev/zero", { max_size = 1000000 })
		end)

		it("keep the mode of a file that is replaced, unless another is given", function()
			fs.write(dir .. "/key", "one", { mode = "0600" })
			assert.equal("0600", fs.stat(dir .. "/key").mode)
			fs.write(dir .. "/key", "two")
			assert.equal("0600", fs.stat(dir .. "/key").mode)
			fs.write(dir .. "/key", "three", { mode = "4750" })
			assert.equal("4750", fs.stat(dir .. "/key").mode)
		end)

		it("replace the file that a link leads to", function()
			fs.write(dir .. "/file", "old")
			cmd.run { "ln", "-s", "file", dir .. "/link" }
			fs.write(dir .. "/link", "new")
			assert.equal("link", fs.lstat(dir .. "/link").type)
			assert.equal("new", fs.read(dir .. "/file"))
			cmd.run { "ln", "-s", "loop", dir .. "/loop" }
			refused("ELOOP", fs.write, dir .. "/loop", "")
		end)

		it("leave nothing else in the directory", function()
			fs.write(dir .. "/file", "old")
			fs.mkdir(dir .. "/sub")
			refused("EISDIR", fs.write, dir .. "/sub", "")
			assert.same({ "file", "sub" }, fs.list(dir))
		end)

		it("refuse what is not there, or cannot be written", function()
			local e = refused("ENOENT", fs.read, dir .. "/none")
			assert.equal(dir .. "/none", e.path)
			assert.equal("open " .. dir .. "/none: no such file or directory", e.message)
			refused("ENOENT", fs.write, dir .. "/none/file", "")
			refused("EISDIR", fs.read, dir)
			assert.raises("Exception", fs.write, "/dev/null", "")
		end)

		it("end with the deadline", function()
			assert.raises("Timeout", time.within, 0.1, fs.read, "/dev/zero")
		end)
	end)

	it("tells what a file is", function()
		fs.write(dir .. "/file", "12345")
		cmd.run { "ln", "-s", "file", dir .. "/link" }
		cmd.run { "mkfifo", dir .. "/pipe" }
		local info = fs.stat(dir .. "/link")
		assert.equal("file", info.type)
		assert.equal(5, info.size)
		assert.is_true(math.abs(info.mtime - time.now()) < 60)
		assert.equal("link", fs.lstat(dir .. "/link").type)
		assert.equal("directory", fs.stat(dir).type)
		assert.equal("0700", fs.stat(dir).mode)
		assert.equal("pipe", fs.stat(dir .. "/pipe").type)
		assert.equal("device", fs.stat("/dev/null").type)
		assert.is_true(fs.exists(dir .. "/link"))
		fs.remove(dir .. "/file")
		assert.is_false(fs.exists(dir .. "/link"))
		refused("ENOENT", fs.stat, dir .. "/link")
	end)

	it("takes paths apart and puts them together", function()
		assert.equal("hosts", fs.basename("/etc/hosts"))
		assert.equal("/etc", fs.dirname("/etc/hosts"))
		assert.equal(".", fs.dirname("hosts"))
		assert.equal("/etc/hosts", fs.join("/etc/", "x", "../hosts"))
		assert.equal("", fs.join())
	end)

	describe("list, walk and glob", function()
		before_each(function()
			plant("a.log", "b.txt", ".hidden/c.log", "sub/d.log", "sub/deep/e.log")
			cmd.run { "ln", "-s", "..", dir .. "/sub/up" }
		end)

		it("list names in their order", function()
			assert.same({ ".hidden", "a.log", "b.txt", "sub" }, fs.list(dir))
			refused("ENOENT", fs.list, dir .. "/none")
			refused("ENOTDIR", fs.list, dir .. "/a.log")
		end)

		it("walk through a tree and not out of it", function()
			local paths, types = {}, {}
			for path, info in fs.walk(dir) do
				table.insert(paths, path)
				table.insert(types, info.type)
			end
			assert.same({
				".hidden", ".hidden/c.log", "a.log", "b.txt", "sub", "sub/d.log", "sub/deep", "sub/deep/e.log", "sub/up",
			}, below(paths))
			assert.equal("link", types[9])
		end)

		it("walk as deep as is said", function()
			local paths = {}
			for path in fs.walk(dir, { depth = 1 }) do
				table.insert(paths, path)
			end
			assert.same(fs.list(dir), below(paths))
		end)

		it("walk on when something vanishes", function()
			local seen = {}
			for path in fs.walk(dir) do
				table.insert(seen, path)
				fs.remove(dir .. "/sub", { recursive = true, missing_ok = true })
			end
			assert.same({ ".hidden", ".hidden/c.log", "a.log", "b.txt" }, below(seen))
			refused("ENOENT", fs.walk, dir .. "/none")
		end)

		it("find what a pattern matches", function()
			local function found(pattern)
				return below(fs.glob(dir .. "/" .. pattern))
			end
			assert.same({ "a.log" }, found("*.log"))
			assert.same({ "a.log", "sub/d.log", "sub/deep/e.log" }, found("**/*.log"))
			assert.same({ "sub/d.log", "sub/deep/e.log" }, found("sub/**/*.log"))
			assert.same({ "sub/deep/e.log" }, found("**/deep/*"))
			assert.same({ ".hidden/c.log" }, found(".*/*"))
			assert.same({ "a.log", "b.txt" }, found("[a-b].???"))
			assert.same({ "sub/d.log", "sub/deep", "sub/deep/e.log", "sub/up" }, found("sub/**"))
			assert.same({ "a.log" }, found("a.log"))
			assert.same({ "sub" }, found("sub/"))
			assert.same({}, found("a.log/*"))
			assert.same({}, found("none"))
			assert.raises("Exception", fs.glob, "[a")
			assert.same({}, fs.glob(""))
		end)
	end)

	describe("copy and move", function()
		it("copy a file with its mode over another", function()
			fs.write(dir .. "/from", "new", { mode = "0750" })
			fs.write(dir .. "/to", "old", { mode = "0600" })
			fs.copy(dir .. "/from", dir .. "/to")
			assert.equal("new", fs.read(dir .. "/to"))
			assert.equal("0750", fs.stat(dir .. "/to").mode)
		end)

		it("copy a tree, and links as links", function()
			plant("tree/a", "tree/sub/b", "there/sub/c")
			cmd.run { "ln", "-s", "a", dir .. "/tree/link" }
			fs.copy(dir .. "/tree", dir .. "/there", { recursive = true })
			fs.copy(dir .. "/tree", dir .. "/there", { recursive = true })
			assert.same({ "there/a", "there/link", "there/sub", "there/sub/b", "there/sub/c" },
				below(fs.glob(dir .. "/there/**")))
			assert.equal("link", fs.lstat(dir .. "/there/link").type)
		end)

		it("copy a directory that cannot be written", function()
			plant("tree/sub/a")
			cmd.run { "chmod", "0555", dir .. "/tree/sub" }
			fs.copy(dir .. "/tree", dir .. "/copy", { recursive = true })
			assert.equal("0555", fs.stat(dir .. "/copy/sub").mode)
			assert.is_true(fs.exists(dir .. "/copy/sub/a"))
			cmd.run { "chmod", "-R", "u+w", dir }
		end)

		it("refuse what would go wrong", function()
			plant("tree/a")
			refused("EISDIR", fs.copy, dir .. "/tree", dir .. "/other")
			assert.raises("Exception", fs.copy, dir .. "/tree", dir .. "/tree/sub/copy", { recursive = true })
			assert.raises("Exception", fs.copy, dir .. "/tree/a", dir .. "/tree/../tree/a")
			assert.equal("tree/a", fs.read(dir .. "/tree/a"))
			cmd.run { "mkfifo", dir .. "/tree/pipe" }
			local e = assert.raises("Exception", fs.copy, dir .. "/tree", dir .. "/other", { recursive = true })
			assert.matches("wanted a regular file, got a pipe", e.message, 1, true)
			refused("ENOENT", fs.copy, dir .. "/none", dir .. "/other")
		end)

		it("move files and trees, also to another file system", function()
			plant("tree/sub/a")
			fs.move(dir .. "/tree", dir .. "/moved")
			assert.equal("tree/sub/a", fs.read(dir .. "/moved/sub/a"))
			assert.is_false(fs.exists(dir .. "/tree"))
			refused("ENOENT", fs.move, dir .. "/none", dir .. "/other")
			local status, other = cmd.run { "mktemp", "-d", "-p", "/dev/shm" }
			if status == 0 then
				other = other:gsub("%s+$", "")
				fs.move(dir .. "/moved", other .. "/tree")
				assert.equal("tree/sub/a", fs.read(other .. "/tree/sub/a"))
				assert.is_false(fs.exists(dir .. "/moved"))
				fs.remove(other, { recursive = true })
			end
		end)
	end)

	describe("remove and mkdir", function()
		it("remove a tree, and never follow a link", function()
			plant("kept/a", "tree/sub/b")
			cmd.run { "ln", "-s", dir .. "/kept", dir .. "/tree/sub/link" }
			cmd.run { "ln", "-s", dir .. "/kept", dir .. "/link" }
			fs.remove(dir .. "/tree", { recursive = true })
			fs.remove(dir .. "/link/", { recursive = true })
			assert.same({ "kept" }, fs.list(dir))
			assert.is_true(fs.exists(dir .. "/kept/a"))
		end)

		it("remove a tree only if that is said", function()
			plant("tree/a")
			refused("ENOTEMPTY", fs.remove, dir .. "/tree")
			fs.remove(dir .. "/tree/a")
			fs.remove(dir .. "/tree")
			refused("ENOENT", fs.remove, dir .. "/tree")
			refused("ENOENT", fs.remove, dir .. "/tree", { recursive = true })
			fs.remove(dir .. "/tree", { missing_ok = true })
			for _, path in ipairs { "/", "//", ".", "..", "../..", "x/.." } do
				assert.raises("Exception", fs.remove, path, { recursive = true })
			end
		end)

		it("make a directory, and those above it", function()
			fs.mkdir(dir .. "/a", { mode = "0700" })
			assert.equal("0700", fs.stat(dir .. "/a").mode)
			refused("EEXIST", fs.mkdir, dir .. "/a")
			refused("ENOENT", fs.mkdir, dir .. "/b/c")
			fs.mkdir(dir .. "/b/c", { parents = true })
			fs.mkdir(dir .. "/b/c", { parents = true })
			assert.same({ "c" }, fs.list(dir .. "/b"))
		end)
	end)

	describe("tempdir", function()
		it("is there while a function runs", function()
			local path, result = fs.tempdir(function(path)
				fs.write(path .. "/file", "")
				return path, 5
			end)
			assert.equal(5, result)
			assert.is_false(fs.exists(path))
		end)

		it("is removed when the function fails, or is interrupted", function()
			local seen
			assert.is_false(pcall(fs.tempdir, function(path)
				seen = path
				error("no")
			end))
			assert.is_false(fs.exists(seen))
			assert.raises("Timeout", time.within, 0.05, fs.tempdir, function(path)
				seen = path
				time.sleep(60)
			end)
			assert.is_false(fs.exists(seen))
		end)

		it("is removed when the script ends, in whatever way", function()
			for _, ending in ipairs { "", "error('no')", "os.exit(3)", "ave.task.spawn(ave.time.sleep, 60)" } do
				local code = "print(ave.fs.tempdir()) " .. ending
				local _, output = cmd.run({ "/proc/self/exe", "-e", code }, { timeout = 20 })
				local path = output:match("[^\r\n]+")
				assert.matches("/ave%-", path)
				assert.is_false(fs.exists(path), ending)
			end
		end)
	end)

	it("lets other tasks run meanwhile", function()
		local reading = task.spawn(fs.read, "/dev/zero")
		time.sleep(0.01)
		reading:cancel()
		assert.raises("Terminated", reading.join, reading, 10)
	end)

	it("names what is wrong with an argument", function()
		local function wrong(message, fn, ...)
			assert.matches(message, assert.raises("TypeError", fn, ...).message, 1, true)
		end
		wrong("ave.fs.read: argument 'path': wanted a string, got nothing", fs.read)
		wrong("ave.fs.write: argument 'data': wanted a string, got a table", fs.write, "x", {})
		wrong("option 'mode': wanted a string of octal digits", fs.write, "x", "", { mode = 420 })
		wrong("option 'mode': wanted a string of octal digits", fs.mkdir, "x", { mode = "rwx" })
		wrong("ave.fs.copy: option 'recursively': there is no such option", fs.copy, "x", "y", { recursively = true })
		wrong("ave.fs.join: argument 2: wanted a string, got true", fs.join, "x", true)
		wrong("ave.fs.tempdir: argument 'fn': wanted a function", fs.tempdir, "x")
		assert.equal("EINVAL", assert.raises("OSError", fs.read, "a\0b").errno)
	end)
end)

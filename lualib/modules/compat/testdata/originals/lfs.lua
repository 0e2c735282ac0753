local out = require("shown")
local lfs = require("lfs")
local show, try = out.show, out.try

local function names(t)
	local list = {}
	for k in pairs(t) do
		list[#list + 1] = k
	end
	table.sort(list)
	return table.concat(list, " ")
end
show("global", rawget(_G, "lfs") == lfs)
show("module", names(lfs), lfs._VERSION)

-- directories
show("mkdir", lfs.mkdir("d"))
show("again", lfs.mkdir("d"))
show("below nothing", lfs.mkdir("no/d"))
show("rmdir of nothing", lfs.rmdir("no"))
local here = lfs.currentdir()
show("chdir", lfs.chdir("d"), lfs.currentdir():sub(#here + 1), lfs.chdir(".."))
show("chdir to nothing", lfs.chdir("no"))
for _, name in ipairs({ "b", "a", ".hidden" }) do
	io.open("d/" .. name, "w"):close()
end
show("rmdir of a full one", lfs.rmdir("d"))
local found = {}
for name in lfs.dir("d") do
	found[#found + 1] = name
end
table.sort(found)
show("dir", found)
local iterate, object = lfs.dir("d")
show("dir", iterate, object, object:next() ~= nil, iterate(object) ~= nil)
show("close", object:close(), object:close())
try("closed", object.next, object)
try("closed", function() return object:next() end)
try("dir of nothing", lfs.dir, "no")
try("dir of a file", lfs.dir, "d/a")
try("dir without a name", lfs.dir)
try("a wrong object", object.next, io.stdout)

-- links and times
show("link", lfs.link("d/a", "d/hard"), lfs.link("a", "d/soft", true), lfs.link("nowhere", "d/loose", true))
show("link again", lfs.link("d/a", "d/hard"))
show("link of nothing", lfs.link("no", "d/other"))
show("touch", lfs.touch("d/a", 1000000, 2000000), lfs.attributes("d/a", "access"), lfs.attributes("d/a", "modification"))
show("touch", lfs.touch("d/a", 3000000.7), lfs.attributes("d/a", "access"), lfs.attributes("d/a", "modification"))
show("touch", lfs.touch("d/a", nil, 5), lfs.attributes("d/a", "access"), lfs.attributes("d/a", "modification"))
show("touch now", lfs.touch("d/a"), os.time() - lfs.attributes("d/a", "modification") < 60)
show("touch nothing", lfs.touch("no"))

-- attributes
os.execute("chmod 640 d/a; chmod 2751 d; printf hello > d/b; mkfifo d/fifo")
local stable = { "mode", "nlink", "uid", "gid", "size", "permissions", "blocks", "blksize", "dev", "rdev" }
for _, path in ipairs({ "d/a", "d/b", "d", "d/hard", "d/soft", "d/fifo", "/dev/null", "." }) do
	for _, name in ipairs(stable) do
		if not (path == "." and name ~= "mode") then
			show(path .. " " .. name, lfs.attributes(path, name) == lfs.symlinkattributes(path, name) or path == "d/soft")
		end
		if name ~= "blocks" and name ~= "size" and name ~= "blksize" and name ~= "nlink" or path == "d/a" then
			show(path .. " " .. name, name == "dev" or lfs.attributes(path, name))
		end
	end
end
show("all", names(lfs.attributes("d/a")))
show("all of a link", names(lfs.symlinkattributes("d/soft")), lfs.symlinkattributes("d/soft", "mode"))
show("target", lfs.symlinkattributes("d/soft", "target"), lfs.symlinkattributes("d/loose").target)
show("no target", lfs.symlinkattributes("d/a", "target"))
show("no target", lfs.symlinkattributes("d/a").target)
local mine = { old = 1, mode = 2 }
show("into a table", lfs.attributes("d/b", mine) == mine, mine.old, mine.mode, mine.size)
show("of nothing", lfs.attributes("no"))
show("of nothing", lfs.attributes("no", "mode"))
show("of a loose link", lfs.attributes("d/loose"))
try("wrong attribute", lfs.attributes, "d/a", "colour")
try("wrong attribute", lfs.attributes, "d/a", 1)
try("of no name", lfs.attributes)
try("of a table", lfs.attributes, {})
try("nothing asked", function() return type(lfs.attributes("d/a", true)) end)

-- locks
local file = io.open("d/b", "r+")
show("lock", lfs.lock(file, "w"), lfs.lock(file, "read", 1, 2), lfs.unlock(file), lfs.unlock(file, 1, 1))
try("wrong mode", lfs.lock, file, "x")
try("no mode", lfs.lock, file)
try("no file", lfs.lock, "d/b", "w")
show("setmode", lfs.setmode(file, "binary"))
show("setmode", lfs.setmode(file, "text"))
try("setmode", lfs.setmode, file, "x")
try("setmode", lfs.setmode, file)
file:close()
try("closed", lfs.lock, file, "w")
try("closed", lfs.unlock, file)
try("closed", lfs.setmode, file, "text")
local reader = io.open("d/b")
show("no right", lfs.lock(reader, "w"))
reader:close()
local lock = lfs.lock_dir("d")
show("lock_dir", lock, lfs.symlinkattributes("d/lockfile.lfs", "target"))
show("locked", lfs.lock_dir("d"))
show("free", lock:free(), lock:free(), lfs.symlinkattributes("d/lockfile.lfs"))
show("of nothing", lfs.lock_dir("no"))
try("no name", lfs.lock_dir)
for _, name in ipairs({ "chdir", "mkdir", "rmdir", "touch", "link", "symlinkattributes" }) do
	try(name, lfs[name])
	try(name, lfs[name], {})
end

-- require and the package library.

package.path, package.cpath = "./?.none;sub/?/init.none", ""
while #package.loaders > 2 do
	table.remove(package.loaders)
end
if #package.loaders[2]("x.y") == 0 then
	error("no message")
end
print(package.loaders[1]("x.y"))
print(package.loaders[2]("x.y"))
print(pcall(require, "x.y"))
print(pcall(require, 5))

package.preload.one = function(...)
	print(select("#", ...), ...)
	return "result"
end
print(require("one"), require("one"), package.loaded.one)
package.preload.two = function() end
print(require("two"), package.loaded.two)
package.preload.three = function(name) package.loaded[name] = "set" end
print(require("three"))
package.preload.loop = function() return require("loop") end
print((select(2, pcall(require, "loop")):gsub("^.-:%d+: ", "")))
print((select(2, pcall(require, "loop")):gsub("^.-:%d+: ", "")))
package.preload.no = function() return false end
print(require("no"), package.loaded.no)

table.insert(package.loaders, function(name)
	if name == "mine" then
		return function() return "mine" end
	elseif name == "text" then
		return "\n\ttried something"
	end
end)
print(require("mine"))
print(pcall(require, "text"))

local loaders = package.loaders
package.loaders = nil
print(pcall(require, "x"))
package.loaders = loaders
package.preload = nil
print(pcall(require, "x"))
package.preload = {}
package.path = nil
print(pcall(require, "x"))

local fn, message, where = package.loadlib("nowhere/lib.so", "luaopen_lib")
print(fn, type(message), where == "open" or where == "absent")
print((select(2, pcall(function() package.loadlib() end)):gsub("^.-:%d+: ", "")))

local module = {}
package.seeall(module)
print(module.print == print)

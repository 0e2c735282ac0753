--- loadstring returns a function or a message
print(loadstring("return 1 + 1")()) print(loadstring("return ...")(1, 2)) print(loadstring("x =", "=x")) print(loadstring("")) 
--- load takes a function that returns pieces
local parts = { "return ", "1", " + 2", nil } local i = 0 print(load(function() i = i + 1 return parts[i] end)()) i = 0 print(load(function() i = i + 1 return ({ "x", " = =" })[i] end, "=name"))
--- load with a function that returns bad pieces
local n = 0 print(load(function() n = n + 1 if n < 3 then return 5 end end)) print(pcall(load, function() return {} end)) print(pcall(load, function() error("reader") end))
--- load with bad arguments
print(pcall(load)) print(pcall(load, 5)) print(pcall(load, {})) print(pcall(load, print, {}))
--- load with a number as the name
print(pcall(loadstring, "x =", 5)) print(pcall(load, function() end, 5))
--- load stops at an empty piece
local parts, i = { "return 1", "", " + error" }, 0 print(load(function() i = i + 1 return parts[i] end)())
--- a chunk has the global environment
x = 5 print(loadstring("return x")()) local f = loadstring("y = 7 return y") f() print(y) x, y = nil
--- a chunk does not see locals
local hidden = 1 print(loadstring("return hidden")())
--- names of chunks in messages
print(loadstring("x = = 1")) print(loadstring("x = = 1", "@f.lua")) print(loadstring("x = = 1", "=f")) print(loadstring("x = = 1", "f")) print(loadstring("x = = 1", "=")) print(loadstring("x\n= = 1"))
--- long names of chunks
print(loadstring("x = = 1", "@" .. ("d/"):rep(60))) print(loadstring("x = = 1", "=" .. ("n"):rep(100))) print(loadstring("x = = 1" .. (" "):rep(100)))
--- a first line with #
print(loadstring("# comment\nreturn 1"))
--- setfenv of a function
local function f() return x, getfenv(1) end local env = { getfenv = getfenv, x = "env" } print(setfenv(f, env) == f, f() == "env", select(2, f()) == env) print(getfenv(f) == env)
--- setfenv of a level
local function f() setfenv(1, { print = print, v = 1 }) print(v) v = 2 print(v) end f() print(v)
--- setfenv of the caller
local function change() setfenv(2, { print = print, z = "new" }) end local function f() change() print(z) end f() print(z)
--- closures get the environment of their creator
local function make() return function() return g1 end end g1 = "global" local before = make() setfenv(make, { g1 = "env" }) local after = make() print(before(), after()) g1 = nil
--- getfenv with levels and bad arguments
print(getfenv() == _G, getfenv(0) == _G, getfenv(1) == _G, getfenv(print) == _G) print(pcall(getfenv, -1)) print(pcall(getfenv, 100)) print(pcall(getfenv, {})) print(pcall(setfenv, 1)) print(pcall(setfenv, 100, {})) print(pcall(setfenv, print, {})) print(pcall(setfenv, 1, 5))
--- an environment with __index
local f = loadstring("a = 1 return a, b, print ~= nil") local env = setmetatable({}, { __index = function(_, k) return k end }) print(setfenv(f, env)()) print(rawget(env, "a"), a)
--- require runs a module once
package.preload.m1 = function(...) print("loads", ...) return { n = 1 } end print(require("m1") == require("m1"), package.loaded.m1.n) package.preload.m1, package.loaded.m1 = nil
--- require of a module that returns nothing
package.preload.m2 = function() end print(require("m2")) print(package.loaded.m2) package.preload.m2, package.loaded.m2 = nil
--- require of a module with an error
package.preload.m3 = function() error("broken") end print(pcall(require, "m3")) print(package.loaded.m3) package.preload.m3, package.loaded.m3 = nil
--- a loop of requires
package.preload.m4 = function() return require("m4") end print(pcall(require, "m4")) package.preload.m4, package.loaded.m4 = nil
--- require of a module that does not exist
print((select(2, pcall(require, "no.such")):match("^[^\n]*\n[^\n]*"))) print(pcall(require))
--- module (alone)
module("my.mod", package.seeall) x = 5 function f() return x end print(my.mod.f(), _NAME, _PACKAGE, _M == my.mod, package.loaded["my.mod"] == _M)
--- setfenv of level 0 (alone)
local env = setmetatable({}, { __index = _G }) setfenv(0, env) loadstring("fromchunk = 1")() print(rawget(env, "fromchunk"), rawget(_G, "fromchunk"))
--- dofile and loadfile
local n = os.tmpname() local f = io.open(n, "w") f:write("#!/usr/bin/lua\nlocal a = ... return a, 'done'") f:close() print(loadfile(n)(5)) print(dofile(n)) f = io.open(n, "w") f:write("x = = 1") f:close() print((select(2, loadfile(n)):gsub("^.*:1", "NAME:1"))) os.remove(n)
--- loadfile of a file that does not exist
print(loadfile("/no/such")) print(pcall(dofile, "/no/such"))
--- string.dump
print(type(string.dump(function() end))) print(loadstring(string.dump(function() return 5 end))())
--- deep nesting
local function nested(n) return loadstring("return " .. ("("):rep(n) .. "1" .. (")"):rep(n), "=x") end print(nested(150)()) print(nested(250))
--- limits of the compiler
local parts = {} for i = 1, 201 do parts[i] = "local v" .. i end print(loadstring(table.concat(parts, " "), "=x")) print(type(loadstring(table.concat(parts, " ", 1, 200), "=x")))
--- a long table constructor
local parts = {} for i = 1, 3000 do parts[i] = i .. ".5" end local t = loadstring("return {" .. table.concat(parts, ",") .. "}")() print(#t, t[1], t[3000]) for i = 1, #parts do parts[i] = "k" .. i .. "=" .. i end t = loadstring("return {" .. table.concat(parts, ",") .. "}")() print(t.k1, t.k3000)
--- a long expression
print(loadstring("return " .. ("1+"):rep(5000) .. "1")()) print(#loadstring("return " .. ("'x'.."):rep(150) .. "'y'")())

package differential

import "fmt"

// Errors: where they say that they were raised, what they are, what handlers get, and the
// levels of functions that ask for the stack.

const errorHelpers = `
local function id(...) return ... end
local function call(f, ...) local r = f(...) return r end
local function tailcall(f, ...) return f(...) end
local t = { m = function(self, f, ...) f(...) end }
local m = { __tostring = function() return "object" end, __index = function(_, k) error("no " .. tostring(k), 2) end }
function m.__add() error("add") end
function m.__call(_, f) return (f()) end
local object = setmetatable({}, m)
local function handler(e) return "handled " .. tostring(e), "lost" end
local function trace(e) return (debug.traceback(tostring(e), 1)) end
`

func (g *generator) errors() {
	g.out.WriteString(errorHelpers)
	for range 14 {
		f := g.raising(2)
		g.line("%s", fmt.Sprintf(g.pick(
			"try(%s)", "try(%s)", "show(xpcall(%s, handler))", "show(xpcall(%s, trace))", "show(pcall(pcall, %s))", "try(call, %s)", "try(tailcall, %s)",
			"try(t.m, t, %s)", "show(xpcall(%s, error))", "show(xpcall(%s, function() error('again') end))", "show(xpcall(%s, nil))", "try(object, %s)",
			"show(coroutine.resume(coroutine.create(%s)))", "try(coroutine.wrap(%s))", "show(pcall(table.sort, {3, 2, 1}, %s))", "show(pcall(string.gsub, 'abc', '.', %s))",
			"show(xpcall(%s, id))", "show(xpcall(%s, debug.traceback))"), f))
	}
}

// raising is a function that raises an error, mostly.
func (g *generator) raising(n int) string {
	inner := g.raise()
	if n > 0 && g.Intn(2) == 0 {
		f := g.raising(n - 1)
		inner = fmt.Sprintf(g.pick("call(%s)", "return tailcall(%s)", "t:m(%s)", "(%s)()", "return (%s)()", "local f = %s\nf()", "for _ = 1, 2 do call(%s) end",
			"local ok, e = pcall(%s) error(e, 0)", "local ok, e = pcall(%s) error(e)", "assert(pcall(%s))", "local x = object(%s) + 1", "id(pcall(%s))", "return id((%s)())"), f)
	}
	space := g.pick(" ", " ", " ", "\n")
	return "function(...)" + space + inner + space + "end"
}

func (g *generator) raise() string {
	switch g.Intn(6) {
	case 0, 1:
		return fmt.Sprintf("error(%s%s)", g.pick("'message'", "'message'", "''", "nil", "{}", "5", "true", "object", "print", "'two\\nlines'"), g.pick("", "", ", 0", ", 1", ", 2", ", 3", ", 4", ", 9", ", nil"))
	case 2:
		return "assert(" + g.pick("false", "nil", "nil, 'message'", "false, {}", "nil, nil", "1 == 2, 'a', 'b'", "", "nil, 5", "false, object") + ")"
	case 3:
		return g.pick("local x = nil x()", "local x = ... x.y.z = 1", "undefined()", "undefined.x = 1", "t.none()", "t:none()", "return object + 1", "return object.field", "return 1 + {}",
			"return t .. 'x'", "return #5", "return -{}", "return {} < {}", "return 1 < 'x'", "return nil .. 1", "object.x = nil return object.y", "t[nil] = 1", "t[0/0] = 1", "for i = 1, 'x' do end", "return ('x')()", "return ('x').y.z")
	case 4:
		return g.pick("string.rep()", "('x'):rep({})", "string.format('%d', 'x')", "setmetatable(1, {})", "table.concat({{}})", "tostring()", "ipairs()", "math.floor('x')", "select(0)", "unpack()",
			"loadstring('x =')()", "assert(loadstring('x ='))", "require('no.such.module')", "dofile('/no/such/file.lua')", "setfenv(print, {})", "getfenv({})", "table.insert({}, 1, 2, 3)", "next({}, 'x')", "rawset(1)", "string.char(-1)", "io.lines('/no/such')", "os.time({})", "coroutine.resume(1)", "error(error)")
	}
	return g.pick("return 1, 2", "return", "show(debug.getinfo(1, 'l').currentline, debug.getinfo(1, 'S').what)", "show(debug.getinfo(2, 'n').name, debug.getinfo(1, 'u').nups)",
		"local i = debug.getinfo(1, 'Snlu') show(i.short_src, i.linedefined, i.lastlinedefined, i.currentline, i.name, i.namewhat, i.what)", "show(debug.traceback('here'))", "show(debug.traceback('level', 2))",
		"show(debug.getinfo(print).what, debug.getinfo(print).short_src)", "show(debug.getlocal(1, 1))", "local a, b = 1, 2 show(debug.getlocal(1, 1)) show(debug.getlocal(1, 2)) show(debug.getlocal(1, 9))", "show(pcall(error, 'x', 2))")
}

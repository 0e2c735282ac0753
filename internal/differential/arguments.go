package differential

import (
	"fmt"
	"strings"
)

// Functions of the library with arguments of all kinds, most of them wrong. Functions are
// left out whose results depend on the time or the machine, or that wait or change files.

var functions = strings.Fields(`
assert dofile error getfenv getmetatable ipairs load loadfile loadstring next pairs pcall rawequal rawget
rawset select setmetatable tonumber tostring type unpack xpcall require newproxy
coroutine.create coroutine.resume coroutine.status coroutine.wrap coroutine.yield
string.byte string.char string.dump string.find string.format string.gmatch string.gsub string.len string.lower
string.match string.rep string.reverse string.sub string.upper
string.byte string.char string.find string.format string.gmatch string.gsub string.match string.rep string.sub
table.concat table.foreach table.foreachi table.getn table.insert table.maxn table.remove table.setn table.sort
table.concat table.insert table.remove table.sort unpack select tonumber
math.abs math.acos math.asin math.atan math.atan2 math.ceil math.cos math.cosh math.deg math.exp math.floor math.fmod
math.frexp math.ldexp math.log math.log10 math.max math.min math.mod math.modf math.pow math.rad math.randomseed
math.sin math.sinh math.sqrt math.tan math.tanh math.fmod math.max math.min
os.date os.difftime os.setlocale os.time io.type io.open io.lines
debug.getfenv debug.gethook debug.getinfo debug.getlocal debug.getmetatable debug.getupvalue debug.setfenv
debug.setupvalue debug.traceback
gcinfo collectgarbage package.seeall package.loadlib
`)

// randomless are functions whose results are not shown, only how many there are.
var randomless = map[string]bool{"gcinfo": true, "collectgarbage": true, "os.time": true, "os.date": true, "newproxy": true, "debug.gethook": true}

// unordered are functions whose arguments a C compiler checks in any order: so their first
// argument is right.
var unordered = map[string]bool{"math.fmod": true, "math.mod": true, "math.atan2": true, "math.pow": true, "os.difftime": true, "math.ldexp": true}

func (g *generator) arguments() {
	g.line("local function f(...) return ... end")
	g.line("local t = { 1, 2, 3, x = 1 }")
	g.line("local co = coroutine.create(f)")
	g.line("local function count(...) show((...), select('#', ...)) end")
	for range 40 {
		name := functions[g.Intn(len(functions))]
		args := g.several(4, ", ", g.argument)
		if unordered[name] {
			args = g.pick("1", "'2'", "2.5") + joined("", args)
		}
		if strings.HasSuffix(name, "upvalue") {
			args = strings.ReplaceAll(args, "print", "f") // functions of C have upvalues without names
		}
		if name == "debug.traceback" { // lua5.1 takes its last argument for the message
			args = g.pick("", "'m'", "'m', 1", "nil", "5", "{}", "'m', 0", "'m', 100", "co", "co, 'm'", "co, 'm', 0", "'m', '1'", "true", "f")
		}
		switch {
		case randomless[name]:
			g.line("count(pcall(%s))", joined(name, args))
		case g.Intn(3) == 0: // the call has a name
			g.line("try(function() return %s(%s) end)", name, args)
		case g.Intn(3) == 0:
			g.line("try(function() local r = %s(%s) return r end)", name, args)
		default:
			g.line("try(%s)", joined(name, args))
		}
	}
	for range 5 {
		g.line("try(function() return (%s):%s(%s) end)", g.pick(`"abc"`, `"5"`, `""`), g.pick("byte", "find", "format", "gsub", "len", "lower", "match", "rep", "sub", "none", "gmatch"), g.several(3, ", ", g.argument))
	}
}

func joined(name, args string) string {
	if args == "" {
		return name
	}
	return name + ", " + args
}

func (g *generator) argument() string {
	switch g.Intn(3) {
	case 0:
		return g.pick("nil", "true", "false", "{}", "t", "f", "print", "co", "io.stdin", "{ 3, 1, 2 }", "{ 'a', 'b' }", "_G.none", "setmetatable({}, {})")
	case 1:
		return g.pick("0", "1", "-1", "2", "3", "2.5", "-2", "10", "36", "37", "100", "-0.5")
	}
	return g.pick(`"abc"`, `""`, `"10"`, `"0x10"`, `"%d"`, `"%s"`, `"x"`, `"n"`, `"S"`, `"*t"`, `"!%Y"`, `"q"`, `"(.)"`, `"#"`, `"count"`, `"-2"`, `" 7 "`, `"1e1"`, `"none.such"`, `"%"`, `"["`)
}

// uncaught is a program that ends by an error, by os.exit, or as usual.
func (g *generator) uncaught() {
	g.out.WriteString(errorHelpers)
	g.line("print('begins')")
	switch g.Intn(5) {
	case 0:
		g.line("os.exit(%s)", g.pick("", "0", "1", "3", "255", "256", "-1", "true", "'7'", "'x'", "nil"))
	case 1:
		g.line("io.write('written', %s) io.stderr:write('said')", g.pick("1", "'x'", "1.5"))
	case 2:
		g.line("%s", g.pick("return 1", "return nil", "return 'text'", "return false", "return print('tail')", "coroutine.yield(1)", "x = = 1", "return return"))
	default:
		g.line("local f = %s\nf()", g.raising(1))
	}
	g.line("print('ends')")
	if g.Intn(4) == 0 {
		fmt.Fprintf(&g.out, "%s\n", g.pick("x = 'open", "end", "local function f() return 1", "--[[ open", "y = [[ open", "goto x y"))
	}
}

package differential

import "fmt"

// Tables with metatables. Every metamethod prints its name and arguments.

const objects = `
local names = {}
local function name(v) if names[v or 0] then return names[v] end if type(v) == "function" or type(v) == "table" then return type(v) end return v == 0 and "0" or tostring(v) end
local function say(...) local s = {} for i = 1, select("#", ...) do s[i] = name((select(i, ...))) end print(unpack(s)) end
local function handler(event, ...) local results, n = { ... }, select("#", ...) return function(...) say(event, ...) return unpack(results, 1, n) end end
local function callable(event, ...) return setmetatable({}, { __call = handler("called " .. event, ...) }) end
local function try(f) say(pcall(f)) end
`

var events = []string{
	"__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm", "__concat", "__len", "__eq", "__lt", "__le",
	"__index", "__newindex", "__call", "__tostring", "__metatable",
}

func (g *generator) metamethods() {
	g.out.WriteString(objects)
	g.line("local shared = %s", g.metatable(12))
	for _, name := range []string{"A", "B", "C"} {
		g.line("local %s = setmetatable({ 1, 2, x = %q }, %s) names[%s] = %q", name, name, g.pick("shared", "shared", g.metatable(8)), name, name)
	}
	g.line("local P = { own = 5 } names[P] = 'P'")
	g.line("local D = setmetatable({}, { __index = %s, __newindex = %s }) names[D] = 'D'", g.pick("A", "P", "C"), g.pick("A", "P", "C"))
	for range 25 {
		g.line("%s", g.metaOperation())
	}
}

func (g *generator) metatable(n int) string {
	text := "{ "
	for range g.Intn(n) + 1 {
		event := events[g.Intn(len(events))]
		made := fmt.Sprintf(g.pick("handler(%q, %s)", "handler(%q, %s)", "handler(%q, %s)", "handler(%q, %s)", "callable(%q, %s)"), event, g.pick("1", "nil", "false", "'r'", "1, 2", "true"))
		switch {
		case event == "__metatable":
			made = g.pick("false", "'locked'", "{}")
		case event == "__tostring":
			made = fmt.Sprintf("handler(%q, %s)", event, g.pick("'shown'", "'shown'", "''", "5"))
		case g.Intn(20) == 0:
			made = g.pick("5", "'s'", "{}", "true")
		}
		text += event + " = " + made + ", "
	}
	return text + "}"
}

func (g *generator) object() string { return g.pick("A", "B", "C", "D", "A", "B", "P") }

func (g *generator) metaOperation() string {
	a, b := g.object(), g.object()
	if g.Intn(3) == 0 {
		b = g.pick("1", "'s'", "'10'", "nil", "true", "{}", "print")
	}
	if g.Intn(4) == 0 {
		a, b = b, a
	}
	switch g.Intn(14) {
	case 0, 1, 2:
		return fmt.Sprintf("try(function() return %s %s %s end)", a, g.pick("+", "-", "*", "/", "%", "^", ".."), b)
	case 3, 4:
		return fmt.Sprintf("try(function() return %s %s %s end)", a, g.pick("==", "~=", "<", "<=", ">", ">="), b)
	case 5:
		return fmt.Sprintf("try(function() return %s .. %s .. %s end)", g.object(), b, a)
	case 6:
		return fmt.Sprintf("try(function() return %s%s end)", g.pick("-", "#", "not "), g.object())
	case 7:
		return fmt.Sprintf("try(function() return %s.%s, %s[%s] end)", g.object(), g.pick("x", "own", "none"), g.object(), g.pick("1", "2", "3", "'none'", "A"))
	case 8:
		return fmt.Sprintf("try(function() %s.%s = %s return rawget(%s, %q) end)", a, g.pick("x", "new", "own"), g.pick("1", "nil", "A"), a, "new")
	case 9:
		return fmt.Sprintf("try(function() return %s(%s, 'arg') end)", g.object(), b)
	case 10:
		return fmt.Sprintf("try(function() return %s:%s(%s) end)", g.object(), g.pick("none", "x", "own"), b)
	case 11:
		return fmt.Sprintf("try(function() return tostring(%s) end)", g.object())
	case 12:
		return fmt.Sprintf("try(function() return %s end)", fill(g.pick("getmetatable($1)", "setmetatable($1, nil)", "rawequal($1, $2)", "rawget($1, 'x')",
			"next($1)", "unpack($1)", "table.concat($1, ',')", "type($1)", "tonumber($1)", "ipairs($1)($1, 0)", "#$1", "print($1)", "select('#', $1())"), a, b))
	}
	return fmt.Sprintf("try(function() local r = %s %s %s if %s < %s then return r, 1 else return r, 2 end end)", a, g.pick("+", "..", "=="), b, a, b)
}

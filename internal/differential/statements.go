package differential

// Statements, loops, closures and assignments. These programs end, raise no errors, and
// trace what they evaluate, so that a wrong order shows as well.

import (
	"fmt"
	"strings"
)

// prelude makes every operand fit its operator, and prints values the same way
// under both interpreters.
const prelude = `
local function show(v)
  if type(v) == "number" then
    if v ~= v then return "nan" elseif v == 0 then return "0"
    elseif v == 1/0 then return "inf" elseif v == -1/0 then return "-inf" end
    return string.format("%.10g", v)
  elseif type(v) == "table" or type(v) == "function" then return type(v) end
  return tostring(v)
end
local function all(...)
  local s = {}
  for i = 1, select("#", ...) do s[i] = show((select(i, ...))) end
  return table.concat(s, " ")
end
function N(v) if v == 0 then return 0 end if type(v) == "number" and v == v and v > -1e9 and v < 1e9 then return v end return 7 end
function S(v) return string.sub(show(v), 1, 20) end
function K(v) if v == nil or v ~= v then return "nil" end if type(v) == "number" and v > 1000 then return 1000 end return v end
function T(...) print("trace", all(...)) return ... end
function P(...) print(all(...)) end
function D(t)
  local s = {}
  for i = 1, 130 do if t[i] ~= nil then s[#s+1] = i .. "=" .. show(t[i]) end end
  for _, k in ipairs{"x", "y", "z"} do if t[k] ~= nil then s[#s+1] = k .. "=" .. show(t[k]) end end
  return table.concat(s, ",")
end
local budget = 300
function G() budget = budget - 1 return budget > 0 end
fs = {}
function R() for i = 1, #fs do P("closure", i, fs[i]()) end fs = {} end
function iter(n) local i = 0 return function(s, c) i = i + 1 if i <= n then return i, s, c end end, "state", "control" end
O = { v = 1 }
function O:m(...) self.v = N(self.v) + 1 return self.v, ... end
function O.f(...) return ... end
g1, g2, g3 = 1, "two", nil
t1, t2 = { 10, 20, 30, x = 1 }, { y = 2 }
`

func (g *generator) statements() { g.fewStatements(12) }

// fewStatements writes up to n statements, and what shows their effects.
func (g *generator) fewStatements(n int) {
	g.out.WriteString(prelude)
	g.block(n)
	g.line("R()")
	g.line("P(g1, g2, g3, D(t1), D(t2), O.v)")
}

// block writes up to n statements in a scope of their own, and shows its
// variables at the end.
func (g *generator) block(n int) {
	known := len(g.vars)
	g.depth++
	for range 1 + g.Intn(n) {
		g.stmt()
	}
	if len(g.vars) > known {
		g.line("P(%s)", strings.Join(g.vars[known:], ", "))
	}
	if g.loops > 0 && g.Intn(6) == 0 {
		g.line("do break end")
	}
	g.depth--
	g.vars = g.vars[:known]
}

func (g *generator) fresh() string {
	if g.Intn(4) == 0 && len(g.vars) > 0 {
		return g.vars[g.Intn(len(g.vars))] // shadowed
	}
	g.names++
	if g.names == 3 {
		return "goto"
	}
	return fmt.Sprintf("v%d", g.names)
}

func (g *generator) variable() string {
	if len(g.vars) > 0 && g.Intn(5) > 0 {
		return g.vars[g.Intn(len(g.vars))]
	}
	return g.pick("g1", "g2", "g3")
}

func (g *generator) table() string { return g.pick("t1", "t2", "t1", "O") }

func (g *generator) target() string {
	switch g.Intn(4) {
	case 0:
		return fmt.Sprintf("%s.%s", g.table(), g.pick("x", "y", "z"))
	case 1:
		return fmt.Sprintf("%s[%s]", g.table(), g.key())
	}
	return g.variable()
}

func (g *generator) key() string {
	if g.Intn(2) == 0 {
		return fmt.Sprintf("K(%s)", g.variable())
	}
	return g.pick("1", "2", "3", `"x"`, `"y"`)
}

func (g *generator) stmt() {
	choices := 16
	if g.depth > 4 {
		choices = 5
	}
	switch g.Intn(choices) {
	case 0:
		names := make([]string, 1+g.Intn(3))
		for i := range names {
			names[i] = g.fresh()
		}
		if values := g.exprs(4); values != "" {
			g.line("local %s = %s", strings.Join(names, ", "), values)
		} else {
			g.line("local %s", strings.Join(names, ", "))
		}
		g.vars = append(g.vars, names...)
	case 1, 2:
		targets := make([]string, 1+g.Intn(4)*g.Intn(2))
		for i := range targets {
			targets[i] = g.target()
		}
		g.line("%s = %s%s", strings.Join(targets, ", "), g.expr(3), g.pick("", ", "+g.expr(2), ", "+g.last()))
	case 3:
		g.line("P(%s)", g.exprs(4))
	case 4:
		v := g.variable()
		g.line("fs[#fs+1] = function() %s = N(%s) + 1 return %s end", v, v, g.pick(v, v+", "+g.variable()))
	case 5:
		g.ifStmt()
	case 6:
		g.loop(fmt.Sprintf("while G() and (%s) do", g.expr(2)), "end")
	case 7:
		g.loop(g.pick("while true do if not G() then break end", "while 1 do", "while G() do", "while false or G() do",
			"while nil and G() do", "while not false and G() do"), "do break end end")
	case 8:
		g.loop("repeat", fmt.Sprintf("until not G() or %s", g.expr(2)))
	case 9:
		v := g.fresh()
		from, step := g.Intn(5)-2, g.pick("1", "0.5", "-1", "2", "-0.25")
		g.vars = append(g.vars, v)
		g.loop(fmt.Sprintf("for %s = %d, %d, %s do", v, from, from+g.Intn(5)-2, step), "end")
		g.vars = g.vars[:len(g.vars)-1]
	case 10:
		v, w := g.fresh(), g.fresh()
		g.vars = append(g.vars, v)
		head := fmt.Sprintf("for %s in %s do", v, g.pick("iter(3)", "iter(2), 5", "next, {9}", "next, {9}, nil", "next, (function() return {8}, nil end)()"))
		if g.Intn(2) == 0 {
			g.vars = append(g.vars, w)
			head = fmt.Sprintf("for %s, %s in %s do", v, w, g.pick("iter(3)", "iter(2), 5", "ipairs{4, 5, 6}", "ipairs({1, nil, 3})", "next, {9}"))
		}
		g.loop(head, "end")
		g.vars = g.vars[:len(g.vars)-1]
		if strings.Contains(head, ", "+w+" in") {
			g.vars = g.vars[:len(g.vars)-1]
		}
	case 11:
		g.line("do")
		g.block(4)
		g.line("end")
	case 12:
		g.namedFunction()
	case 13:
		g.line("R()")
	case 14:
		g.skipping()
	case 15:
		g.repeating()
	}
}

// skipping is a block whose end is skipped.
func (g *generator) skipping() {
	g.names++
	label, loops := fmt.Sprintf("l%d", g.names), g.loops
	g.loops = 0 // break has another meaning in the two forms
	begin, leave, end := "repeat", "break", "until true"
	if g.gotos {
		begin, leave, end = "do", "goto "+label, "::"+label+":: end"
	}
	g.line("%s", begin)
	g.loopBody(func() {
		g.line("if %s then", g.expr(2))
		g.block(2)
		g.line("%s end", leave)
		g.stmt()
	})
	g.line("%s", end)
	g.loops = loops
}

// repeating is a loop that ends with a jump back.
func (g *generator) repeating() {
	g.names++
	count, loops := fmt.Sprintf("n%d", g.names), g.loops
	g.loops = 0
	g.line("do local %s = 0", count)
	if g.gotos {
		g.line("::%s::", count)
	} else {
		g.line("repeat")
	}
	g.line("%[1]s = %[1]s + 1", count)
	g.loopBody(func() {
		condition := fmt.Sprintf("(%s < 4 and G() and (%s))", count, g.expr(2))
		if g.gotos {
			g.line("if %s then goto %s end", condition, count)
		} else {
			g.line("until not %s", condition)
		}
	})
	g.line("end")
	g.loops = loops
}

// loopBody writes statements, and an end that sees their variables.
func (g *generator) loopBody(end func()) {
	known := len(g.vars)
	g.depth++
	for range 1 + g.Intn(4) {
		g.stmt()
	}
	end()
	g.depth--
	g.vars = g.vars[:known]
}

func (g *generator) ifStmt() {
	g.line("if %s then", g.expr(3))
	g.block(3)
	for range g.Intn(2) {
		g.line("elseif %s then", g.expr(2))
		g.block(3)
	}
	if g.Intn(2) == 0 {
		g.line("else")
		g.block(3)
	}
	g.line("end")
}

// loop's tail sees the body's variables only by accident of names.
func (g *generator) loop(head, tail string) {
	g.line("%s", head)
	g.loops++
	known := len(g.vars)
	g.depth++
	for range 1 + g.Intn(4) {
		g.stmt()
	}
	if g.Intn(5) == 0 && !strings.HasPrefix(tail, "do") {
		g.line("if %s then", g.expr(1))
		g.block(3)
		g.line("do break end end")
	}
	g.depth--
	g.loops--
	g.line("%s", tail)
	g.vars = g.vars[:known]
}

func (g *generator) namedFunction() {
	name := g.fresh()
	head := fmt.Sprintf("local function %s", name)
	if g.Intn(2) == 0 {
		head = fmt.Sprintf("local %s = function", name)
	}
	g.function(head, 4)
	g.vars = append(g.vars, name)
	g.line("if type(%s) == 'function' then P(%s(%s)) end", name, name, g.exprs(3))
	g.line("%s = %s", name, g.expr(1))
}

func (g *generator) function(head string, stmts int) {
	known, loops, vararg := len(g.vars), g.loops, g.vararg
	params := make([]string, g.Intn(3))
	for i := range params {
		params[i] = fmt.Sprintf("p%d_%d", g.depth, i)
	}
	g.vars = append(g.vars, params...)
	g.loops, g.vararg = 0, g.Intn(2) == 0
	if g.vararg {
		params = append(params, "...")
	}
	g.line("%s(%s)", head, strings.Join(params, ", "))
	g.block(stmts)
	if g.Intn(3) == 0 {
		g.line("if %s then return %s end", g.expr(2), g.exprs(3))
	}
	g.line("return %s end", g.exprs(3))
	g.vars, g.loops, g.vararg = g.vars[:known], loops, vararg
}

// exprs is a list of up to n expressions, the last of which may be many.
func (g *generator) exprs(n int) string {
	list := make([]string, g.Intn(n+1))
	for i := range list {
		list[i] = g.expr(2)
	}
	if len(list) > 0 && g.Intn(3) == 0 {
		list[len(list)-1] = g.last()
	}
	return strings.Join(list, ", ")
}

// last is an expression with any number of values.
func (g *generator) last() string {
	call := g.pick(
		fmt.Sprintf("T(%s, %s)", g.expr(1), g.expr(1)), fmt.Sprintf("O:m(%s)", g.expr(1)),
		fmt.Sprintf("O.f(%s, %s)", g.expr(1), g.variable()), "O.f()", "(T(1, 2))")
	if g.vararg && g.Intn(2) == 0 {
		return g.pick("...", "(...)", "O.f(...)")
	}
	return call
}

func (g *generator) expr(n int) string {
	if n == 0 {
		return g.atom()
	}
	a, b := func() string { return g.expr(n - 1) }, func() string { return g.expr(n - 1) }
	switch g.Intn(19) {
	case 0, 1, 2:
		return fmt.Sprintf("(%s %s %s)", a(), g.pick("and", "or"), b())
	case 3, 4:
		return fmt.Sprintf("%s and %s or %s", a(), b(), g.atom())
	case 5:
		return fmt.Sprintf("(%s or %s) and %s", a(), b(), g.atom())
	case 6:
		return fmt.Sprintf("not %s", g.atom())
	case 7:
		return fmt.Sprintf("not (%s)", a())
	case 8, 9:
		return fmt.Sprintf("(N(%s) %s N(%s))", a(), g.pick("+", "-", "*", "/", "<", "<=", ">", ">=", "==", "~="), b())
	case 10:
		return fmt.Sprintf("(%s %s %s)", a(), g.pick("==", "~="), b())
	case 11:
		return fmt.Sprintf("S(%s) .. %s .. S(%s)", a(), g.pick("1 ..'a'", "'s'", "S(g1)"), b())
	case 12:
		return fmt.Sprintf("T(%s)", a())
	case 13:
		return fmt.Sprintf("(%s)", g.last())
	case 14:
		return fmt.Sprintf("D({%s})", g.fields())
	case 15:
		return fmt.Sprintf("O:m(%s)", g.exprs(2))
	case 16:
		return fmt.Sprintf("%s[%s]", g.table(), g.key())
	case 17:
		return g.constant()
	}
	v := g.variable()
	return fmt.Sprintf("(function(...) %s = %s return %s end)(%s)", v, g.atom(), g.pick("...", v, "(...)", "T(...)"), g.exprs(2))
}

// constant is what the compiler may fold.
func (g *generator) constant() string {
	num := func() string { return g.pick("2", "3", "0.5", "7", "-3", "1e3", "0x10", "0010") }
	return fmt.Sprintf("(%s %s %s %s %s)", num(), g.pick("+", "-", "*", "/", "%", "^"), num(),
		g.pick("+", "-", "*", "<", "=="), num())
}

func (g *generator) fields() string {
	var list []string
	for range g.Intn(4) {
		list = append(list, g.pick(g.expr(1), "x = "+g.expr(1), fmt.Sprintf("[%s] = %s", g.pick("'y'", "'z'", "100"), g.expr(1))))
	}
	if g.Intn(6) == 0 {
		list = append(list, strings.Repeat("0, ", 48+g.Intn(3))+"1")
		list = append(list, g.pick("x = "+g.expr(1), g.expr(1), "2"))
	}
	if g.Intn(3) == 0 {
		list = append(list, g.last())
	}
	if g.Intn(6) == 0 {
		list = append(list, "z = "+g.last())
	}
	return strings.Join(list, g.pick(", ", "; "))
}

func (g *generator) atom() string {
	switch g.Intn(8) {
	case 0:
		return g.pick("nil", "true", "false")
	case 1:
		return g.pick("0", "1", "2.5", "1e2", "0x1F", "-1")
	case 2:
		return g.pick(`"a"`, `'b\65\n'`, "[[c]]", "[==[]]\nd]==]")
	}
	return g.variable()
}

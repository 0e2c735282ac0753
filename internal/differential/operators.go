package differential

import "fmt"

// Operators on values of all types, and where the values come from, because the messages
// name that: locals, upvalues, globals, fields, methods, arguments and results.

const operands = `
local l1, l2, l3 = %s, %s, %s
local function id(...) return ... end
G1, G2, G3 = %s, %s, nil
local t = { x = %s, y = %s, 10, 20, 30, [-1] = "minus", [2.5] = "half", t = { z = %s } }
function t:m(...) return ... end
`

func (g *generator) operators() {
	v := g.literal
	g.line(operands, v(), v(), v(), v(), v(), v(), v(), v())
	for range 25 {
		g.operation()
	}
}

func (g *generator) operation() {
	switch g.Intn(14) {
	case 0:
		g.line("try(function() local p, q = %s, %s return %s end)", g.literal(), g.literal(), g.formula(2, "p", "q"))
	case 1:
		g.line("try(function(...) local p, q = ... return %s end, %s, %s)", g.formula(2, "p", "q", "(...)"), g.literal(), g.literal())
	case 2:
		g.line("try(function() for i = %s, %s, %s do show(i) break end end)", g.bound(), g.bound(), g.bound())
	case 3:
		g.line("try(function() %s[%s] = %s return %s end)", g.container(), g.operand(), g.literal(), g.operand())
	case 4:
		g.line("try(function() %s.n.m = %s end)", g.container(), g.literal())
	case 5:
		g.line("try(function() return %s(%s) end)", g.pick("l1", "G1", "G3", "t.x", "t.none", "t.t.z", "t:x", "t:none", "G3.x", "(l2)", "id()", "('x')", "t[1]"), g.literal())
	case 6:
		g.line("try(function() return %s end)", g.pick("#l1", "#G1", "#t.x", "#{ 1, 2 }", "-l1", "-G2", "-t.y", "- -l2", "not l1", "not not G2", "-id()", "#id()", "#'abc'", "-'2'", "-'x'"))
	case 7:
		g.line("try(function() if %s then return %q else return %q end end)", g.formula(2), "yes", "no")
	case 8:
		g.line("try(function() local r = 0 while r < 3 and (%s) do r = r + 1 end return r end)", g.formula(1))
	case 9:
		g.line("try(function() local a = { %s, x = %s, %s } return a[1], a.x, a[2], #a end)", g.operand(), g.operand(), g.value())
	case 10:
		g.line("try(function() G3 = %s return G3 end) G3 = nil", g.formula(3))
	default:
		g.line("try(function() return %s end)", g.formula(3))
	}
}

// literal is a value of any type.
func (g *generator) literal() string {
	if g.Intn(3) == 0 {
		return g.pick("nil", "true", "false", "{}", "print", `"abc"`, `""`, `"10"`, `"0x10"`, `" 5 "`, `"1e2"`, `"5x"`, `"1_0"`, `"-3"`, `"\0"`, `"nan"`, `"inf"`)
	}
	return g.number()
}

// number has no 0: lua5.1 takes the constants 0 and -0 of a function for the same one.
func (g *generator) number() string {
	if g.Intn(4) == 0 {
		return fmt.Sprint(1+g.Intn(1000), g.pick("", ".5", ".25", ".1", "e3", "e-3"))
	}
	return g.pick("ZERO", "-ZERO", "1", "-1", "2", "3", "0.5", "-0.5", "0.1", "1/3", "1e15", "1e14", "123456789012345", "1e100", "-1e100", "1e-100", "1e308",
		"2^53", "2^31", "-2^31", "2^32", "1/0", "-1/0", "0/0", "0x10", "0xff", "1e300", "5e-324", "100", "255", "3.14159265358979")
}

func (g *generator) bound() string {
	return g.pick("1", "3", "ZERO", "-2", "0.5", "'2'", "'x'", "nil", "{}", "1/0", "-1/0", "10", "l1", "t.x", "-1", "'0x3'")
}

func (g *generator) container() string {
	return g.pick("t", "t", "l1", "l2", "G1", "G3", "t.t", "t.x", "t.none", "t[1]", "id(t)", "id()", "('s')")
}

// operand is an expression without operators.
func (g *generator) operand() string {
	switch g.Intn(4) {
	case 0:
		return g.literalOperand()
	case 1:
		return g.value()
	}
	return g.pick("l1", "l2", "l3", "G1", "G2", "G3", "t.x", "t.y", "t.none", "t.t.z", "t[1]", "t[l1]", "t[G1]", "t[-1]")
}

// literalOperand is in parentheses where an operator in front would change it.
func (g *generator) literalOperand() string {
	return "(" + g.literal() + ")"
}

// value is the result of a call.
func (g *generator) value() string {
	return fmt.Sprintf(g.pick("id(%s)", "(id(%s))", "t:m(%s)", "tostring(%s)", "type(%s)", "tonumber(%s)", "select('#', %s)"), g.literal())
}

// formula is an expression with up to n levels of operators; names may be operands, too.
func (g *generator) formula(n int, names ...string) string {
	if n == 0 {
		if len(names) > 0 && g.Intn(2) == 0 {
			return g.pick(names...)
		}
		return g.operand()
	}
	a, b := g.formula(g.Intn(n), names...), g.formula(g.Intn(n), names...)
	switch g.Intn(9) {
	case 0, 1, 2:
		return fmt.Sprintf("%s %s %s", a, g.pick("+", "-", "*", "/", "%", "^"), b)
	case 3:
		return fmt.Sprintf("(%s %s %s)", a, g.pick("+", "-", "*", "/", "%", "^", ".."), b)
	case 4:
		return fmt.Sprintf("%s .. %s", a, b)
	case 5:
		return fmt.Sprintf("(%s %s %s)", a, g.pick("==", "~=", "<", "<=", ">", ">="), b)
	case 6:
		return fmt.Sprintf("(%s %s %s)", a, g.pick("and", "or"), b)
	case 7:
		return fmt.Sprintf("%s%s", g.pick("- ", "not ", "#"), a)
	}
	return fmt.Sprintf("%s %s %s", a, g.pick("and", "or", "==", "..", "-"), b)
}

package differential

import "fmt"

// Calculations in loops. Numbers are copied to all places that can hold one, and the places
// are changed after that: a copy must not change with them.

const numberHelpers = `
local a, b, c, d = 1, 2.5, -3, 100
local t, u, fs, saved = { 1, 2, 3, 4, 5, 6, 7, f = 0 }, {}, {}, {}
local function small(x) if x ~= x or x > 1e9 or x < -1e9 then return 17 end return x end
local function up() a = a + 1 return a end
local function swap(x, y) return y, x end
local function sum(...) local s = 0 for i = 1, select("#", ...) do s = s + (select(i, ...)) end return s end
local function change(x) x = x + 1 x = x * 2 return x end
local co = coroutine.wrap(function(x) while true do local y = x + 1 x = coroutine.yield(y) end end)
local obj = setmetatable({ n = 0 }, { __add = function(x, y) return 7 end, __index = function(o, k) return #k end })
function obj:add(x) self.n = self.n + x return self.n end
`

func (g *generator) numbers() {
	g.out.WriteString(numberHelpers)
	for range 3 {
		g.line("for i = %s do", g.pick("1, 40", "40, 1, -1", "0, 4, 0.125", "1, 3", "-20, 20, 3"))
		g.vars = []string{"a", "b", "c", "d", "i"}
		g.calculations(5)
		g.line("  a, b, c, d = small(a), small(b), small(c), small(d)")
		g.line("end")
		g.line("show(a, b, c, d, #saved, #fs)")
	}
	g.line("for i = 1, 7 do show(t[i]) end show(t.f, obj.n)")
	g.line("for i = 1, #saved, %d do show(saved[i]) end", 1+g.Intn(4))
	g.line("for i = 1, #fs do show(fs[i]()) end for i = 1, #fs do show(fs[i]()) end")
	g.line("show(('%%.17g %%.17g'):format(a, b), sum(unpack(saved)) == sum(unpack(saved)))")
}

func (g *generator) calculations(n int) {
	known := len(g.vars)
	g.depth++
	for range 2 + g.Intn(n) {
		g.calculation()
	}
	g.depth--
	g.vars = g.vars[:known]
}

// place is what can be assigned to; i is the loop's.
func (g *generator) place() string {
	for {
		if v := g.vars[g.Intn(len(g.vars))]; v != "i" || g.Intn(4) == 0 {
			return v
		}
	}
}

func (g *generator) term() string {
	return g.pick(g.vars[g.Intn(len(g.vars))], g.vars[g.Intn(len(g.vars))], g.pick("1", "2", "0.5", "3", "-1", "10", "1e3"), g.pick("t[1]", "t[3]", "t.f", "t[i % 7 + 1 - (i % 1)]", "up()", "change(a)", "co(b)", "obj + 1", "obj:add(1)", "#saved", "(swap(a, b))", "sum(a, b, c)", "-c", "math.floor(b)"))
}

func (g *generator) sumOf() string {
	switch g.Intn(4) {
	case 0:
		return g.term()
	case 1:
		return fmt.Sprintf("(%s %s %s) %s %s", g.term(), g.pick("+", "-", "*"), g.term(), g.pick("+", "-", "*", "%"), g.pick("3", "7", g.term()))
	}
	return fmt.Sprintf("%s %s %s", g.term(), g.pick("+", "-", "*", "/", "+", "-"), g.term())
}

func (g *generator) calculation() {
	choices := 17
	if g.depth > 2 {
		choices = 13
	}
	switch x, y := g.place(), g.place(); g.Intn(choices) {
	case 0, 1, 2:
		g.line("%s = %s", x, g.sumOf())
	case 3:
		g.line("%s, %s = %s, %s", x, y, g.sumOf(), g.sumOf())
	case 4:
		g.names++
		v := fmt.Sprintf("k%d", g.names)
		g.line("local %s = %s", v, g.sumOf())
		g.vars = append(g.vars, v)
	case 5:
		g.line("if #saved < 60 then saved[#saved + 1] = small(%s) end", g.term())
	case 6:
		g.line("if #fs < 12 then local k = small(%s) fs[#fs + 1] = function() k = k + %s return k end end", g.term(), g.pick("1", "k", "0.5"))
	case 7:
		g.line("t[%s] = small(%s)", g.pick("1", "2", "3", "4", "5"), g.sumOf())
	case 8:
		g.line("t.f = small(%s) %s = t.f", g.sumOf(), x)
	case 9:
		g.line("%s, %s = swap(small(%s), small(%s))", x, y, g.term(), g.term())
	case 10:
		g.line("%s = select(2, pcall(change, small(%s)))", x, g.term())
	case 11:
		g.line("u = { %s, %s, %s } %s = u[%d] %s = u[1]", g.term(), g.term(), g.sumOf(), x, 1+g.Intn(3), y)
	case 12:
		g.line("%s = tonumber(%s .. '') or 0", x, g.pick("i", "#saved", "(a - a % 1) % 1000"))
	case 13:
		g.line("for j = 1, %s do", g.pick("3", "2, 0.5", "i % 4", "-1"))
		g.vars = append(g.vars, "j")
		g.calculations(2)
		g.vars = g.vars[:len(g.vars)-1]
		g.line("end")
	case 14:
		g.line("if %s %s %s then", g.term(), g.pick("<", "<=", ">", "==", "~=", ">="), g.term())
		g.calculations(2)
		g.line("else")
		g.calculations(2)
		g.line("end")
	case 15:
		g.line("local n = %d while n > 0 do n = n - 1", 1+g.Intn(3))
		g.calculations(2)
		g.line("end")
	case 16:
		g.line("do local keep = { small(%s), small(%s) } %s = small(%s) + 1 show(keep[1], keep[2]) end", x, y, x, x)
	}
}

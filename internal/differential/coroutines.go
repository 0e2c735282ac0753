package differential

import "fmt"

// Coroutines that yield in loops, nested calls and other coroutines, but not across a
// call from C, which lua5.1 cannot.

const coroutineHelpers = `
local yield, wrap, create, resume, status = coroutine.yield, coroutine.wrap, coroutine.create, coroutine.resume, coroutine.status
local function deep(n, ...) if n == 0 then return yield(...) end local function last(...) return ... end return last(deep(n - 1, ...)) end
local function tail(...) return yield(...) end
local function drive(f, n, ...)
  local co = create(f)
  for i = 1, n do
    show(resume(co, i, ...))
    show(status(co))
    if status(co) == "dead" then break end
  end
  show(resume(co, "again"))
end
local function range(n) return wrap(function() for i = 1, n do yield(i, i * i) end end) end
local self
`

func (g *generator) coroutines() {
	g.out.WriteString(coroutineHelpers)
	for range 6 {
		g.line("drive(function(a, ...)")
		g.names, g.vars = 0, []string{"a"}
		g.body(6)
		g.line("end, %d, %s)", 2+g.Intn(8), g.pick("nil", "'x'", "1, 2", "{}"))
	}
	for range 5 {
		g.line("%s", g.pick(
			"try(yield, 1)", "try(resume, 1)", "try(create, 1)", "try(wrap)", "try(status, nil)", "try(wrap(function() error('in wrap') end))",
			"try(wrap(function() error({}) end))", "try(wrap(function() local x = nil + 1 end))", "try(function() local w = wrap(function() end) w() w() end)",
			"show(coroutine.running())", "show(resume(create(print)))", "show(resume(create(function(...) return ... end), 1, nil, 3, nil))",
			"show(type(create(print)), tostring(create(print)):match('^thread: ') ~= nil)",
			"self = create(function() show(resume(self)) show(status(self)) return coroutine.running() == self end) show(resume(self))",
			"self = wrap(function() self() end) try(self)", "show(select('#', resume(create(function() return yield() end))))",
			"for i, j in range(3) do show(i, j) end", "show(wrap(function(...) return select('#', ...) end)(nil, nil))",
			"local co = create(function() local ok, e = pcall(error, 'p') yield(ok, e) error('q', 0) end) show(resume(co)) show(resume(co)) show(resume(co)) show(status(co))",
			"local co co = create(function() yield(status(co)) end) show(status(co), resume(co)) show(status(co))",
			"local a, b a = create(function() resume(b) end) b = create(function() show(status(a), status(b)) end) resume(a) show(status(a), status(b))",
		))
	}
}

// body is what a coroutine does.
func (g *generator) body(n int) {
	known := len(g.vars)
	g.depth++
	for range 1 + g.Intn(n) {
		g.step()
	}
	g.depth--
	g.vars = g.vars[:known]
}

func (g *generator) values() string {
	return g.several(3, ", ", func() string { return g.pick("1", "'s'", "nil", "true", "a", g.vars[g.Intn(len(g.vars))], "2.5") })
}

func (g *generator) step() {
	choices := 14
	if g.depth > 3 {
		choices = 7
	}
	name := func() string { g.names++; return fmt.Sprintf("c%d", g.names) }
	switch g.Intn(choices) {
	case 0, 1:
		a, b := name(), name()
		g.line("local %s, %s = %s(%s)", a, b, g.pick("yield", "yield", "tail"), g.values())
		g.vars = append(g.vars, a, b)
	case 2:
		g.line("show(%s)", g.values())
	case 3:
		g.line("show(yield(%s))", g.values())
	case 4:
		g.line("show(deep(%d, %s))", g.Intn(4), g.pick("1", "a", "nil, 2"))
	case 5:
		g.line("local t = { yield(%s), x = yield(%s), (yield(1)), yield(%s) } show(#t, t.x, t[1])", g.pick("1", "a"), g.values(), g.pick("2", "a"))
	case 6:
		g.line("if a == %d then %s end", g.Intn(3), g.pick("yield('if')", "return "+g.pick("1", "yield(2)", "a, a"), "error('stop')", "error({})", "error()", "error('top', 0)", "error('up', 2)", "local x = a.b.c"))
	case 7:
		g.line("for i = 1, %d do", 1+g.Intn(3))
		g.body(3)
		g.line("end")
	case 8:
		g.line("for i, j in range(%d) do show(i, j)", g.Intn(4))
		g.body(2)
		g.line("end")
	case 9:
		g.line("local n = 0 while n < 2 do n = n + 1")
		g.body(2)
		g.line("end")
	case 10:
		g.line("do local inner = wrap(function(...)")
		g.body(3)
		g.line("end) show(inner(%s)) show(pcall(inner, 'second')) end", g.values())
	case 11:
		g.line("local f = function(...) yield(...)")
		g.body(2)
		g.line("end show(f(%s))", g.values())
	case 12:
		v := name()
		g.line("local %s = 0 local function up() %s = %s + 1 yield(%s) return up end up()", v, v, v, v)
		g.vars = append(g.vars, v)
	case 13:
		g.line("show(pcall(function() %s end))", g.pick("error('inside')", "return a.b.c", "error({})", "return 1, 2", "return resume(create(function() yield(7) end))"))
	}
}

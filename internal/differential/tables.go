package differential

// The table library, on tables without holes, and calculations of the math library.

const tableHelpers = `
local function dump(t)
  local keys = {}
  for k in pairs(t) do keys[#keys + 1] = tostring(k) end
  table.sort(keys)
  local s = {}
  for i, k in ipairs(keys) do s[i] = k .. "=" .. tostring(t[tonumber(k) or k]) end
  show(table.concat(s, " "))
end
local function list(n, f) local t = {} for i = 1, n do t[i] = f and f(i) or i * 7 % 11 end return t end
local function order(a, b) if type(a) == type(b) then return a < b end return type(a) < type(b) end
`

func (g *generator) tableLibrary() {
	g.out.WriteString(tableHelpers)
	for range 6 {
		g.line("do local t = %s", g.pick("{}", "{ 5 }", "list(10)", "list(50)", "{ 'b', 'a', 'c' }", "{ 3, 1, 2, x = 9 }", "list(7, function(i) return ('z'):rep(i) end)", "{ 1, 'a', 2.5, true }"))
		for range 5 {
			g.line("  %s", g.tableCall())
			g.line("  dump(t)")
		}
		g.line("end")
	}
	for range 12 {
		g.line("try(math.%s, %s)", g.pick("abs", "ceil", "floor", "sqrt", "modf", "frexp", "deg", "rad"), g.number())
		g.line("try(math.%s, %s, %s)", g.pick("fmod", "max", "min", "mod", "max", "min"), g.number(), g.number())
	}
	g.line("math.randomseed(%d) show(math.random() < 1, math.random(5) <= 5, math.random(3, 4) >= 3) try(math.random, %s) try(math.random, %s, %s)", g.Intn(100), g.pick("0", "-1", "'x'"), g.pick("3", "2"), g.pick("1", "0", "{}"))
	for range 4 {
		g.line("show(os.time{ year = %d, month = %d, day = %d, hour = %d, min = %d, sec = %d })", 1970+g.Intn(68), g.Intn(20)-3, g.Intn(50)-5, g.Intn(30)-2, g.Intn(100)-20, g.Intn(100)-20)
		g.line("show(os.date('%s%%%s', %d))", g.pick("!", ""), g.pick("a", "A", "b", "B", "c", "d", "H", "I", "j", "m", "M", "p", "S", "U", "w", "W", "x", "X", "y", "Y", "%", "D", "F", "T", "e", "n"), g.Intn(2000000000))
		g.line("dump(os.date('%s*t', %d))", g.pick("!", ""), g.Intn(2000000000))
	}
}

func (g *generator) tableCall() string {
	at := g.pick("1", "2", "#t", "#t + 1", "3", "'1'")
	return fill(g.pick("table.insert(t, $2)", "table.insert(t, math.min($1, #t + 1), $2)", "show(table.remove(t))", "show(table.remove(t, math.max(1, math.min($1, #t))))", "try(table.sort, t)", "try(table.sort, t, order)",
		"try(table.sort, t, function(a, b) return order(b, a) end)", "try(table.concat, t)", "try(table.concat, t, ', ')", "try(table.concat, t, '-', 2)", "try(table.concat, t, '-', 2, #t)", "try(table.concat, t, '', 1, 100)", "show(#t, table.getn(t), table.maxn(t))",
		"show(unpack(t))", "show(unpack(t, 2))", "show(unpack(t, 2, 5))", "show(unpack(t, -1, 1))", "show(select(-1, 0, unpack(t)))", "show(next({}), next({ 5 }))", "table.foreachi(t, function(i, v) show(i, v) end)", "show(table.foreach(t, function(k, v) return nil end))",
		"show(table.foreachi(t, function(i, v) if i == 2 then return v end end))", "for i, v in ipairs(t) do show(i, v) if i > 3 then break end end", "t[#t + 1] = $2", "t[#t] = nil", "t.y = $2", "t.x = nil", "show(rawequal(t, t), rawget(t, 1), #t)", "for k in pairs(t) do t[k] = nil end",
		"t[-1] = $2", "t[2.5] = $2 t[2.5] = nil", "t[1e15] = $2 t[1e15] = nil"), at, g.pick("1", "'v'", "2.5", "100", "true", "-7"))
}

package differential

import (
	"fmt"
	"regexp"
	"strings"
)

// Sources that are nearly right: tokens of a program are removed, doubled, swapped or
// replaced. What is compared is whether it compiles, and the message.

// luaToken is a token or blanks. The generated programs have no others.
var luaToken = regexp.MustCompile(`\s+|[A-Za-z_]\w*|0x\w+|\d[\w.]*|\.\d+|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\[=*\[|\]=*\]|\.\.\.|\.\.|[=~<>]=|.`)

func (g *generator) broken() {
	g.block(6)
	source := g.out.String()
	g.out.Reset()
	g.line("local function compile(s, name) local f, e = loadstring(s, name) show(f and 'compiles' or (e:gsub('%%c', ' '))) end")
	tokens := luaToken.FindAllString(source, 60+g.Intn(60))
	for range 15 {
		g.line("compile(%s, '=x')", quoted(strings.Join(g.damaged(tokens), "")))
	}
	g.line("compile(%s%s)", quoted(strings.Join(g.damaged(tokens), "")), g.pick("", ", 'name'", ", '@file.lua'", ", '@'", ", '='"))
	for range 8 {
		g.line("compile(%s, '=x')", g.fragment())
	}
}

func (g *generator) damaged(tokens []string) []string {
	list := append([]string{}, tokens...)
	for range 1 + g.Intn(2) {
		i, j := g.Intn(len(list)), g.Intn(len(list))
		switch g.Intn(5) {
		case 0:
			list[i] = ""
		case 1:
			list[i] += " " + list[i]
		case 2:
			list[i], list[j] = list[j], list[i]
		case 3:
			list[i] = g.token()
		case 4:
			list[i] += " " + g.token() + " "
		}
	}
	if g.Intn(3) == 0 {
		list = list[:1+g.Intn(len(list))]
	}
	return list
}

func (g *generator) token() string {
	return g.pick("and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
		"+", "-", "*", "/", "%", "^", "#", "==", "~=", "<=", ">=", "<", ">", "=", "(", ")", "{", "}", "[", "]", ";", ":", ",", ".", "..", "...", "x", "1", "'s'", "0x1F", "~", "!", "@", "&", "$", "?", "1..2", "3x", "0x", "'open", "]]", "--", "--[[", "\\", "`", "1e", "\"a\\q\"", "'\\300'", "[=")
}

// fragment is a short source, for messages that damaged programs hardly show.
func (g *generator) fragment() string {
	return quoted(g.pick("x", "x = ", "x = 1 2", "x = 'a", "x = \"a\nb\"", "x = [[a", "x = [==[a]=]", "--[[a", "for", "for i", "for i = 1 do end", "for i = 1, 2, 3, 4 do end", "for i, j = 1, 2 do end", "for 1 in x do end", "if x", "if x then", "if x then else elseif y then end",
		"while x", "repeat x() until", "function", "function f", "function f(", "function f(a,) end", "function f(..., a) end", "function f.g:h.i() end", "local", "local 1", "local function", "local function a.b() end", "return return", "return 1 x = 2", "break", "break x = 1", "f(", "f(1,", "f(1 2)",
		"a.1 = 2", "a.b", "a:b", "a:b = 1", "a[1", "a[]", "{}", "x = {", "x = { 1", "x = { 1 2 }", "x = { [1] }", "x = { a = }", "x = 3x", "x = 0xg", "x = 1e", "x = 1..2", "x = 1.2.3", "x = '\\400'", "x = '\\xag'", "x = ...", "function f() return ... end", "(f)", "(f())", "f() = 1", "f\n(1)", "x = a\n(b)", "'x'",
		"1 = 2", "nil = 1", "and", "x = and", "x = not", "x = -", "x = 1 +", "x == 1", "x = = 1", "x ~ 1", "x != 1", "x += 1", "goto = 1", "goto x", "::x::", "a, b", "a, b = ", "a, f() = 1, 2", "local a, b, = 1", "local a = 1,", ";", "x = 1;;", "do", "do end end", "end", "else", "until x", "]]", "x = ]]", "x = }", "\\", "#", "# comment",
		"#!/usr/bin/lua\nx = = 1", "x = @", "x = $1", "x = \"a\\\nb\" = 1", "x\n=\n=\n1", "if x then\nx = 1\n", "while 1 do\n\n\nfor i = 1, 2 do\nend", "f(\n1,\n2\n", "x = {\n1,\n2,\n", "function f()\nif x then\nend\n", "\200 = 1", "x = 'a\\0b' y", "x = '"+strings.Repeat("long ", 30)+"' y", strings.Repeat("y", 100)+" z", "return '"+strings.Repeat("w", 90)))
}

// quoted is a text as a string of Lua, on one line.
func quoted(text string) string {
	var out strings.Builder
	for _, c := range []byte(text) {
		switch {
		case c == '"' || c == '\\':
			out.WriteString("\\" + string(c))
		case c < ' ' || c > '~':
			fmt.Fprintf(&out, "\\%03d", c)
		default:
			out.WriteByte(c)
		}
	}
	return `"` + out.String() + `"`
}

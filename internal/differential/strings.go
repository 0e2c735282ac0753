package differential

import (
	"fmt"
	"strings"
)

// The string library: patterns and subjects, formats and values, and conversions.

func (g *generator) stringLibrary() {
	g.line("local function all(s, p) local n = 0 for a, b, c in s:gmatch(p) do show(a, b, c) n = n + 1 if n > 9 then break end end end")
	for range 30 {
		g.line("%s", g.stringCall())
	}
}

func (g *generator) stringCall() string {
	s, p := g.subject(), g.pattern()
	switch g.Intn(16) {
	case 0, 1:
		return fmt.Sprintf("try(string.find, %s, %s%s)", s, p, g.pick("", "", ", 2", ", -2", ", 10", ", 1, true", ", nil, true"))
	case 2, 3:
		return fmt.Sprintf("try(string.match, %s, %s%s)", s, p, g.pick("", "", ", 3", ", -1"))
	case 4:
		return fmt.Sprintf("try(all, %s, %s)", s, p)
	case 5, 6:
		return fmt.Sprintf("try(string.gsub, %s, %s, %s%s)", s, p, g.replacement(), g.pick("", "", ", 1", ", 0", ", -1", ", 2"))
	case 7, 8, 9, 10:
		return fmt.Sprintf("try(string.format, %s)", g.format())
	case 11:
		return fmt.Sprintf("show((%s):sub(%s, %s), (%s):byte(%s, %s))", s, g.index(), g.index(), s, g.index(), g.index())
	case 12:
		return fmt.Sprintf("show(tostring(%s), %s .. '|')", g.number(), g.printedNumber())
	case 13:
		return fmt.Sprintf("show(tonumber(%s%s))", g.numeral(), g.pick("", "", ", 10", ", 16", ", 2", ", 36", ", 8"))
	case 14:
		return fmt.Sprintf("show((%s):%s)", s, g.pick("upper()", "lower()", "reverse()", "len()", "rep(3)", "rep(0)", "rep(-1)", "rep('2')"))
	}
	return fmt.Sprintf("try(table.concat, { %s, %s, %s }, %s)", g.printedNumber(), s, g.printedNumber(), g.pick("','", "''", "1", "0.1", "nil"))
}

func (g *generator) printedNumber() string { return "(" + g.number() + ")" }

func (g *generator) index() string {
	return g.pick("0", "1", "2", "-1", "-2", "5", "-5", "100", "-100", "1.5", "'2'")
}

func (g *generator) subject() string {
	var text strings.Builder
	for range g.Intn(9) {
		text.WriteString(g.pick("a", "b", "ab", "aa", "1", "23", " ", "\\n", "(", ")", "[", "]", "%", ".", "-", "_", "A", "Z", "x=1", "key", "\\200", "\\255", "\\t", "^", "$"))
	}
	return `"` + text.String() + `"`
}

// pattern is mostly a right one. It is short, because some take any time.
func (g *generator) pattern() string {
	var text strings.Builder
	text.WriteString(g.pick("", "", "", "^"))
	open := 0
	for range 1 + g.Intn(4) {
		if g.Intn(5) == 0 {
			text.WriteString("(")
			open++
		}
		text.WriteString(g.pick("a", "b", ".", "%a", "%d", "%s", "%w", "%p", "%u", "%l", "%c", "%x", "%z", "%A", "%D", "%S", "%W", "[ab]", "[^a]", "[a-c]", "[%w_]", "[]]", "[^]]", "[%a-]", "[a-]", "%(", "%.", "%%", "%b()", "%f[%w]", "%f[^%w]",
			"1", "\\200", "x", "()", "%1", "$", "^", "-", "%", "[", "%f", "%b", "[a", "[%", "=", ")"))
		text.WriteString(g.pick("", "", "", "*", "+", "-", "?"))
		if open > 0 && g.Intn(2) == 0 {
			text.WriteString(")")
			open--
		}
	}
	if g.Intn(9) > 0 {
		text.WriteString(strings.Repeat(")", open))
	}
	text.WriteString(g.pick("", "", "", "$"))
	return `"` + text.String() + `"`
}

func (g *generator) replacement() string {
	return g.pick("'x'", "''", "'<%0>'", "'%1'", "'%2%1'", "'%%'", "'%9'", "'%a'", "{ a = 'A', b = false, ab = 1 }", "function(a, b) return b or a end", "function() end", "function(...) show(...) return 1 end",
		"function() return {} end", "function() error('in gsub') end", "function() return false end", "nil", "5", "true", "setmetatable({}, { __index = function(_, k) return '<' .. tostring(k) .. '>' end })")
}

func (g *generator) format() string {
	format, args := "", ""
	for range 1 + g.Intn(2) {
		flags := g.pick("", "", "", "-", "0", "+", " ", "#", "-0", "+-", " 0")
		width := g.pick("", "", "", "5", "10", "1", "20", "100")
		precision := g.pick("", "", "", ".0", ".3", ".10", ".", ".99")
		switch kind := g.pick("d", "i", "u", "c", "x", "X", "o", "e", "E", "f", "g", "G", "q", "s", "s", "%", "y", "", "a"); kind {
		case "d", "i", "c", "e", "E", "f", "g", "G":
			format += "%" + flags + width + precision + kind
			args += ", " + g.pick("0", "1", "-1", "65", "97", "123", "-45", "1000000", "2147483647", "'12'", "'x'", "nil", "{}", "3.0")
			if kind == "c" { // a zero byte ends what C formats
				args = strings.Replace(args, ", 0", ", 64", 1)
			}
			if strings.Contains("eEfgG", kind) {
				args = args[:strings.LastIndex(args, ",")] + ", " + g.number()
			}
		case "x", "X", "o", "u":
			format += "%" + flags + width + precision + kind
			args += ", " + g.pick("0", "1", "255", "65535", "4294967295", "123456", "'16'", "1e10", "true")
		case "q":
			format += "%q"
			args += ", " + g.pick(g.subject(), `"a\0b\r\n\\\""`, "5", "nil", "{}")
		case "s":
			format += "%" + flags + width + precision + kind
			args += ", " + g.pick(g.subject(), g.number(), "nil", "true", "setmetatable({}, { __tostring = function() return 'obj' end })")
		case "a": // not of Lua 5.1's, but of C's
			format += "%%"
		default:
			format += "%" + flags + width + precision + kind
		}
		format += g.pick("", "|", " ", "a")
	}
	if g.Intn(12) == 0 {
		args = ""
	}
	return `"` + format + `"` + args
}

func (g *generator) numeral() string {
	return g.pick("'10'", "'0x1F'", "'1e5'", "' 12 '", "'12a'", "''", "' '", "'-5'", "'- 5'", "'+5'", "'.5'", "'5.'", "'.'", "'0x'", "'1e'", "'z'", "'Zz'", "'-ff'", "'101'", "'ff'", "'1_000'", "'inf'", "'nan'", "'0b1'", "'1 2'", "'\\n7\\t'",
		"'1e400'", "'0x1p4'", "'99999999999999999999'", "12", "1.5", "nil", "true", "{}", "'7fffffff'", "'ffffffff'", "'1.5e-3'", "'\\0005'", "'5\\000'", "'0x-1'", "'--1'")
}

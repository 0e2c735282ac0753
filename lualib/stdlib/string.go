package stdlib

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// The string library, except format. Strings are bytes, and letters are those of
// the C locale.

// maxStringSize is the longest string that a function may make.
const maxStringSize = 1 << 31

var stringFunctions = []function{
	{"byte", stringByte},
	{"char", stringChar},
	{"dump", stringDump},
	{"find", stringFind},
	{"format", stringFormat},
	{"gmatch", stringGmatch},
	{"gsub", stringGsub},
	{"len", stringLen},
	{"lower", stringLower},
	{"match", stringMatch},
	{"rep", stringRep},
	{"reverse", stringReverse},
	{"sub", stringSub},
	{"upper", stringUpper},
}

func openString(L *lua.LState) {
	module := L.GetGlobal("string").(*lua.LTable)
	setFunctions(L, module, stringFunctions)
	module.RawSetString("gfind", module.RawGetString("gmatch"))

	// gopher-lua makes the library its own metatable, and pairs(string) shows
	// the __index.
	module.RawSetString("__index", lua.LNil)
	meta := L.CreateTable(0, 1)
	meta.RawSetString("__index", module)
	L.SetMetatable(lua.LString(""), meta)
}

func stringByte(a args) int {
	s := a.string(1)
	first := fromEnd(a.integerOr(2, 1), len(s))
	last := min(fromEnd(a.integerOr(3, first), len(s)), len(s))
	first = max(first, 1)
	if first > last {
		return 0
	}
	n := last - first + 1
	if n > a.room() {
		a.fail("string slice too long")
	}
	for i := first; i <= last; i++ {
		a.L.Push(lua.LNumber(s[i-1]))
	}
	return n
}

func stringChar(a args) int {
	text := make([]byte, a.top())
	for i := range text {
		c := a.integer(i + 1)
		if c < 0 || c > 255 {
			a.reject(i+1, "invalid value")
		}
		text[i] = byte(c)
	}
	return a.pushString(string(text))
}

func stringDump(a args) int {
	fn := a.function(1)
	if lib := libraryOf(a.L); lib != nil && lib.host.Dump != nil {
		if dumped, ok := lib.host.Dump(a.L, fn); ok {
			return a.pushString(dumped)
		}
	}
	a.fail("unable to dump given function")
	return 0
}

func stringLen(a args) int { return a.pushNumber(float64(len(a.string(1)))) }

func stringLower(a args) int {
	return a.pushString(mapBytes(a.string(1), 'A', 'Z'))
}

func stringUpper(a args) int {
	return a.pushString(mapBytes(a.string(1), 'a', 'z'))
}

// mapBytes changes the case of the letters between first and last.
func mapBytes(s string, first, last byte) string {
	text := []byte(s)
	for i, c := range text {
		if first <= c && c <= last {
			text[i] = c ^ 0x20
		}
	}
	return string(text)
}

func stringRep(a args) int {
	s, n := a.string(1), a.integer(2)
	if n <= 0 || s == "" {
		return a.pushString("")
	}
	if n > maxStringSize/len(s) {
		a.fail("resulting string too large")
	}
	return a.pushString(strings.Repeat(s, n))
}

func stringReverse(a args) int {
	text := []byte(a.string(1))
	slices.Reverse(text)
	return a.pushString(string(text))
}

func stringSub(a args) int {
	s := a.string(1)
	first := max(fromEnd(a.integer(2), len(s)), 1)
	last := min(fromEnd(a.integerOr(3, -1), len(s)), len(s))
	if first > last {
		return a.pushString("")
	}
	return a.pushString(s[first-1 : last])
}

// fromEnd converts a position that counts from the end of a string to one that
// counts from its beginning; 0 is before it.
func fromEnd(position, length int) int {
	if position >= 0 {
		return position
	}
	return max(position+length+1, 0)
}

func stringFind(a args) int  { return a.findOrMatch(true) }
func stringMatch(a args) int { return a.findOrMatch(false) }

func (a args) findOrMatch(find bool) int {
	s, pat := a.string(1), a.string(2)
	init := min(max(fromEnd(a.integerOr(3, 1), len(s))-1, 0), len(s))
	if find && (a.L.ToBool(4) || !strings.ContainsAny(pat, specials)) {
		i := strings.Index(s[init:], pat)
		if i < 0 {
			a.L.Push(lua.LNil)
			return 1
		}
		a.pushNumber(float64(init + i + 1))
		a.pushNumber(float64(init + i + len(pat)))
		return 2
	}

	m, anchored := newMatcher(a.L, s, pat)
	for start := init; start <= len(s); start++ {
		if end := m.matchAt(start); end >= 0 {
			if !find {
				return m.pushCaptures(start, end)
			}
			a.pushNumber(float64(start + 1))
			a.pushNumber(float64(end))
			if m.level == 0 {
				return 2
			}
			return 2 + m.pushCaptures(start, end)
		}
		if anchored {
			break
		}
	}
	a.L.Push(lua.LNil)
	return 1
}

func stringGmatch(a args) int {
	m := &matcher{src: a.string(1), pat: a.string(2)}
	next := 0
	a.L.Push(a.L.NewFunction(func(L *lua.LState) int {
		m.L = L
		for start := next; start <= len(m.src); start++ {
			end := m.matchAt(start)
			if end < 0 {
				continue
			}
			next = end
			if end == start {
				next++
			}
			return m.pushCaptures(start, end)
		}
		next = len(m.src) + 1
		return 0
	}))
	return 1
}

func stringGsub(a args) int {
	s, pat := a.string(1), a.string(2)
	replacement := a.replacement(3)
	limit := a.integerOr(4, len(s)+1)

	m, anchored := newMatcher(a.L, s, pat)
	var out strings.Builder
	count, start := 0, 0
	for count < limit {
		end := m.matchAt(start)
		if end >= 0 {
			count++
			out.WriteString(replacement(m, start, end))
		}
		switch {
		case end > start:
			start = end
		case start < len(s):
			out.WriteByte(s[start])
			start++
		default:
			start = len(s) + 1
		}
		if start > len(s) || anchored {
			break
		}
	}
	if start < len(s) {
		out.WriteString(s[start:])
	}
	a.pushString(out.String())
	a.pushNumber(float64(count))
	return 2
}

// replacement returns the function that makes gsub's text for a match, from
// argument n.
func (a args) replacement(n int) func(m *matcher, start, end int) string {
	switch value := a.L.Get(n).(type) {
	case lua.LString, lua.LNumber:
		template := a.string(n)
		return func(m *matcher, start, end int) string { return m.expand(template, start, end) }
	case *lua.LTable:
		return func(m *matcher, start, end int) string {
			return m.replaced(a.L.GetTable(value, m.capture(0, start, end)), start, end)
		}
	case *lua.LFunction:
		return func(m *matcher, start, end int) string {
			a.L.Push(value)
			a.L.Call(m.pushCaptures(start, end), 1)
			result := a.L.Get(-1)
			a.L.Pop(1)
			return m.replaced(result, start, end)
		}
	}
	a.reject(n, "string/function/table expected")
	return nil
}

// replaced returns the text of a table's or function's result; for nil and false,
// the match itself.
func (m *matcher) replaced(value lua.LValue, start, end int) string {
	if lua.LVIsFalse(value) {
		return m.src[start:end]
	}
	text, ok := toString(value)
	if !ok {
		m.fail("invalid replacement value (a " + value.Type().String() + ")")
	}
	return text
}

// expand puts the captures into a template: %0 is the match, %1 to %9 are the
// captures, and % before any other character gives that character.
func (m *matcher) expand(template string, start, end int) string {
	if !strings.Contains(template, "%") {
		return template
	}
	var out strings.Builder
	for i := 0; i < len(template); i++ {
		c := template[i]
		if c != '%' {
			out.WriteByte(c)
			continue
		}
		i++
		switch {
		case i == len(template):
			out.WriteByte(0)
		case template[i] == '0':
			out.WriteString(m.src[start:end])
		case isDigit(template[i]):
			text, _ := toString(m.capture(int(template[i]-'1'), start, end))
			out.WriteString(text)
		default:
			out.WriteByte(template[i])
		}
	}
	return out.String()
}

package stdlib

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// The string library, except format. Strings are bytes, and letters are those of
// the C locale.

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
	return a.byPieces(a.string(1), func(s string) string { return mapBytes(s, 'A', 'Z') })
}

func stringUpper(a args) int {
	return a.byPieces(a.string(1), func(s string) string { return mapBytes(s, 'a', 'z') })
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
	few := min(n, max(pieceSize/len(s), 1))
	piece := strings.Repeat(s, few)
	if few == n {
		return a.pushString(piece)
	}
	out := newText(a.L)
	out.reserve(n * len(s))
	for ; n > few; n -= few {
		out.add(piece)
	}
	out.add(piece[:n*len(s)])
	return a.pushString(out.String())
}

func stringReverse(a args) int {
	s := a.string(1)
	out := newText(a.L)
	out.reserve(len(s))
	for end := len(s); end > 0; {
		start := max(end-pieceSize, 0)
		piece := []byte(s[start:end])
		slices.Reverse(piece)
		out.add(string(piece))
		end = start
	}
	return a.pushString(out.String())
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
		i := a.index(s[init:], pat)
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

// index is strings.Index, a part of s after the other.
func (a args) index(s, substring string) int {
	const partSize = stepsBetweenPolls * bytesPerStep
	w := work{L: a.L}
	size := max(partSize, 2*len(substring))
	for start := 0; ; start += size - len(substring) {
		if len(s)-start <= size {
			i := strings.Index(s[start:], substring)
			if i < 0 {
				return -1
			}
			return start + i
		}
		if i := strings.Index(s[start:start+size], substring); i >= 0 {
			return start + i
		}
		w.step(size / bytesPerStep)
	}
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
	limit := a.integerOr(4, len(s)+1) // checked before argument 3, as in the reference
	replacement := a.replacement(3)

	m, anchored := newMatcher(a.L, s, pat)
	out := newText(a.L)
	count, start := 0, 0
	for count < limit {
		end := m.matchAt(start)
		if end >= 0 {
			count++
			replacement(m, out, start, end)
		}
		switch {
		case end > start:
			start = end
		case start < len(s):
			out.addByte(s[start])
			start++
		default:
			start = len(s) + 1
		}
		if start > len(s) || anchored {
			break
		}
	}
	if start < len(s) {
		out.add(s[start:])
	}
	a.pushString(out.String())
	a.pushNumber(float64(count))
	return 2
}

// replacement returns the function that adds gsub's text for a match, from argument n.
func (a args) replacement(n int) func(m *matcher, out *text, start, end int) {
	switch value := a.L.Get(n).(type) {
	case lua.LString, lua.LNumber:
		template := a.string(n)
		return func(m *matcher, out *text, start, end int) { m.expand(out, template, start, end) }
	case *lua.LTable:
		return func(m *matcher, out *text, start, end int) {
			out.add(m.replaced(a.L.GetTable(value, m.capture(0, start, end)), start, end))
		}
	case *lua.LFunction:
		return func(m *matcher, out *text, start, end int) {
			a.L.Push(value)
			a.L.Call(m.pushCaptures(start, end), 1)
			result := a.L.Get(-1)
			a.L.Pop(1)
			out.add(m.replaced(result, start, end))
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

// expand adds a template with the captures in it: %0 is the match, %1 to %9 are the
// captures, and % before any other character gives that character.
func (m *matcher) expand(out *text, template string, start, end int) {
	if !strings.Contains(template, "%") {
		out.add(template)
		return
	}
	m.step(len(template))
	for i := 0; i < len(template); i++ {
		c := template[i]
		if c != '%' {
			out.addByte(c)
			continue
		}
		i++
		switch {
		case i == len(template):
			out.addByte(0)
		case template[i] == '0':
			out.add(m.src[start:end])
		case isDigit(template[i]):
			text, _ := toString(m.capture(int(template[i]-'1'), start, end))
			out.add(text)
		default:
			out.addByte(template[i])
		}
	}
}

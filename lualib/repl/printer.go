package repl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// The limits of what is shown of a value.
const (
	maxDepth   = 5   // tables within tables
	maxEntries = 100 // of one table
	maxString  = 500 // bytes of a string within a table
	lineWidth  = 76  // a table that fits is shown on one line
)

// printer shows values as Lua would read them, as far as it could.
type printer struct {
	tostring lua.LValue // the library's, whatever the script puts in its place
}

func newPrinter(v *vm.VM) *printer {
	return &printer{v.Globals().RawGetString("tostring")}
}

// values shows what an input has returned.
func (p *printer) values(L *lua.LState, values []lua.LValue) string {
	texts := make([]string, len(values))
	separator := "\t"
	for i, v := range values {
		texts[i] = p.value(L, v, 0, nil)
		if strings.Contains(texts[i], "\n") {
			separator = "\n"
		}
	}
	return strings.Join(texts, separator)
}

// value shows one value; path are the tables that it is inside.
func (p *printer) value(L *lua.LState, v lua.LValue, depth int, path []*lua.LTable) string {
	switch v := v.(type) {
	case lua.LString:
		if depth > 0 && len(v) > maxString {
			return fmt.Sprintf("%s... (%d bytes)", quote(string(v[:maxString])), len(v))
		}
		return quote(string(v))
	case *lua.LTable:
		if L.GetMetaField(v, "__tostring") == lua.LNil {
			return p.table(L, v, depth, path)
		}
	case *lua.LFunction:
		if v.Proto == nil {
			return "<function in Go>"
		}
		return fmt.Sprintf("<function %s:%d>", v.Proto.SourceName, v.Proto.LineDefined)
	}
	return bind.Invoke(L, p.tostring, v).String()
}

func (p *printer) table(L *lua.LState, t *lua.LTable, depth int, path []*lua.LTable) string {
	name := bind.NameOf(t)
	switch {
	case slices.Contains(path, t):
		return name + "{<cycle>}"
	case depth >= maxDepth && len(keys(t, 0)) > 0:
		return name + "{...}"
	}
	entries := p.entries(L, t, depth+1, append(path, t))
	if len(entries) == 0 {
		return name + "{}"
	}
	line := name + "{ " + strings.Join(entries, ", ") + " }"
	if utf8.RuneCountInString(line)+2*depth <= lineWidth && !strings.Contains(line, "\n") {
		return line
	}
	indent := strings.Repeat("  ", depth)
	return name + "{\n" + indent + "  " + strings.Join(entries, ",\n"+indent+"  ") + "\n" + indent + "}"
}

func (p *printer) entries(L *lua.LState, t *lua.LTable, depth int, path []*lua.LTable) []string {
	var entries []string
	add := func(label string, v lua.LValue) {
		if len(entries) < maxEntries {
			entries = append(entries, label+p.value(L, v, depth, path))
		}
	}
	n := listLen(t)
	for i := 1; i <= min(n, maxEntries); i++ {
		add("", t.RawGetInt(i))
	}
	others := keys(t, n)
	for _, key := range others {
		add(p.label(L, key, path), t.RawGet(key))
	}
	if more := n + len(others) - len(entries); more > 0 {
		entries = append(entries, fmt.Sprintf("... and %d more", more))
	}
	return entries
}

var (
	identifier = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`) })
	keyword    = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(and|break|do|else|elseif|end|false|for|function|if|in|local|nil|not|or|repeat|return|then|true|until|while)$`)
	})
)

func (p *printer) label(L *lua.LState, key lua.LValue, path []*lua.LTable) string {
	if s, ok := key.(lua.LString); ok && identifier().MatchString(string(s)) && !keyword().MatchString(string(s)) {
		return string(s) + " = "
	}
	return "[" + p.value(L, key, maxDepth, path) + "] = "
}

// listLen is how many entries come before the first nil.
func listLen(t *lua.LTable) int {
	n := 0
	for t.RawGetInt(n+1) != lua.LNil {
		n++
	}
	return n
}

// keys are those of a table's entries beside its list of n: numbers, then
// strings, each in their order, and then the rest.
func keys(t *lua.LTable, n int) []lua.LValue {
	var all []lua.LValue
	for key, _ := t.Next(lua.LNil); key != lua.LNil; key, _ = t.Next(key) {
		number, isNumber := key.(lua.LNumber)
		inList := isNumber && number >= 1 && number <= lua.LNumber(n) && number == lua.LNumber(int(number))
		if !inList && !bind.IsGoKey(key) {
			all = append(all, key)
		}
	}
	slices.SortStableFunc(all, compareKeys)
	return all
}

func compareKeys(a, b lua.LValue) int {
	if rank := keyRank(a) - keyRank(b); rank != 0 {
		return rank
	}
	if x, ok := a.(lua.LNumber); ok {
		y := b.(lua.LNumber)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return strings.Compare(a.String(), b.String())
}

func keyRank(key lua.LValue) int {
	switch key.Type() {
	case lua.LTNumber:
		return 0
	case lua.LTString:
		return 1
	case lua.LTBool:
		return 2
	}
	return 3
}

// quote writes a string as Lua reads it. Bytes that are no printable UTF-8
// become decimal escapes.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == utf8.RuneError && size == 1 || !unicode.IsPrint(r):
			for _, c := range []byte(s[i : i+size]) {
				fmt.Fprintf(&b, `\%03d`, c)
			}
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	b.WriteByte('"')
	return b.String()
}

package show

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/syntax"
)

// entry is an entry of a table as it is shown.
type entry struct {
	label, value string
	kind         lua.LValueType
}

func (e entry) String() string { return e.label + e.value }

// table shows a table as a constructor. Its first line has so many columns less.
func (s *sheet) table(t *lua.LTable, taken int) string {
	name := s.name(t)
	depth := len(s.path)
	switch {
	case slices.Contains(s.path, t):
		return name + "{" + s.styled(faintStyle, "<cycle>") + "}"
	case isEmpty(t):
		return name + "{}"
	case depth >= s.deepest() || s.ended():
		s.cut = true
		return name + "{" + s.styled(faintStyle, "…") + "}"
	}
	left, cut := s.left, s.cut
	s.path = append(s.path, t)
	list, fields, more := s.entries(t)
	s.path = s.path[:depth]

	if line, ok := s.onOneLine(name, slices.Concat(list, fields), more, s.Width-taken); ok {
		return line
	}
	indent := strings.Repeat("  ", depth+1)
	afterEntries := s.left
	s.left = left
	if rows, ok := s.rows(t, s.Width-len(indent)); ok && depth > 0 {
		s.cut = s.cut || cut
		return "{\n" + indent + strings.ReplaceAll(rows, "\n", "\n"+indent) + "\n" + indent[2:] + "}"
	}
	s.left = afterEntries
	lines := s.filled(list, max(s.Width-len(indent), narrowest))
	for _, e := range fields {
		lines = append(lines, e.String())
	}
	text := name + "{\n" + indent + strings.Join(lines, ",\n"+indent)
	if more > 0 {
		text += ",\n" + indent + s.more(more)
	}
	return text + "\n" + indent[2:] + "}"
}

// isEmpty tells whether nothing of a table can be shown.
func isEmpty(t *lua.LTable) bool { return t.RawGetInt(1) == lua.LNil && len(keys(t, 0)) == 0 }

func (s *sheet) deepest() int {
	if s.Whole {
		return mostDepthOfAll
	}
	return mostDepth
}

// most is how many entries are shown of the table that has just been entered.
func (s *sheet) most() int {
	if s.Whole {
		return s.left
	}
	return min(s.left, mostOfTable[min(len(s.path), len(mostOfTable))-1])
}

// mostOfList is how many entries are shown of the list of the table that has just been
// entered: more if there are no tables in it.
func (s *sheet) mostOfList(t *lua.LTable, n int) int {
	for i := 1; i <= min(n, mostOfFlat); i++ {
		if t.RawGetInt(i).Type() == lua.LTTable {
			return s.most()
		}
	}
	return max(s.most(), min(s.left, mostOfFlat))
}

// more says how many entries are left out.
func (s *sheet) more(n int) string {
	s.cut = true
	return s.styled(faintStyle, fmt.Sprintf("… and %d more", n))
}

// entries are the shown entries of a table: its list, then those with keys.
func (s *sheet) entries(t *lua.LTable) (list, fields []entry, more int) {
	n := listLen(t)
	others := keys(t, n)
	most := s.mostOfList(t, n)
	for i := 1; i <= min(n, most) && !s.ended(); i++ {
		s.left -= len(s.path)
		list = append(list, s.entry("", t.RawGetInt(i)))
	}
	for _, key := range others[:min(len(others), max(most-n, 0))] {
		if s.ended() {
			break
		}
		s.left -= len(s.path)
		fields = append(fields, s.entry(s.label(key), t.RawGet(key)))
	}
	return list, fields, n + len(others) - len(list) - len(fields)
}

func (s *sheet) entry(label string, v lua.LValue) entry {
	const comma = 1
	value := s.value(v, 2*len(s.path)+width(label)+comma)
	return entry{label, value, v.Type()}
}

// label is a key with what is behind it. A table that is a key is not entered.
func (s *sheet) label(key lua.LValue) string {
	var shown string
	switch key := key.(type) {
	case lua.LString:
		if syntax.IsName(string(key)) {
			return s.styled(keyStyle, string(key)) + " = "
		}
		quoted, rest := quote(string(key), s.columnsOf())
		if rest != "" {
			s.cut = true
			quoted += "…"
		}
		shown = s.styled(keyStyle, quoted)
	case *lua.LTable:
		shown = s.name(key) + "{}"
		if !isEmpty(key) {
			shown = s.name(key) + "{" + s.styled(faintStyle, "…") + "}"
		}
	default:
		shown = s.value(key, 0)
	}
	return "[" + shown + "] = "
}

// onOneLine is a table on one line, if it fits so many columns.
func (s *sheet) onOneLine(name string, entries []entry, more, columns int) (string, bool) {
	texts, taken := make([]string, len(entries)), 0
	for i, e := range entries {
		texts[i] = e.String()
		if strings.Contains(texts[i], "\n") {
			return "", false
		}
		if taken += width(texts[i]); taken > columns { // a table may be huge
			return "", false
		}
	}
	if more > 0 {
		texts = append(texts, s.more(more))
	}
	line := name + "{ " + strings.Join(texts, ", ") + " }"
	return line, width(line) <= columns
}

// fewest is how long a list is that is shown in columns, and mostColumns how many of them
// there are.
const (
	fewest      = 7
	mostColumns = 20
)

// filled are the lines of a list: a long one of short values has several on a line, in
// columns.
func (s *sheet) filled(list []entry, columns int) []string {
	widest, numbers := 0, true
	for _, e := range list {
		if len(list) < fewest || e.kind == lua.LTTable || strings.Contains(e.value, "\n") {
			widest = columns
			break
		}
		widest = max(widest, width(e.value))
		numbers = numbers && e.kind == lua.LTNumber
	}
	perLine := max(min((columns+1)/(widest+2), mostColumns), 1) // with a comma and a blank
	var lines []string
	for some := range slices.Chunk(list, perLine) {
		line := ""
		for i, e := range some {
			if perLine > 1 && numbers {
				e.value = pad(e.value, widest, true)
			}
			line += e.value
			if i < len(some)-1 {
				line = pad(line+",", (i+1)*(widest+2), false)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

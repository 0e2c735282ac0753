package show

import (
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
)

// cell shows a value in a cell of a table. It fails for tables that contain tables, and for
// values that need several lines.
func (s *sheet) cell(v lua.LValue) (string, bool) {
	switch v := v.(type) {
	case *lua.LNilType:
		return "", true
	case lua.LString:
		text, style := s.bare(v)
		return s.styled(style, text), true
	case *lua.LTable:
		if s.isPlain(v) {
			return s.flat(v, 1)
		}
	}
	wide := *s
	wide.Printer = &Printer{Width: 1 << 20, Color: s.Color, Whole: s.Whole, Find: s.Find, tostring: s.tostring}
	text := wide.value(v, 0)
	s.cut = s.cut || wide.cut
	return text, !strings.Contains(text, "\n")
}

// mostInCell is how deep tables may be nested in a cell.
const mostInCell = 2

// flat shows a table in a cell: "a, b" for a list, "x=1, y=2" for fields. It fails if tables
// are nested too deep.
func (s *sheet) flat(t *lua.LTable, depth int) (string, bool) {
	n := listLen(t)
	all := keys(t, n)
	var parts []string
	add := func(label string, v lua.LValue) bool {
		cell, ok := "", false
		inner, isTable := v.(*lua.LTable)
		switch {
		case isTable && !s.isPlain(inner):
			cell, ok = s.cell(v)
		case isTable && depth < mostInCell:
			cell, ok = s.flat(inner, depth+1)
			cell = "{" + cell + "}"
		case !isTable:
			cell, ok = s.cell(v)
		}
		parts = append(parts, label+cell)
		return ok
	}
	most := s.left
	if !s.Whole {
		most = mostOfTable[len(mostOfTable)-1]
	}
	for i := 1; i <= min(n, most); i++ {
		if !add("", t.RawGetInt(i)) {
			return "", false
		}
	}
	for _, key := range all[:min(len(all), max(most-n, 0))] {
		label, style := s.bare(key)
		if style == stringStyle {
			style = keyStyle
		}
		if key.Type() != lua.LTString && key.Type() != lua.LTNumber || !add(s.styled(style, label)+"=", t.RawGet(key)) {
			return "", false
		}
	}
	if len(parts) < n+len(all) {
		s.cut = true
		parts = append(parts, s.styled(faintStyle, "…"))
	}
	return s.name(t) + strings.Join(parts, ", "), true
}

// bare is a string or number without quotes, unless it could be taken for something else.
func (s *sheet) bare(v lua.LValue) (text, style string) {
	if v.Type() != lua.LTString {
		return bind.Invoke(s.L, s.tostring, v).String(), numberStyle
	}
	raw := string(v.(lua.LString))
	quoted, rest := quote(raw, s.columnsOf())
	if rest != "" {
		s.cut = true
		return quoted[1:len(quoted)-1] + "…", stringStyle
	}
	_, notNumber := strconv.ParseFloat(raw, 64)
	if notNumber == nil || len(quoted) != len(raw)+2 || strings.TrimSpace(raw) != raw || raw == "" ||
		slices.Contains([]string{"true", "false", "nil"}, raw) || strings.Contains(raw, gap) {
		return quoted, stringStyle
	}
	return raw, stringStyle
}

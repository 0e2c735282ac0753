package show

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
)

// The limits for showing a list of tables as a table.
const (
	fewestRows    = 2
	fewestColumns = 2
	mostKeys      = 50 // of the rows together
	narrowest     = 8  // the least width of a column that is cut
	gap           = "  "
)

// first are the names of columns that come before all others.
var first = []string{"id", "name"}

// grid is a list of tables with the same keys, or a table of such tables, as a table with
// a row for each.
type grid struct {
	keys    []lua.LValue // of the rows
	rows    []*lua.LTable
	isList  bool
	left    int // how many rows are not shown
	columns []column
}

// column has the same field of all rows.
type column struct {
	head    string
	cells   []string
	isRight bool // of numbers
	isKey   bool // whether it has the keys of the rows
	width   int
}

// rows shows a table as rows with a header, within so many columns of the terminal. The
// entries must be tables that are alike.
func (s *sheet) rows(t *lua.LTable, columns int) (string, bool) {
	g, ok := s.gridOf(t)
	if !ok {
		return "", false
	}
	before := s.left
	s.path = append(s.path, t)
	defer func() { s.path = s.path[:len(s.path)-1] }()
	if !s.fill(g) {
		s.left = before
		return "", false
	}
	dropped, ok := s.fit(g, columns)
	if !ok {
		s.left = before
		return "", false // the usual form fits
	}
	return s.drawn(g, dropped, columns), true
}

// gridOf finds the rows and their fields, if they are alike: plain tables with names as
// keys, each with half of all keys at least, and two thirds on average.
func (s *sheet) gridOf(t *lua.LTable) (*grid, bool) {
	if bind.NameOf(t) != "" || s.L.GetMetaField(t, "__tostring") != lua.LNil {
		return nil, false
	}
	g := &grid{}
	n := listLen(t)
	g.keys = keys(t, n)
	g.isList = n > 0
	if n > 0 && len(g.keys) > 0 || n+len(g.keys) < fewestRows {
		return nil, false
	}
	for i := 1; i <= n; i++ {
		g.keys = append(g.keys, lua.LNumber(i))
	}
	total := len(g.keys)
	if most := mostOfTable[min(len(s.path), len(mostOfTable)-1)]; total > most && !s.Whole {
		g.keys, g.left = g.keys[:most], total-most
	}
	var names []string
	seen := map[string]bool{}
	for _, key := range g.keys {
		row, ok := t.RawGet(key).(*lua.LTable)
		if !ok || !s.isRow(key, row) {
			return nil, false
		}
		g.rows = append(g.rows, row)
		for _, name := range keys(row, 0) {
			name, ok := name.(lua.LString)
			if !ok {
				return nil, false
			}
			if !seen[string(name)] {
				seen[string(name)] = true
				names = append(names, string(name))
			}
		}
	}
	if len(names) < fewestColumns || len(names) > mostKeys {
		return nil, false
	}
	filled := 0
	for _, row := range g.rows {
		n := len(keys(row, 0))
		filled += n
		if 2*n < len(names) {
			return nil, false
		}
	}
	if 3*filled < 2*len(names)*len(g.rows) {
		return nil, false
	}
	slices.SortFunc(names, compareNames)
	for _, name := range names {
		g.columns = append(g.columns, column{head: name})
	}
	return g, true
}

// isRow reports whether a table may be a row.
func (s *sheet) isRow(key lua.LValue, row *lua.LTable) bool {
	switch key.Type() {
	case lua.LTString, lua.LTNumber:
		return bind.NameOf(row) == "" && s.isPlain(row)
	}
	return false
}

// isPlain tells whether a table is shown by its fields.
func (s *sheet) isPlain(t *lua.LTable) bool {
	_, _, isMarked := marked(t)
	return !bind.IsClass(t) && !isMarked && s.L.GetMetaField(t, "__tostring") == lua.LNil
}

func compareNames(a, b string) int {
	rank := func(name string) int {
		if i := slices.Index(first, name); i >= 0 {
			return i
		}
		return len(first)
	}
	if r := rank(a) - rank(b); r != 0 {
		return r
	}
	return strings.Compare(a, b)
}

// fill makes the cells. It fails if a value does not fit a cell.
func (s *sheet) fill(g *grid) bool {
	for i := range g.columns {
		c := &g.columns[i]
		c.isRight = true
		for _, row := range g.rows {
			v := row.RawGetString(c.head)
			cell, ok := s.cell(v)
			if !ok {
				return false
			}
			c.cells = append(c.cells, cell)
			c.isRight = c.isRight && (v == lua.LNil || v.Type() == lua.LTNumber)
			s.left--
		}
		if quoted, _ := quote(c.head, -1); len(quoted) > len(c.head)+2 {
			c.head = quoted
		}
	}
	key := column{isKey: true, isRight: g.isList}
	for _, k := range g.keys {
		style := keyStyle
		if g.isList {
			style = faintStyle
		}
		cell, _ := s.bare(k)
		key.cells = append(key.cells, s.styled(style, cell))
	}
	g.columns = slices.Insert(g.columns, 0, key)
	for i := range g.columns {
		c := &g.columns[i]
		c.width = width(c.head)
		for _, cell := range c.cells {
			c.width = max(c.width, width(cell))
		}
	}
	return true
}

// fit makes the columns so narrow that a row fits the line, and drops columns that still do
// not fit. It fails if too few columns fit, or if nothing may be cut and something does not
// fit.
func (s *sheet) fit(g *grid, columns int) (dropped []string, ok bool) {
	for {
		room := columns - len(gap)*(len(g.columns)-1)
		widest, isWhole := widestOf(g.columns, room)
		switch {
		case s.Whole && !isWhole:
			return nil, false
		case isWhole || widest >= narrowest:
			for i := range g.columns {
				g.columns[i].width = g.columns[i].narrow(widest)
			}
			slices.Reverse(dropped)
			return dropped, true
		case len(g.columns) == 1+fewestColumns:
			return nil, false
		}
		last := len(g.columns) - 1
		dropped = append(dropped, g.columns[last].head)
		g.columns = g.columns[:last]
	}
}

// narrow is the width of a column that may use so many columns of the terminal. Numbers are
// not cut, because a part of a number is another number.
func (c *column) narrow(widest int) int {
	if c.isRight {
		return c.width
	}
	return min(c.width, widest)
}

// widestOf returns the largest width at which all columns fit together, if each is as wide
// as it needs to be, up to this width. It also returns whether no column is cut then.
func widestOf(columns []column, room int) (widest int, isWhole bool) {
	natural := 0
	for _, c := range columns {
		natural = max(natural, c.width)
	}
	for widest = min(natural, max(room, 0)); widest > 0; widest-- { // a key may be huge
		total := 0
		for i := range columns {
			total += columns[i].narrow(widest)
		}
		if total <= room {
			break
		}
	}
	return widest, widest == natural
}

// drawn is the table as text; lines below it say what is left out.
func (s *sheet) drawn(g *grid, dropped []string, columns int) string {
	lines := make([]string, 0, len(g.rows)+3)
	lines = append(lines, s.row(g, func(c *column) string { return s.styled(nameStyle, c.head) }))
	for i := range g.rows {
		lines = append(lines, s.row(g, func(c *column) string { return c.cells[i] }))
	}
	if g.left > 0 {
		s.cut = true
		lines = append(lines, s.styled(faintStyle, fmt.Sprintf("… and %d more rows", g.left)))
	}
	if len(dropped) > 0 {
		s.cut = true
		lines = append(lines, s.styled(faintStyle, s.clip("… and the columns "+strings.Join(dropped, ", "), columns)))
	}
	return strings.Join(lines, "\n")
}

func (s *sheet) row(g *grid, cell func(c *column) string) string {
	cells := make([]string, len(g.columns))
	for i := range g.columns {
		c := &g.columns[i]
		cells[i] = s.clip(cell(c), c.width)
		if i < len(g.columns)-1 || c.isRight {
			cells[i] = pad(cells[i], c.width, c.isRight)
		}
	}
	return strings.TrimRight(strings.Join(cells, gap), " ")
}

package screen

import (
	"fmt"
	"slices"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
)

// Image is what a screen showed at some moment. It does not change.
type Image struct {
	Cols, Rows int
	Cursor     Cursor
	Title      string
	Alternate  bool // the alternate screen, as used by full-screen programs

	cells []Cell // row by row
}

// Cursor is the place of the next character. The first row and column are 0.
type Cursor struct {
	Row, Col int
	Visible  bool
}

// Cell is one character on the screen.
type Cell struct {
	Text  string // " " if it is empty; "" in the right half of a wide character
	Width int    // 1, or 2 for a wide character; 0 for its right half
	Style
}

// Style is how a character looks.
type Style struct {
	Fg, Bg                                              Color
	Bold, Faint, Italic, Blink, Reverse, Hidden, Strike bool
	Underline                                           Underline
}

// Underline is how a character is underlined: "", "single", "double", "curly",
// "dotted" or "dashed".
type Underline string

var underlines = [...]Underline{"", "single", "double", "curly", "dotted", "dashed"}

func cellsOf(emu *vt.Emulator) []Cell {
	cols, rows := emu.Width(), emu.Height()
	cells := make([]Cell, 0, cols*rows)
	for row := range rows {
		for col := range cols {
			cells = append(cells, cellOf(emu.CellAt(col, row)))
		}
		mendHalves(cells[row*cols:])
	}
	return cells
}

// mendHalves replaces single halves of wide characters by blanks: the emulator leaves
// them behind when cells are inserted or deleted.
func mendHalves(row []Cell) {
	for col := 0; col < len(row); {
		c, halves := &row[col], 1
		for col+halves < len(row) && halves < c.Width && row[col+halves].Width == 0 {
			halves++
		}
		if halves != c.Width {
			for i := range halves {
				row[col+i] = Cell{Text: " ", Width: 1, Style: c.Style}
			}
		}
		col += halves
	}
}

func cellOf(c *uv.Cell) Cell {
	switch {
	case c == nil:
		return Cell{Text: " ", Width: 1}
	case c.Width == 0:
		return Cell{}
	}
	return Cell{Text: c.Content, Width: c.Width, Style: Style{
		Fg:        colorOf(c.Style.Fg),
		Bg:        colorOf(c.Style.Bg),
		Bold:      c.Style.Attrs&uv.AttrBold != 0,
		Faint:     c.Style.Attrs&uv.AttrFaint != 0,
		Italic:    c.Style.Attrs&uv.AttrItalic != 0,
		Blink:     c.Style.Attrs&(uv.AttrBlink|uv.AttrRapidBlink) != 0,
		Reverse:   c.Style.Attrs&uv.AttrReverse != 0,
		Hidden:    c.Style.Attrs&uv.AttrConceal != 0,
		Strike:    c.Style.Attrs&uv.AttrStrikethrough != 0,
		Underline: underlines[int(c.Style.Underline)%len(underlines)],
	}}
}

// Cell is the cell at a position, counted from 0. Outside of the screen it is empty.
func (im *Image) Cell(row, col int) Cell {
	if row < 0 || row >= im.Rows || col < 0 || col >= im.Cols {
		return Cell{Text: " ", Width: 1}
	}
	return im.cells[row*im.Cols+col]
}

func (im *Image) row(row int) []Cell { return im.cells[row*im.Cols : (row+1)*im.Cols] }

// Lines is the text of each row without blanks at the end.
func (im *Image) Lines() []string {
	lines := make([]string, im.Rows)
	for i := range lines {
		var line strings.Builder
		for _, c := range im.row(i) {
			line.WriteString(c.visible())
		}
		lines[i] = strings.TrimRight(line.String(), " ")
	}
	return lines
}

func (c Cell) visible() string {
	if c.Hidden {
		return strings.Repeat(" ", c.Width)
	}
	return c.Text
}

// Text is all lines up to the last one that is not empty.
func (im *Image) Text() string {
	return strings.TrimRight(strings.Join(im.Lines(), "\n"), "\n")
}

// Equal reports whether two images look the same.
func (im *Image) Equal(other *Image) bool {
	return im.Cols == other.Cols && im.Rows == other.Rows && im.Cursor == other.Cursor &&
		im.Title == other.Title && im.Alternate == other.Alternate && slices.Equal(im.cells, other.cells)
}

// Describe is the text, followed by everything else that is visible: size, title,
// cursor, and the styles of the text. Rows and columns are counted from 1.
func (im *Image) Describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%d rows, %d columns", im.Text(), im.Rows, im.Cols)
	if im.Alternate {
		b.WriteString(", alternate screen")
	}
	if im.Title != "" {
		fmt.Fprintf(&b, "\ntitle: %q", im.Title)
	}
	if im.Cursor.Visible {
		fmt.Fprintf(&b, "\ncursor: row %d, column %d", im.Cursor.Row+1, im.Cursor.Col+1)
	}
	for row := range im.Rows {
		for _, r := range runs(im.row(row), sameStyle) {
			style := r.cells[0].Style
			if !style.showsOnBlanks() {
				r = r.trimmed()
			}
			if len(r.cells) > 0 && style != (Style{}) {
				fmt.Fprintf(&b, "\nrow %d, %s: %s", row+1, r.columns(), style)
			}
		}
	}
	return b.String()
}

// String lists what is set: "bold, underline, red on blue".
func (s Style) String() string {
	var words []string
	for _, attribute := range []struct {
		set  bool
		name string
	}{
		{s.Bold, "bold"}, {s.Faint, "faint"}, {s.Italic, "italic"}, {s.Blink, "blink"},
		{s.Reverse, "reverse"}, {s.Hidden, "hidden"}, {s.Strike, "strike"},
		{s.Underline != "", strings.TrimPrefix(string(s.Underline)+" underline", "single ")},
		{s.Fg != 0 || s.Bg != 0, s.Fg.String() + " on " + s.Bg.String()},
	} {
		if attribute.set {
			words = append(words, attribute.name)
		}
	}
	return strings.Join(words, ", ")
}

// showsOnBlanks reports whether a blank in this style looks different from a plain one.
func (s Style) showsOnBlanks() bool {
	return s.Bg != 0 || s.Reverse || s.Strike || s.Underline != ""
}

// run is a number of adjacent cells of a row.
type run struct {
	col   int
	cells []Cell
}

func (r run) width() int { return len(r.cells) }

// trimmed is the run without blanks at its ends.
func (r run) trimmed() run {
	for len(r.cells) > 0 && r.cells[0].Text == " " {
		r.col, r.cells = r.col+1, r.cells[1:]
	}
	for len(r.cells) > 0 && r.cells[len(r.cells)-1].Text == " " {
		r.cells = r.cells[:len(r.cells)-1]
	}
	return r
}

// columns is the position of the run, counted from 1.
func (r run) columns() string {
	if r.width() == 1 {
		return fmt.Sprintf("column %d", r.col+1)
	}
	return fmt.Sprintf("columns %d-%d", r.col+1, r.col+r.width())
}

// runs divides a row into runs. A cell begins a new run if it does not go together with
// the first cell of the current one, unless it is the right half of a wide character.
func runs(row []Cell, together func(a, b Cell) bool) []run {
	var list []run
	for col, c := range row {
		if last := len(list) - 1; last >= 0 && (c.Width == 0 || together(list[last].cells[0], c)) {
			list[last].cells = append(list[last].cells, c)
			continue
		}
		list = append(list, run{col: col, cells: row[col : col+1 : col+1]})
	}
	return list
}

func sameStyle(a, b Cell) bool { return a.Style == b.Style }

// Package picture describes what a screen shows in the form that a page draws: rows of
// texts with styles. The browser needs no terminal emulator, and gets only the rows that
// have changed.
package picture

import (
	"slices"
	"strings"

	"avescript/core/screen"
)

// Style is the look of characters. A color is an index into the palette of 256, or a CSS
// color; nil is the default of the terminal.
type Style struct {
	Fg        any  `json:"fg,omitempty"`
	Bg        any  `json:"bg,omitempty"`
	Bold      bool `json:"bold,omitempty"`
	Faint     bool `json:"faint,omitempty"`
	Italic    bool `json:"italic,omitempty"`
	Underline bool `json:"underline,omitempty"`
	Strike    bool `json:"strike,omitempty"`
	Reverse   bool `json:"reverse,omitempty"`
}

// Row is a row of the screen, from 0.
type Row struct {
	Row   int   `json:"row"`
	Spans []any `json:"spans"` // text and the index of its style, in turn
}

// Drawer compares images of one screen.
type Drawer struct {
	Styles []Style // that rows refer to; there are only ever more of them

	numbers map[Style]int
	shown   [][]any // the rows of the last image
}

// NewDrawer makes a drawer that has seen no image. Its first style is the default.
func NewDrawer() *Drawer {
	return &Drawer{Styles: []Style{{}}, numbers: map[Style]int{{}: 0}}
}

// Changed returns the rows that are not as in the last image.
func (d *Drawer) Changed(image *screen.Image) (rows []Row) {
	for row := range max(image.Rows, len(d.shown)) {
		if row == len(d.shown) {
			d.shown = append(d.shown, nil)
		}
		if spans := d.spans(image, row); !slices.Equal(spans, d.shown[row]) {
			d.shown[row] = spans
			rows = append(rows, Row{row, spans})
		}
	}
	return rows
}

// Cursor is the row and the column of the cursor, or nil if it is hidden.
func Cursor(image *screen.Image) []int {
	if !image.Cursor.Visible {
		return nil
	}
	return []int{image.Cursor.Row, image.Cursor.Col}
}

// spans returns the parts of a row that have the same style, without blanks at the end.
func (d *Drawer) spans(image *screen.Image, row int) []any {
	spans := []any{}
	for col := range image.Cols {
		cell := image.Cell(row, col)
		text := cell.Text
		if cell.Hidden {
			text = " "
		}
		style := d.style(cell.Style)
		if last := len(spans) - 1; last > 0 && (cell.Width == 0 || spans[last] == style) {
			spans[last-1] = spans[last-1].(string) + text
		} else {
			spans = append(spans, text, style)
		}
	}
	if last := len(spans) - 1; last > 0 && spans[last] == 0 {
		text := strings.TrimRight(spans[last-1].(string), " ")
		if spans[last-1] = text; text == "" {
			spans = spans[:last-1]
		}
	}
	return spans
}

func (d *Drawer) style(s screen.Style) int {
	style := Style{
		Fg: colorOf(s.Fg), Bg: colorOf(s.Bg), Bold: s.Bold, Faint: s.Faint, Italic: s.Italic,
		Underline: s.Underline != "", Strike: s.Strike, Reverse: s.Reverse,
	}
	number, ok := d.numbers[style]
	if !ok {
		number = len(d.Styles)
		d.numbers[style] = number
		d.Styles = append(d.Styles, style)
	}
	return number
}

func colorOf(c screen.Color) any {
	if index, ok := c.Index(); ok {
		return index
	}
	if c == 0 {
		return nil
	}
	return c.String()
}

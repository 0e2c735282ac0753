package screen

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unicode/utf8"
)

// This file draws an image. The picture does not depend on a certain font: each run of
// text is scaled to the width of its cells, and a character that the font may lack is
// drawn alone.

// Sizes in pixels. In the usual monospaced fonts, a character is 0.6 times as wide as
// high.
const (
	cellWidth  = 9
	cellHeight = 17
	fontSize   = 15
	baseline   = 13 // distance from the top of the cell
	margin     = 10
)

const fontFamily = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', 'Noto Sans Mono', monospace"

// SVG is a picture of the image, with its title and, if it is visible, the cursor.
func (im *Image) SVG() string {
	d := drawing{}
	width, height := im.Cols*cellWidth+2*margin, im.Rows*cellHeight+2*margin
	d.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d">`+"\n", width, height)
	if im.Title != "" {
		d.printf("<title>%s</title>\n", escapeXML(im.Title))
	}
	d.printf(`<rect width="%d" height="%d" rx="6" fill="%s"/>`+"\n", width, height, defaultBackground)
	d.printf("<style>text { white-space: pre }</style>\n") // browsers only obey this, other programs only xml:space
	d.printf(`<g transform="translate(%d %[1]d)" font-family="%s" font-size="%d" xml:space="preserve">`+"\n",
		margin, fontFamily, fontSize)
	for row := range im.Rows {
		d.row(row, im.row(row))
	}
	if im.Cursor.Visible {
		d.cursor(im)
	}
	d.printf("</g>\n</svg>\n")
	return d.String()
}

// HTML is a page with the picture. It needs no other files.
func (im *Image) HTML() string {
	title := im.Title
	if title == "" {
		title = "Terminal"
	}
	return fmt.Sprintf("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>%s</title></head>\n"+
		"<body style=\"margin:0;background:%s\">\n%s</body>\n</html>\n", escapeXML(title), defaultBackground, im.SVG())
}

// escapeXML escapes text for a document. Characters that XML does not allow, even
// escaped, become U+FFFD.
func escapeXML(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // writing to a Builder cannot fail
	return b.String()
}

// drawing is a picture that is being drawn.
type drawing struct{ strings.Builder }

func (d *drawing) printf(format string, args ...any) { fmt.Fprintf(d, format, args...) }

// row draws a row of cells.
func (d *drawing) row(row int, cells []Cell) {
	for _, r := range runs(cells, together) {
		style := r.cells[0].Style
		fg, bg := style.colors()
		if bg != defaultBackground {
			d.rect(row, r, bg)
		}
		d.text(row, r, fg)
		d.lines(row, r, fg)
	}
}

// cursor draws a block, and the character under it in the colour of the background.
func (d *drawing) cursor(im *Image) {
	row, col := im.Cursor.Row, im.Cursor.Col
	if im.Cell(row, col).Width == 0 && col > 0 {
		col--
	}
	cell := im.Cell(row, col)
	r := run{col: col, cells: im.row(row)[col : col+max(cell.Width, 1)]}
	d.rect(row, r, cursorColor)
	d.text(row, r, defaultBackground)
}

func (d *drawing) rect(row int, r run, color string) {
	d.printf(`<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`+"\n",
		r.col*cellWidth, row*cellHeight, r.width()*cellWidth, cellHeight, color)
}

// text draws the characters of a run without blanks at the ends.
func (d *drawing) text(row int, r run, color string) {
	var b strings.Builder
	for _, c := range r.cells {
		b.WriteString(c.visible())
	}
	text := strings.TrimLeft(b.String(), " ")
	left := r.col + b.Len() - len(text)
	if text = strings.TrimRight(text, " "); text == "" {
		return
	}
	y := row*cellHeight + baseline
	if isRegular(r.cells[0]) {
		width := utf8.RuneCountInString(text) * cellWidth
		d.printf(`<text x="%d" y="%d" textLength="%d" lengthAdjust="spacingAndGlyphs"`, left*cellWidth, y, width)
	} else {
		d.printf(`<text x="%g" y="%d" text-anchor="middle"`, (float64(left)+float64(r.width())/2)*cellWidth, y)
	}
	d.printf(` fill="%s"%s>%s</text>`+"\n", color, r.cells[0].font(), escapeXML(text))
}

// lines draws the lines under and through a run.
func (d *drawing) lines(row int, r run, color string) {
	style := r.cells[0].Style
	x, y, width := r.col*cellWidth, row*cellHeight, r.width()*cellWidth
	line := func(below int, shape, attributes string) {
		d.printf(`<path d="M%d %d.5%s" stroke="%s" fill="none"%s/>`+"\n", x, y+below, shape, color, attributes)
	}
	straight := fmt.Sprintf("h%d", width)
	switch style.Underline {
	case "single":
		line(baseline+1, straight, "")
	case "double":
		line(baseline, straight, "")
		line(baseline+2, straight, "")
	case "dotted":
		line(baseline+1, straight, ` stroke-dasharray="1 2"`)
	case "dashed":
		line(baseline+1, straight, ` stroke-dasharray="5 4"`)
	case "curly":
		line(baseline+1, "q2.25 -3 4.5 0"+strings.Repeat("t4.5 0", 2*r.width()-1), "")
	}
	if style.Strike {
		line(cellHeight/2, straight, "")
	}
}

// together reports whether two cells can be drawn as one text: they look the same, and
// every monospaced font has both characters.
func together(a, b Cell) bool { return a.Style == b.Style && isRegular(a) && isRegular(b) }

// isRegular reports whether monospaced fonts have a character, with the right width:
// Latin, Greek, Cyrillic, box drawing and blocks.
func isRegular(c Cell) bool {
	r, size := utf8.DecodeRuneInString(c.Text)
	return c.Width == 1 && size == len(c.Text) && (r < 0x530 || r >= 0x2500 && r < 0x25a0)
}

// colors are the visible colours of a style.
func (s Style) colors() (fg, bg string) {
	fg, bg = s.Fg.css(defaultForeground), s.Bg.css(defaultBackground)
	if s.Reverse {
		fg, bg = bg, fg
	}
	return fg, bg
}

// font is the part of a style that is expressed as attributes of a text.
func (s Style) font() string {
	attributes := ""
	if s.Bold {
		attributes += ` font-weight="bold"`
	}
	if s.Italic {
		attributes += ` font-style="italic"`
	}
	if s.Faint {
		attributes += ` opacity="0.6"`
	}
	return attributes
}

package editor

import (
	"strings"
)

// Style is the look of characters: parameters of the ANSI sequence SGR, such as "1;31".
type Style string

// Span is a part of a text, as byte offsets, with a style. If spans overlap, their
// styles are combined.
type Span struct {
	From, To int
	Style    Style
}

const (
	dim     Style = "2"
	chosen  Style = "7"
	matched Style = "4"
)

// cell is a character on the screen.
type cell struct {
	text  string
	width int
	style Style
}

type row []cell

func (r row) width() (width int) {
	for _, c := range r {
		width += c.width
	}
	return width
}

// frame is what is visible: rows, and the cursor in them.
type frame struct {
	rows     []row
	row, col int
}

// layer lays out characters in rows of a width.
type layer struct {
	width int
	rows  []row
	col   int // in the last row
}

func newLayer(width int) *layer { return &layer{width: width, rows: []row{nil}} }

func (l *layer) newline() { l.rows, l.col = append(l.rows, nil), 0 }

func (l *layer) put(c cell) {
	if c.width > l.width {
		c = cell{"?", 1, c.style}
	}
	if l.col+c.width > l.width {
		l.newline()
	}
	last := len(l.rows) - 1
	l.rows[last] = append(l.rows[last], c)
	l.col += c.width
}

// putLine lays out a line without its end. style returns the style at an offset, and
// reached is called before each character, and at the end.
func (l *layer) putLine(line string, style func(at int) Style, reached func(at int)) {
	col := 0
	for at := 0; at < len(line); {
		reached(at)
		c, width := measure(line[at:], col)
		s := style(at)
		other := substitute(c)
		switch {
		case c == "\t":
			for range width {
				l.put(cell{" ", 1, s})
			}
		case other != "":
			for _, r := range other {
				l.put(cell{string(r), 1, s})
			}
		default:
			l.put(cell{c, width, s})
		}
		at, col = at+len(c), col+width
	}
	reached(len(line))
}

func plain(int) Style { return "" }

// picture describes how a text is shown.
type picture struct {
	prompt, continuation string
	s                    string
	at                   int
	spans                []Span
	below                []row // rows below the text
}

// frame lays out the text in a window. Of a text that is too tall only a part is shown;
// top is its first visible row before, and newTop now.
func (p picture) frame(cols, height, top int) (f frame, newTop int) {
	styles := p.styles()
	l := newLayer(cols)
	offset := 0
	for i, line := range strings.Split(p.s, "\n") {
		prompt := p.prompt
		if i > 0 {
			prompt = p.continuation
			l.newline()
		}
		l.putLine(prompt, plain, func(int) {})
		l.putLine(line, func(at int) Style { return styles[offset+at] }, func(at int) {
			if offset+at != p.at {
				return
			}
			if l.col >= cols {
				l.newline()
			}
			f.row, f.col = len(l.rows)-1, l.col
		})
		offset += len(line) + 1
	}
	f.rows = l.rows
	below := p.below[:max(0, min(len(p.below), height-1))]
	if room := max(1, height-len(below)); len(f.rows) > room {
		top = min(max(top, f.row-room+1), f.row, len(f.rows)-room)
		f.rows, f.row = f.rows[top:top+room], f.row-top
	} else {
		top = 0
	}
	f.rows = append(f.rows[:len(f.rows):len(f.rows)], below...)
	return f, top
}

// styles returns the style of each byte.
func (p picture) styles() []Style {
	styles := make([]Style, len(p.s))
	for _, span := range p.spans {
		for at := max(0, span.From); at < min(span.To, len(p.s)); at++ {
			if styles[at] != "" {
				styles[at] += ";"
			}
			styles[at] += span.Style
		}
	}
	return styles
}

// oneRow is a text in one row. If it is cut off, it ends with …
func oneRow(width int, parts ...cell) (r row) {
	used := 0
	for _, part := range parts {
		for rest := part.text; rest != ""; {
			c, w := measure(rest, used)
			rest = rest[len(c):]
			if substitute(c) != "" {
				c, w = " ", 1
			}
			if used+w > width {
				for len(r) > 0 && used > width-1 {
					used -= r[len(r)-1].width
					r = r[:len(r)-1]
				}
				return append(r, cell{"…", 1, part.style})
			}
			r, used = append(r, cell{c, w, part.style}), used+w
		}
	}
	return r
}

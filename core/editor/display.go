package editor

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// The sequences that are written. Terminals ignore unknown ones.
const (
	beginUpdate = "\x1b[?2026h" // the following is shown at once
	endUpdate   = "\x1b[?2026l"
	beginPastes = "\x1b[?2004h" // pasted text is marked
	endPastes   = "\x1b[?2004l"
	eraseBelow  = "\x1b[J"
	eraseRight  = "\x1b[K"
	eraseAll    = "\x1b[H\x1b[2J"
	whereIsIt   = "\x1b[6n"
)

// display shows the text on the terminal. Only changes are written, in one write.
type display struct {
	out *os.File

	mu     sync.Mutex
	cols   int
	frame  frame
	active bool   // a text is being edited
	fresh  bool   // nothing was drawn yet
	held   []byte // the incomplete line that others have written meanwhile
}

// begin says that a text will be drawn, from the left margin.
func (d *display) begin(cols int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cols, d.active, d.fresh, d.frame = cols, true, true, frame{rows: []row{nil}}
}

// end leaves the cursor on the line below. What others write from now on goes to the
// terminal.
func (d *display) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.active {
		return
	}
	var p pen
	p.row, p.col = d.frame.row, d.frame.col
	p.to(len(d.frame.rows)-1, d.frame.rows[len(d.frame.rows)-1].width())
	p.WriteString(endPastes + "\r\n")
	p.Write(d.held)
	d.active, d.held = false, nil
	_, _ = d.out.Write(p.Bytes())
}

// show draws a frame.
func (d *display) show(f frame) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var p pen
	if d.fresh {
		// A line of blanks ends at the margin of this line, where it begins; but if the
		// cursor was in the middle, it ends at the margin of the next line. The blanks
		// are erased, because a terminal that becomes narrower would wrap them.
		p.WriteString(strings.Repeat(" ", d.cols) + "\r" + eraseBelow + beginPastes)
		d.fresh = false
	}
	rows := p.change(d.frame, f)
	d.frame = f
	d.write(p, rows > 1)
}

func (d *display) write(p pen, together bool) {
	text := p.Bytes()
	if together {
		text = []byte(beginUpdate + p.String() + endUpdate)
	}
	if len(text) > 0 {
		_, _ = d.out.Write(text) // the keyboard is the same terminal, and reports the error
	}
}

// print writes output of others above the text, only whole lines.
func (d *display) print(text []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.active || d.fresh {
		return d.out.Write(text)
	}
	d.held = append(d.held, text...)
	end := bytes.LastIndexByte(d.held, '\n') + 1
	if end == 0 {
		return len(text), nil
	}
	var p pen
	p.row, p.col = d.frame.row, d.frame.col
	p.to(0, 0)
	p.WriteString("\r" + eraseBelow)
	p.Write(d.held[:end])
	d.held = bytes.Clone(d.held[end:])
	p.row, p.col = 0, 0
	p.change(frame{rows: []row{nil}}, d.frame)
	d.write(p, true)
	return len(text), nil
}

// clear clears the screen. The next frame is drawn at its top.
func (d *display) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.frame = frame{rows: []row{nil}}
	_, _ = io.WriteString(d.out, eraseAll)
}

// above is how many rows above the cursor the text begins after the width has changed:
// in a terminal that wraps its rows again, and in one that cuts them.
func (d *display) above(cols int) (wrapped, cut int) {
	for _, r := range d.frame.rows[:d.frame.row] {
		wrapped += max(1, (r.width()+cols-1)/cols)
	}
	return wrapped + d.frame.col/cols, d.frame.row
}

// column is the column of the cursor.
func (d *display) column() int { return d.frame.col }

// ask asks the terminal for the position of the cursor.
func (d *display) ask() {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _ = io.WriteString(d.out, whereIsIt)
}

// resize erases the text, which the next frame draws again. It begins up rows above the
// cursor.
func (d *display) resize(cols, up int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cols, d.frame = cols, frame{rows: []row{nil}}
	if up > 0 {
		_, _ = fmt.Fprintf(d.out, "\x1b[%dA", up)
	}
	_, _ = io.WriteString(d.out, "\r"+eraseBelow)
}

// pen writes cells, and tracks the cursor.
type pen struct {
	bytes.Buffer
	row, col int
}

// to moves the cursor, and creates missing rows.
func (p *pen) to(row, col int) {
	if row < p.row {
		fmt.Fprintf(p, "\x1b[%dA", p.row-row)
	}
	for ; p.row < row; p.row++ {
		p.WriteString("\r\n")
		p.col = 0
	}
	p.row = row
	if col == p.col {
		return
	}
	p.WriteByte('\r')
	if col > 0 {
		fmt.Fprintf(p, "\x1b[%dC", col)
	}
	p.col = col
}

// cells writes characters with their styles.
func (p *pen) cells(r row) {
	style := Style("")
	for _, c := range r {
		if c.style != style {
			if style != "" {
				p.WriteString("\x1b[m")
			}
			if style = c.style; style != "" {
				p.WriteString("\x1b[" + string(style) + "m")
			}
		}
		p.WriteString(c.text)
		p.col += c.width
	}
	if style != "" {
		p.WriteString("\x1b[m")
	}
}

// change turns one frame into another, and returns how many rows have changed.
func (p *pen) change(before, after frame) (changed int) {
	p.row, p.col = before.row, before.col
	for i, r := range after.rows {
		var old row
		if i < len(before.rows) {
			old = before.rows[i]
		}
		same := 0
		for same < len(r) && same < len(old) && r[same] == old[same] {
			same++
		}
		if same == len(r) && same == len(old) && i < len(before.rows) {
			continue
		}
		changed++
		p.to(i, r[:same].width())
		p.cells(r[same:])
		if old.width() > r.width() {
			p.WriteString(eraseRight)
		}
	}
	if len(before.rows) > len(after.rows) {
		changed++
		p.to(len(after.rows), 0)
		p.WriteString(eraseBelow)
	}
	p.to(after.row, after.col)
	return changed
}

package repl

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/sys/unix"

	"avescript/core/printable"
	"avescript/lualib/script"
)

// inPlace shows one text after the other at the same place of a terminal. Other output
// appears above it, a whole line at a time.
type inPlace struct {
	out *os.File

	mu    sync.Mutex
	rows  int    // of what is shown
	shown string // that, with its sequences
	held  []byte // the beginning of a line
	ended bool   // nothing is shown any more
}

// Escape sequences for the terminal. It ignores those that it does not know.
const (
	beginUpdate = "\x1b[?2026h" // what follows is shown at once
	endUpdate   = "\x1b[?2026l"
	eraseRight  = "\x1b[K"
	eraseBelow  = "\x1b[J"
	plainStyle  = "\x1b[m"
)

// show replaces the text, and the line below it. Text that does not fit the terminal is cut.
func (p *inPlace) show(text, below string) {
	cols, rows := 80, 24
	if size, err := unix.IoctlGetWinsize(int(p.out.Fd()), unix.TIOCGWINSZ); err == nil && size.Col > 0 && size.Row > 0 {
		cols, rows = int(size.Col), int(size.Row)
	}
	lines := strings.Split(text, "\n")
	if most := max(1, rows-2); len(lines) > most {
		lines = append(lines[:most-1:most-1], fmt.Sprintf("… %d more lines", len(lines)-most+1))
	}
	lines = append(lines, printable.Line(below))
	var b strings.Builder
	for _, line := range lines {
		// A row that is full would leave the cursor at its end, where erasing takes a
		// character away.
		b.WriteString(ansi.Truncate(strings.ReplaceAll(line, "\t", "    "), cols-1, "…") + plainStyle + eraseRight + "\r\n")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw("", b.String(), len(lines))
}

// Write prints above.
func (p *inPlace) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return p.out.Write(text)
	}
	p.held = append(p.held, text...)
	if end := bytes.LastIndexByte(p.held, '\n') + 1; end > 0 {
		above := string(p.held[:end])
		p.held = bytes.Clone(p.held[end:])
		p.draw(above, p.shown, p.rows)
	}
	return len(text), nil
}

// draw replaces the shown text by lines followed by the new text, in one write.
func (p *inPlace) draw(above, shown string, rows int) {
	var b strings.Builder
	b.WriteString(beginUpdate)
	if p.rows > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", p.rows)
	}
	b.WriteString("\r")
	if above != "" {
		b.WriteString(eraseBelow + above)
	}
	b.WriteString(shown + eraseBelow + endUpdate)
	p.rows, p.shown = rows, shown
	_, _ = io.WriteString(p.out, b.String()) // reading the keyboard of this terminal gives the same error
}

// end prints a line of other output that has no end yet.
func (p *inPlace) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.out.Write(p.held)
	p.held, p.ended = nil, true
}

// printAbove makes scripts print above the text that is shown in place, until stop is called.
func (r *repl) printAbove(place *inPlace) (stop func()) {
	if !r.editing() {
		return func() {}
	}
	for _, s := range r.Streams {
		if r.Terminal != nil || script.IsTerminal(s.file) {
			s.place.Store(place)
		}
	}
	return func() {
		for _, s := range r.Streams {
			s.place.Store(nil)
		}
		place.end()
	}
}

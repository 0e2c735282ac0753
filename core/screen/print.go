package screen

import (
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// longestCluster is the most bytes that one cell's character has. The marks on
// a letter that go beyond it are dropped.
const longestCluster = 64

// printer puts text into cells. What makes one character of several code points
// is known only when the next one has come: the last character is held until
// then.
type printer struct {
	held  []byte // a character that may go on
	cut   []byte // the beginning of a code point's bytes
	shown *shown // the held character, if a snapshot had to show it
	last  []byte // the last character that was printed, for REP

	// edge says that a wide character ends at the right edge, where the next
	// character has to wrap. The emulator knows this only of narrow ones.
	edge bool
}

// shown is where a held character was put, and how to take it back.
type shown struct {
	text  string
	width int
	col   int
	under *uv.Cell // what was in the last column before, where it matters
}

// text prints what is known to be complete.
func (p *printer) text(text []byte, s *Screen) {
	text = p.valid(text)
	for len(text) > 0 {
		if n := plainLength(text) - 1; n > 0 && p.shown == nil && !p.edge && !s.modes[ansi.ModeInsertReplace] {
			_, _ = s.emu.Write(text[:n])
			text = text[n:]
			continue
		}
		cluster, more := firstCluster(text)
		if !more {
			p.held = append(p.held[:0], cluster...)
			return
		}
		p.put(cluster, s)
		text = text[len(cluster):]
	}
}

// valid puts what was held and cut in front of text, makes U+FFFD of each byte
// that is not UTF-8, and keeps the beginning of a code point at the end.
func (p *printer) valid(text []byte) []byte {
	if len(p.held)+len(p.cut) > 0 {
		text = append(append(append([]byte(nil), p.held...), p.cut...), text...)
		p.held, p.cut = p.held[:0], p.cut[:0]
	}
	for start := max(0, len(text)-utf8.UTFMax+1); start < len(text); start++ {
		if rest := text[start:]; utf8.RuneStart(rest[0]) && !utf8.FullRune(rest) {
			p.cut = append(p.cut[:0], rest...)
			text = text[:start]
		}
	}
	if utf8.Valid(text) {
		return text
	}
	return []byte(string([]rune(string(text))))
}

// plainLength is how many ASCII characters text begins with. None of them can
// join the one before it.
func plainLength(text []byte) int {
	for i, b := range text {
		if b >= utf8.RuneSelf {
			return i
		}
	}
	return len(text)
}

// firstCluster is the first character of text. More is false if what comes
// could still belong to it.
func firstCluster(text []byte) (cluster []byte, more bool) {
	window := text
	if len(window) > longestCluster {
		end := longestCluster
		for !utf8.RuneStart(text[end]) {
			end--
		}
		window = text[:end]
	}
	cluster, _ = ansi.FirstGraphemeCluster(window, ansi.GraphemeWidth)
	return cluster, len(cluster) < len(text)
}

// flush prints what was held, because something that is not text follows.
func (p *printer) flush(s *Screen) {
	rest := p.held
	if len(p.cut) > 0 {
		rest = append(append([]byte(nil), rest...), []byte(string([]rune(string(p.cut))))...)
	}
	p.held, p.cut = nil, nil
	for len(rest) > 0 {
		cluster, _ := firstCluster(rest)
		p.put(cluster, s)
		rest = rest[len(cluster):]
	}
}

// put prints one character, unless a snapshot has done it already.
func (p *printer) put(cluster []byte, s *Screen) {
	p.last = append(p.last[:0], cluster...)
	if before := p.shown; before != nil {
		p.shown = nil
		if before.text == string(cluster) {
			return
		}
		p.takeBack(before, s)
		p.place(cluster, before.width, s)
		return
	}
	p.place(cluster, 0, s)
}

// showHeld prints the held character for a snapshot. Should it turn out to go
// on, it is taken back.
func (p *printer) showHeld(s *Screen) {
	if len(p.held) == 0 || p.shown != nil {
		return
	}
	p.shown = p.place(p.held, 0, s)
}

func (p *printer) takeBack(before *shown, s *Screen) {
	s.emit("\x1b[%dG", before.col+1)
	if before.under != nil {
		s.emu.SetCell(before.col, s.emu.CursorPosition().Y, before.under)
	}
	p.edge = false
}

// place writes a character to the emulator, which must not wrap in the middle
// of a wide one. Characters without a width, such as a mark without its letter,
// are not shown. In insert mode there is room for a character of the width that
// is inserted already.
func (p *printer) place(cluster []byte, inserted int, s *Screen) *shown {
	_, width := ansi.FirstGraphemeCluster(cluster, ansi.GraphemeWidth)
	if width <= 0 {
		return nil
	}
	cols, wraps := s.emu.Width(), s.modes[ansi.ModeAutoWrap]
	atEdge := s.emu.CursorPosition().X == cols-1
	if wraps && cols > 1 && (p.edge || width > 1 && atEdge) {
		s.emit("\x1bD\x1b[G")
	}
	p.edge = false
	if s.modes[ansi.ModeInsertReplace] && width > inserted {
		s.emit("\x1b[%d@", width-inserted)
	}
	from := s.emu.CursorPosition()
	result := &shown{text: string(cluster), width: width, col: from.X}
	if from.X == cols-1 {
		result.under = s.emu.CellAt(from.X, from.Y).Clone()
	}
	_, _ = s.emu.Write(cluster)
	if s.emu.CursorPosition().X < from.X { // the emulator has wrapped; in two columns nobody can tell
		result.col, result.under = 0, nil
	}
	p.edge = wraps && width > 1 && from.X == cols-width
	return result
}

// repeat prints the last character again: REP.
func (p *printer) repeat(n int, s *Screen) {
	last := append([]byte(nil), p.last...)
	for range n {
		p.place(last, 0, s)
	}
}

package screen

import (
	"bytes"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// longestCluster is the maximum size of the character in one cell, in bytes. Further
// combining marks are dropped.
const longestCluster = 64

// printer writes text into cells. Whether the next code point belongs to the same
// character is only known when it has arrived, so the last character is held until
// then.
type printer struct {
	held  []byte // a character that may continue
	cut   []byte // the beginning of an incomplete code point
	shown *shown // the held character, if a snapshot had to show it
	last  []byte // the last character that was printed, for REP

	// edge is true if a wide character ends at the right edge, where the next character
	// must wrap. The emulator only handles this for narrow ones.
	edge bool
}

// shown is where a snapshot has written a held character, and how to undo that.
type shown struct {
	text  string
	width int
	col   int
	under *uv.Cell // the previous content of the last column, if it matters
}

// text writes characters that are complete, and holds the last one.
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

// valid puts held and cut bytes in front of text, replaces each byte that is not UTF-8
// by U+FFFD, and keeps an incomplete code point at the end.
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

// plainLength is the number of ASCII characters at the beginning of text. They never
// combine with the character before.
func plainLength(text []byte) int {
	for i, b := range text {
		if b >= utf8.RuneSelf {
			return i
		}
	}
	return len(text)
}

// firstCluster is the first character of text. more is false if the following text
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

// flush writes what is held, because something other than text follows.
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

// put writes one character, unless a snapshot has written it already.
func (p *printer) put(cluster []byte, s *Screen) {
	p.last = append(p.last[:0], cluster...)
	p.replace(cluster, s)
	p.shown = nil
}

// showHeld writes the held character for a snapshot. If the character continues later,
// this is undone.
func (p *printer) showHeld(s *Screen) {
	if len(p.held) > 0 {
		p.shown = p.replace(p.held, s)
	}
}

// replace writes a character in the place of the part that a snapshot has written.
func (p *printer) replace(cluster []byte, s *Screen) *shown {
	before := p.shown
	switch {
	case before == nil:
		return p.place(cluster, 0, s)
	case before.text == string(cluster):
		return before
	}
	p.takeBack(before, s)
	return p.place(cluster, before.width, s)
}

func (p *printer) takeBack(before *shown, s *Screen) {
	s.emit("\x1b[%dG", before.col+1)
	if before.under != nil {
		s.emu.SetCell(before.col, s.emu.CursorPosition().Y, before.under)
	}
	p.edge = false
}

// place writes a character to the emulator, which must not wrap in the middle of a wide
// one. Characters without a width, such as a mark without its letter, are not shown. In
// insert mode, inserted is the width for which there is room already.
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
	if s.emu.CursorPosition().X < from.X { // the emulator has wrapped; with two columns this cannot be detected
		result.col, result.under = 0, nil
	}
	p.edge = wraps && width > 1 && from.X == cols-width
	return result
}

// repeat writes the last character again: REP. It stops when the screen is full of it,
// or the row, if characters do not wrap or are inserted.
func (p *printer) repeat(n int, s *Screen) {
	inserts, wraps := s.modes[ansi.ModeInsertReplace], s.modes[ansi.ModeAutoWrap]
	most := s.emu.Width()
	if wraps && !inserts {
		most *= s.emu.Height()
	}
	n = min(n, most)
	last := append([]byte(nil), p.last...)
	if len(last) == 1 && !p.edge && !inserts {
		_, _ = s.emu.Write(bytes.Repeat(last, n))
		return
	}
	for range n {
		p.place(last, 0, s)
	}
}

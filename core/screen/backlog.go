package screen

import "bytes"

// This file makes a screen keep up with programs that write a lot. A line costs
// the emulator some 20 us once it scrolls, and most lines are gone before
// anybody looks. So plain output is put off, and of what has been put off only
// the end goes to the emulator: the lines that are still to be seen.

// mostBacklog is how much output is put off.
const mostBacklog = 64 << 10

// take puts p off, if there is nothing in it that has to be obeyed at once.
func (s *Screen) take(p []byte) {
	s.backlog = append(s.backlog, p...)
	if len(s.backlog) >= mostBacklog || plainPrefix(p) < len(p) {
		s.catchUp()
	}
}

// catchUp shows what was put off.
func (s *Screen) catchUp() {
	p := s.backlog
	if s.scan.state == inText && !s.margins[s.emu.IsAltScreen()] {
		if n := s.unseen(p); n > 0 {
			s.skip(p[:n])
			p = p[n:]
		}
	}
	s.scan.feed(p, s)
	s.backlog = s.backlog[:0]
}

// unseen is how much of p is gone from the screen when p has been shown. What
// comes after a line feed scrolls out of sight when two screens of line feeds
// follow, wherever the cursor is. It ends where a line begins.
func (s *Screen) unseen(p []byte) int {
	end := plainPrefix(p)
	for range 2*s.emu.Height() + 1 {
		if end = bytes.LastIndexByte(p[:end], '\n'); end < 0 {
			return 0
		}
	}
	at := bytes.LastIndex(p[:end], []byte("\r\n"))
	if at < 0 {
		return 0
	}
	return at + len("\r\n")
}

// skip obeys what lasts of output that nobody will see: the style of what comes
// after it.
func (s *Screen) skip(p []byte) {
	s.print.flush(s)
	s.control('\r')
	for {
		at := bytes.IndexByte(p, esc)
		if at < 0 {
			return
		}
		n := styleLength(p[at:])
		if seq := p[at : at+n]; seq[n-1] == 'm' {
			s.csi(seq)
		}
		p = p[at+n:]
	}
}

// plainPrefix is how much of p is text, line ends and the like, styles, and
// erasing to the end of a line.
func plainPrefix(p []byte) int {
	for i := 0; i < len(p); {
		switch b := p[i]; {
		case !isControl(b), b == '\r', b == '\n', b == '\t', b == '\b', b == bel:
			i++
		case b == esc && styleLength(p[i:]) > 0:
			i += styleLength(p[i:])
		default:
			return i
		}
	}
	return len(p)
}

// styleLength is the length of the SGR or EL that p begins with, or 0.
func styleLength(p []byte) int {
	if len(p) < 3 || p[1] != '[' {
		return 0
	}
	for i, b := range p[2:] {
		switch {
		case b == 'm', b == 'K':
			return i + 3
		case b < '0' || b > ';':
			return 0
		}
	}
	return 0
}

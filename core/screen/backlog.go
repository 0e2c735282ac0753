package screen

import "bytes"

// This file makes a screen keep up with programs that write a lot. Once a line scrolls,
// it costs the emulator about 20 us, and most lines have scrolled away before anybody
// looks. So plain output is held back, and only its end, the lines that are still
// visible, goes to the emulator.

// mostBacklog is how much output is held back.
const mostBacklog = 64 << 10

// take holds p back, unless it contains something that must be processed at once.
func (s *Screen) take(p []byte) {
	s.backlog = append(s.backlog, p...)
	if len(s.backlog) >= mostBacklog || plainPrefix(p) < len(p) {
		s.catchUp()
	}
}

// catchUp processes what was held back.
func (s *Screen) catchUp() {
	p := s.backlog
	if s.scan.state == inText && !s.margins[s.emu.IsAltScreen()] {
		if n := s.unseen(p); n > 0 {
			s.skip(p[:n])
			p = p[n:]
		}
	}
	whole := s.backlog
	s.backlog = nil // a snapshot in between must not process it again
	s.scan.feed(p, s)
	s.backlog = whole[:0]
}

// rest lets others look at a screen while it is written to. A few bytes can be a
// sequence that changes the whole screen, and there may be thousands of them.
func (s *Screen) rest() {
	if s.rests {
		s.mu.Unlock()
		s.mu.Lock()
	}
}

// unseen is how much of p will have scrolled away after p. Wherever the cursor is, text
// after a line feed is out of sight after two screens of line feeds. The result ends at
// the beginning of a line.
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

// skip processes the lasting effect of output that nobody will see: the style of the
// following text.
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

// plainPrefix is the length of the beginning of p that contains only text, line ends
// and the like, styles, and erasing to the end of a line.
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

// styleLength is the length of the SGR or EL at the beginning of p, or 0.
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

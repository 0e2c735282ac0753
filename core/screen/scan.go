package screen

// This file splits a program's output into text, control characters and escape
// sequences. The grammar is that of ECMA-48 as xterm reads it in UTF-8, without 8-bit
// control characters.

const (
	bel = 0x07
	can = 0x18
	sub = 0x1a
	esc = 0x1b
	del = 0x7f
)

// longestSequence is how much of a sequence is kept. A longer one, such as a picture,
// is ignored.
const longestSequence = 4096

type scanState int

const (
	inText      scanState = iota
	inEscape              // after ESC
	inCSI                 // after ESC [
	inString              // after ESC ] and similar, until BEL or ESC \
	inStringEnd           // after an ESC in a string
)

// scanner is the state of parsing the output.
type scanner struct {
	state scanState
	seq   []byte // the sequence so far
}

// feed passes p on to the screen, in parts.
func (c *scanner) feed(p []byte, s *Screen) {
	for len(p) > 0 {
		if c.state != inText {
			c.sequenceByte(p[0], s)
			p = p[1:]
			continue
		}
		n := textLength(p)
		if n > 0 {
			s.print.text(p[:n], s)
		} else {
			s.rest()
			s.print.flush(s)
			c.controlByte(p[0], s)
			n = 1
		}
		p = p[n:]
	}
}

// textLength is the number of bytes in p before the first control character.
func textLength(p []byte) int {
	for i, b := range p {
		if isControl(b) {
			return i
		}
	}
	return len(p)
}

func isControl(b byte) bool { return b < ' ' || b == del }

func (c *scanner) controlByte(b byte, s *Screen) {
	switch b {
	case esc:
		c.begin()
	case can, sub, del:
		c.state = inText
	default:
		s.control(b)
	}
}

func (c *scanner) begin() {
	c.state, c.seq = inEscape, append(c.seq[:0], esc)
}

func (c *scanner) keep(b byte) {
	if len(c.seq) <= longestSequence {
		c.seq = append(c.seq, b)
	}
}

// end finishes a sequence. If it was longer than what is kept, it is ignored.
func (c *scanner) end(dispatch func(seq []byte)) {
	c.state = inText
	if len(c.seq) <= longestSequence {
		dispatch(c.seq)
	}
}

// sequenceByte processes a byte in a sequence. Control characters are obeyed at once,
// except in a string.
func (c *scanner) sequenceByte(b byte, s *Screen) {
	switch {
	case c.state == inString:
		c.stringByte(b, s)
	case c.state == inStringEnd && b == '\\':
		c.end(s.controlString)
	case c.state == inStringEnd:
		c.begin() // another sequence has interrupted the string
		c.sequenceByte(b, s)
	case isControl(b):
		c.controlByte(b, s)
	case b > del:
		c.state = inText
	case c.state == inEscape:
		c.escapeByte(b, s)
	default:
		c.keep(b)
		if b >= '@' {
			c.end(s.csi)
		}
	}
}

func (c *scanner) escapeByte(b byte, s *Screen) {
	c.keep(b)
	switch {
	case b < '0': // an intermediate byte
	case len(c.seq) > 2:
		c.end(s.escape)
	case b == '[':
		c.state = inCSI
	case b == ']', b == 'P', b == 'X', b == '^', b == '_':
		c.state = inString
	default:
		c.end(s.escape)
	}
}

func (c *scanner) stringByte(b byte, s *Screen) {
	switch {
	case b == esc:
		c.state = inStringEnd
	case b == can, b == sub:
		c.state = inText
	case b == bel && c.seq[1] == ']':
		c.end(s.controlString)
	default:
		c.keep(b)
	}
}

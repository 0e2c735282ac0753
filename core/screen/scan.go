package screen

// This file takes a program's output apart into text, control characters and
// escape sequences. The grammar is that of ECMA-48 as xterm reads it in UTF-8:
// the controls of 8 bits are not known.

const (
	bel = 0x07
	can = 0x18
	sub = 0x1a
	esc = 0x1b
	del = 0x7f
)

// longestSequence is how much of a sequence is kept. One that is longer, such
// as a picture, is skipped.
const longestSequence = 4096

type scanState int

const (
	inText      scanState = iota
	inEscape              // after ESC
	inCSI                 // after ESC [
	inString              // after ESC ] and the like, up to BEL or ESC \
	inStringEnd           // after an ESC in a string
)

// scanner is where in a sequence the output has arrived.
type scanner struct {
	state scanState
	seq   []byte // the sequence so far
}

// feed hands p on to the screen, in parts.
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
			s.print.flush(s)
			c.controlByte(p[0], s)
			n = 1
		}
		p = p[n:]
	}
}

// textLength is how many bytes of p come before its first control character.
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

// end finishes a sequence, which is too long if more than what is kept of it
// came.
func (c *scanner) end(dispatch func(seq []byte)) {
	c.state = inText
	if len(c.seq) <= longestSequence {
		dispatch(c.seq)
	}
}

// sequenceByte takes a byte inside of a sequence. A control character there is
// obeyed at once; only a string swallows it.
func (c *scanner) sequenceByte(b byte, s *Screen) {
	switch {
	case c.state == inString:
		c.stringByte(b, s)
	case c.state == inStringEnd && b == '\\':
		c.end(s.controlString)
	case c.state == inStringEnd:
		c.begin() // the string was given up for another sequence
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

package stdlib

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Lua's patterns. A pattern is interpreted directly: an error in it is only noticed
// when matching reaches it, as in the reference.

const (
	maxCaptures = 32

	// Go's stack can grow to 1 GB. A level takes a few hundred bytes, and there is
	// at most one for each item of the pattern.
	maxMatchDepth = 100_000

	specials = "^$*+?.([%-"
)

// Lengths of captures that are not text.
const (
	captureOpen     = -1
	capturePosition = -2
)

type capture struct{ start, length int }

type matcher struct {
	L        *lua.LState
	src, pat string
	captures [maxCaptures]capture
	level    int // the number of captures in use
	depth    int
	steps    int

	// atEnd means that the end of the text influenced the match.
	atEnd bool

	stream *stream // instead of L, for a text that is still arriving
}

// newMatcher removes the anchor from the pattern, for functions that support one;
// gmatch does not.
func newMatcher(L *lua.LState, src, pat string) (m *matcher, anchored bool) {
	pat, anchored = strings.CutPrefix(pat, "^")
	return &matcher{L: L, src: src, pat: pat}, anchored
}

func (m *matcher) fail(message string) {
	if m.stream != nil {
		panic(patternFault(message))
	}
	m.L.RaiseError("%s", message)
}

// matchAt returns the end of the match of the whole pattern that begins at s, or
// -1.
func (m *matcher) matchAt(s int) int {
	m.level, m.depth = 0, 0
	m.step(1)
	return m.match(s, 0)
}

func (m *matcher) match(s, p int) int {
	if m.depth++; m.depth > maxMatchDepth {
		m.fail("pattern too complex")
	}
	end := m.matchItems(s, p)
	m.depth--
	return end
}

// matchItems matches the pattern from p on. Only parts that may have to be tried
// again in another way go through match.
func (m *matcher) matchItems(s, p int) int {
	for p < len(m.pat) {
		m.step(1)
		switch m.pat[p] {
		case '(':
			if p+1 < len(m.pat) && m.pat[p+1] == ')' {
				return m.openCapture(s, p+2, capturePosition)
			}
			return m.openCapture(s, p+1, captureOpen)
		case ')':
			return m.closeCapture(s, p+1)
		case '$':
			if p+1 == len(m.pat) {
				if s == len(m.src) {
					m.atEnd = true
					return s
				}
				return -1
			}
		case '%':
			if next, after, ok := m.matchEscape(s, p); ok {
				if next < 0 {
					return -1
				}
				s, p = next, after
				continue
			}
		}

		end := m.itemEnd(p)
		suffix := byte(0)
		if end < len(m.pat) {
			suffix = m.pat[end]
		}
		switch suffix {
		case '?':
			if m.single(s, p, end) {
				if e := m.match(s+1, end+1); e >= 0 {
					return e
				}
			}
			p = end + 1
		case '*':
			return m.longest(s, p, end, 0)
		case '+':
			return m.longest(s, p, end, 1)
		case '-':
			return m.shortest(s, p, end)
		default:
			if !m.single(s, p, end) {
				return -1
			}
			s, p = s+1, end
		}
	}
	return s
}

// step lets the state's context stop a match that backtracks without end.
func (m *matcher) step(n int) {
	if m.steps += n; m.steps >= stepsBetweenPolls {
		m.steps = 0
		m.poll()
	}
}

func (m *matcher) poll() {
	if m.stream == nil {
		poll(m.L)
	} else if err := m.stream.ctx.Err(); err != nil {
		m.fail(err.Error())
	}
}

// longest matches the single item at p as often as possible, at least min times,
// and then the rest.
func (m *matcher) longest(s, p, end, min int) int {
	n := 0
	for m.single(s+n, p, end) {
		if n++; n%pieceSize == 0 {
			m.step(pieceSize)
		}
	}
	for ; n >= min; n-- {
		m.step(1)
		if e := m.match(s+n, end+1); e >= 0 {
			return e
		}
	}
	return -1
}

// shortest matches the single item at p as few times as possible, and then the
// rest.
func (m *matcher) shortest(s, p, end int) int {
	for {
		m.step(1)
		if e := m.match(s, end+1); e >= 0 {
			return e
		}
		if !m.single(s, p, end) {
			return -1
		}
		s++
	}
}

// matchEscape handles %b, %f and %1 to %9. ok is false if the item at p is another
// one; next is -1 if it does not match.
func (m *matcher) matchEscape(s, p int) (next, after int, ok bool) {
	if p+1 == len(m.pat) {
		return 0, 0, false
	}
	switch c := m.pat[p+1]; {
	case c == 'b':
		return m.balanced(s, p+2), p + 4, true
	case c == 'f':
		next, after = m.frontier(s, p+2)
		return next, after, true
	case isDigit(c):
		return m.backReference(s, c), p + 2, true
	}
	return 0, 0, false
}

func (m *matcher) balanced(s, p int) int {
	if p+1 >= len(m.pat) {
		m.fail("unbalanced pattern")
	}
	opening, closing := m.pat[p], m.pat[p+1]
	if s >= len(m.src) || m.src[s] != opening {
		m.atEnd = m.atEnd || s >= len(m.src)
		return -1
	}
	nested := 1
	for i := s + 1; i < len(m.src); i++ {
		if m.steps++; m.steps >= stepsBetweenPolls {
			m.step(0)
		}
		switch m.src[i] {
		case closing:
			if nested--; nested == 0 {
				return i + 1
			}
		case opening:
			nested++
		}
	}
	m.atEnd = true
	return -1
}

// frontier matches the empty string where the text enters the set. The text has a
// zero byte before its beginning and after its end.
func (m *matcher) frontier(s, p int) (next, after int) {
	if p >= len(m.pat) || m.pat[p] != '[' {
		m.fail("missing '[' after '%f' in pattern")
	}
	end := m.itemEnd(p)
	var before, here byte
	if s > 0 {
		before = m.src[s-1]
	}
	if s < len(m.src) {
		here = m.src[s]
	} else {
		m.atEnd = true
	}
	if m.inSet(before, p, end) || !m.inSet(here, p, end) {
		return -1, end
	}
	return s, end
}

func (m *matcher) backReference(s int, digit byte) int {
	i := int(digit) - '1'
	if i < 0 || i >= m.level || m.captures[i].length == captureOpen {
		m.fail("invalid capture index")
	}
	c := m.captures[i]
	m.step(max(c.length, 0) / bytesPerStep)
	// The length of a position capture does not match anything in the reference
	// either.
	if c.length < 0 || !strings.HasPrefix(m.src[s:], m.src[c.start:c.start+c.length]) {
		m.atEnd = m.atEnd || s+c.length > len(m.src)
		return -1
	}
	return s + c.length
}

func (m *matcher) openCapture(s, p, length int) int {
	if m.level == maxCaptures {
		m.fail("too many captures")
	}
	m.captures[m.level] = capture{s, length}
	m.level++
	end := m.match(s, p)
	if end < 0 {
		m.level--
	}
	return end
}

func (m *matcher) closeCapture(s, p int) int {
	i := m.level - 1
	for i >= 0 && m.captures[i].length != captureOpen {
		i--
	}
	if i < 0 {
		m.fail("invalid pattern capture")
	}
	m.captures[i].length = s - m.captures[i].start
	end := m.match(s, p)
	if end < 0 {
		m.captures[i].length = captureOpen
	}
	return end
}

// itemEnd returns the end of the single item at p: a character, a class or a set.
func (m *matcher) itemEnd(p int) int {
	c := m.pat[p]
	p++
	switch c {
	case '%':
		if p == len(m.pat) {
			m.fail("malformed pattern (ends with '%')")
		}
		return p + 1
	case '[':
		end := m.setEnd(p)
		m.step((end - p) / bytesPerStep)
		return end
	}
	return p
}

// setEnd returns the end of the set whose first character is at p. A ']' in the
// first place is a member.
func (m *matcher) setEnd(p int) int {
	if p < len(m.pat) && m.pat[p] == '^' {
		p++
	}
	for first := true; p < len(m.pat); first = false {
		switch m.pat[p] {
		case ']':
			if !first {
				return p + 1
			}
		case '%':
			p++
		}
		p++
	}
	m.fail("malformed pattern (missing ']')")
	return 0
}

// single reports whether the character at s matches the single item.
func (m *matcher) single(s, p, end int) bool {
	if s >= len(m.src) {
		m.atEnd = true
		return false
	}
	c := m.src[s]
	switch m.pat[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pat[p+1])
	case '[':
		m.step((end - p) / bytesPerStep)
		return m.inSet(c, p, end)
	}
	return c == m.pat[p]
}

// capture returns capture i of the match src[start:end]. Without captures, the
// first is the whole match.
func (m *matcher) capture(i, start, end int) lua.LValue {
	if i >= m.level {
		if i > 0 {
			m.fail("invalid capture index")
		}
		return lua.LString(m.src[start:end])
	}
	c := m.captures[i]
	switch c.length {
	case captureOpen:
		m.fail("unfinished capture")
	case capturePosition:
		return lua.LNumber(c.start + 1)
	}
	return lua.LString(m.src[c.start : c.start+c.length])
}

// pushCaptures pushes all captures, or the whole match if there are none.
func (m *matcher) pushCaptures(start, end int) int {
	n := max(m.level, 1)
	for i := range n {
		m.L.Push(m.capture(i, start, end))
	}
	return n
}

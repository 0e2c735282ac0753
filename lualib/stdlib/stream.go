package stdlib

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"unsafe"
)

// Pattern is a Lua pattern for a text that is still coming, such as the output of
// a program. It needs no state.
type Pattern struct {
	text string

	// swallows is whether a match would begin where the search for it does, as
	// that of (.-)\n would: there is no need to look elsewhere, which would
	// take quadratic time.
	swallows bool
}

// swallowing is what such a pattern begins with. If there are no references to
// captures in it then the rest doesn't mind where the match has begun.
var swallowing = regexp.MustCompile(`^\(*\.[-*+]`)

var backReference = regexp.MustCompile(`%[1-9]`)

// patternFault is what the matcher panics with when it has no state to raise an
// error in.
type patternFault string

type stream struct{ ctx context.Context }

// NewPattern makes a pattern, and finds out whether it is well formed: in a text
// that is still coming that must not wait until a match gets there.
func NewPattern(text string) (p *Pattern, err error) {
	defer recoverFault(&err)
	m := &matcher{pat: strings.TrimPrefix(text, "^"), stream: &stream{context.Background()}}
	m.check()
	return &Pattern{text, swallowing.MatchString(text) && !backReference.MatchString(text)}, nil
}

func (p *Pattern) String() string { return p.text }

func recoverFault(err *error) {
	switch fault := recover().(type) {
	case nil:
	case patternFault:
		*err = errors.New(string(fault))
	default:
		panic(fault)
	}
}

// check fails as matching would.
func (m *matcher) check() {
	captures, open := 0, 0
	for p := 0; p < len(m.pat); {
		switch c := m.pat[p]; {
		case c == '(' && strings.HasPrefix(m.pat[p:], "()"):
			m.fail("a position says nothing about a text that is still coming: wanted no '()' in the pattern")
		case c == '(':
			if captures++; captures > maxCaptures {
				m.fail("too many captures")
			}
			open++
			p++
		case c == ')':
			if open--; open < 0 {
				m.fail("invalid pattern capture")
			}
			p++
		case strings.HasPrefix(m.pat[p:], "%b"):
			if p += 4; p > len(m.pat) {
				m.fail("unbalanced pattern")
			}
		case strings.HasPrefix(m.pat[p:], "%f"):
			if p += 2; p == len(m.pat) || m.pat[p] != '[' {
				m.fail("missing '[' after '%f' in pattern")
			}
			p = m.itemEnd(p)
		default:
			p = m.itemEnd(p)
		}
	}
	if open > 0 {
		m.fail("unfinished capture")
	}
}

// Found is what [Pattern.Find] has found.
type Found struct {
	// At is pairs of indices: of the match, and of its captures. It is nil if
	// there is no match.
	At []int

	// Firm says that more text would not change the match.
	Firm bool

	// Open is, without a match, where one may begin when more text comes. None
	// begins before.
	Open int
}

// Find looks for the first match that begins at from or later. The text must not
// be changed any more.
func (p *Pattern) Find(ctx context.Context, text []byte, from int) (found Found, err error) {
	defer recoverFault(&err)
	pat, anchored := strings.CutPrefix(p.text, "^")
	m := &matcher{
		src:    unsafe.String(unsafe.SliceData(text), len(text)),
		pat:    pat,
		stream: &stream{ctx},
	}
	found.Open = len(text) + 1
	for s := from; s <= len(text) && (!anchored || s == 0); s++ {
		m.atEnd = false
		if end := m.matchAt(s); end >= 0 {
			return Found{At: m.indices(s, end), Firm: !m.atEnd && found.Open > len(text)}, nil
		}
		if m.atEnd {
			found.Open = min(found.Open, s)
		}
		if p.swallows {
			break
		}
	}
	return found, ctx.Err()
}

func (m *matcher) indices(start, end int) []int {
	at := []int{start, end}
	for _, c := range m.captures[:m.level] {
		at = append(at, c.start, c.start+c.length)
	}
	return at
}

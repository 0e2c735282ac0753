package stdlib

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"unsafe"
)

// Pattern is a Lua pattern for a text that is still arriving, such as the output of
// a program. It needs no state.
type Pattern struct {
	text string

	// swallows means that a match would begin where the search begins, as for
	// (.-)\n. Then no other places have to be tried, which would take quadratic
	// time.
	swallows bool
}

// swallowing matches the beginning of such a pattern. If it has no references to
// captures, the rest of the match does not depend on where it began.
var swallowing = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\(*\.[-*+]`) })

var backReference = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`%[1-9]`) })

// patternFault is the panic of a matcher that has no state to raise an error in.
type patternFault string

type stream struct{ ctx context.Context }

// NewPattern makes a pattern, and checks that it is well formed: for a text that is
// still arriving, this must not wait until a match reaches the error.
func NewPattern(text string) (p *Pattern, err error) {
	defer recoverFault(&err)
	m := &matcher{pat: strings.TrimPrefix(text, "^"), stream: &stream{context.Background()}}
	m.check()
	return &Pattern{text, swallowing().MatchString(text) && !backReference().MatchString(text)}, nil
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

// check fails where matching would fail.
func (m *matcher) check() {
	captures, open := 0, 0
	for p := 0; p < len(m.pat); {
		switch c := m.pat[p]; {
		case c == '(' && strings.HasPrefix(m.pat[p:], "()"):
			m.fail("the pattern cannot contain '()': there are no positions in output that is still arriving")
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

// Found is the result of [Pattern.Find].
type Found struct {
	// At has pairs of indexes: of the match, and of its captures. It is nil if
	// there is no match.
	At []int

	// Firm means that more text would not change the match.
	Firm bool

	// Open is, if there is no match, the earliest place where one may begin when
	// more text arrives.
	Open int
}

// Find looks for the first match that begins at from or later. The text must not be
// changed afterwards.
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

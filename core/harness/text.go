package harness

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// looksEscaped matches texts that [Text] could have written for a byte.
var looksEscaped = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\\x(5c|[89a-f][0-9a-f])`) })

// Text converts bytes to text, as JSON and the reports need it: each byte that is not
// valid UTF-8 is written as \xff. Different bytes always give different texts: if the
// input already looks like such a text, its backslash is written as \x5c.
func Text(s string) string {
	if strings.Contains(s, `\x`) {
		s = looksEscaped().ReplaceAllString(s, `\x5cx$1`)
	}
	return spelled(s)
}

// spelled replaces the bytes that are not valid UTF-8.
func spelled(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

// Cut shortens a text to about most bytes. It keeps the beginning and more of the end,
// and says between them how much was left out.
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	head := most / 4
	from, to := Boundary(s, head), Boundary(s, len(s)-(most-head))
	return s[:from] + LeftOut(to-from) + s[to:]
}

// LeftOut is the text that replaces bytes that were left out.
func LeftOut(bytes int) string { return fmt.Sprintf("\n... %d bytes left out ...\n", bytes) }

// Boundary is the index of the first byte of the character at an index.
func Boundary(s string, at int) int {
	for i := at; i > max(0, at-utf8.UTFMax) && i < len(s); i-- {
		if utf8.RuneStart(s[i]) {
			return i
		}
	}
	return at
}

// mostMessage is how many bytes of a message or a diff are kept.
const mostMessage = 256 << 10

// AsText returns the event with its problems and leaks as valid text, short enough for
// all reports.
func (e Event) AsText() Event {
	e.Problems = slices.Clone(e.Problems)
	for i := range e.Problems {
		p := &e.Problems[i]
		p.Hook, p.Message, p.Diff = Text(p.Hook), Text(Cut(p.Message, mostMessage)), Text(Cut(p.Diff, mostMessage))
		p.Stack = slices.Clone(p.Stack)
		for j, f := range p.Stack {
			p.Stack[j] = f.asText()
		}
	}
	e.Leaks = slices.Clone(e.Leaks)
	for i := range e.Leaks {
		l := &e.Leaks[i]
		l.What = Text(l.What)
		if l.Made != nil {
			l.Made = new(l.Made.asText())
		}
	}
	return e
}

func (f Frame) asText() Frame {
	return Frame{File: f.File, Line: f.Line, Func: Text(f.Func), Source: spelled(f.Source)}
}

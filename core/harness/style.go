package harness

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// style paints text with the escape sequences of ECMA-48, or leaves it as it
// is.
type style bool

func (s style) red(text string) string    { return s.paint("31", text) }
func (s style) green(text string) string  { return s.paint("32", text) }
func (s style) yellow(text string) string { return s.paint("33", text) }
func (s style) cyan(text string) string   { return s.paint("36", text) }
func (s style) bold(text string) string   { return s.paint("1", text) }
func (s style) dim(text string) string    { return s.paint("2", text) }
func (s style) plain(text string) string  { return text }

func (s style) paint(code, text string) string {
	if !s {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// diff paints a line of a diff by its first character.
func (s style) diff(line string) string {
	switch {
	case line == "":
	case line[0] == '-':
		return s.red(line)
	case line[0] == '+':
		return s.green(line)
	}
	return line
}

// printable makes what tests have said harmless: a control character would
// otherwise do to the terminal what it says.
func printable(e Event) Event {
	e.Path = slices.Clone(e.Path)
	for i := range e.Path {
		e.Path[i] = escape(e.Path[i])
	}
	e.Problems = slices.Clone(e.Problems)
	for i := range e.Problems {
		p := &e.Problems[i]
		p.Message, p.Diff = escape(p.Message), escape(p.Diff)
	}
	return e
}

func escape(text string) string {
	isControl := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	if !strings.ContainsFunc(text, isControl) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if isControl(r) {
			fmt.Fprintf(&b, "\\x%02x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

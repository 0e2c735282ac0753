package report

import (
	"cmp"
	"strings"

	"avescript/core/harness"
)

// line is one line of the description of a problem, and its kind.
type line struct {
	kind lineKind
	text string
}

type lineKind int

const (
	placeLine lineKind = iota
	sourceLine
	messageLine
	diffLine
	callerLine
)

// describe says where something went wrong, what, and from where it was called.
func describe(e harness.Event, p harness.Problem) []line {
	var lines []line
	add := func(kind lineKind, text string) {
		for part := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
			lines = append(lines, line{kind, part})
		}
	}
	at, callers := where(e, p)
	position := place(at)
	if p.Hook != "" {
		position += ", in " + p.Hook
	}
	if position != "" { // the run has none
		add(placeLine, position)
	}
	if at.Source != "" {
		add(sourceLine, "  | "+at.Source)
	}
	add(messageLine, cmp.Or(p.Message, "(no message)"))
	if p.Diff != "" {
		add(diffLine, p.Diff)
	}
	for _, f := range callers {
		add(callerLine, "from "+place(f))
	}
	return lines
}

// descriptions describes all problems of an event.
func descriptions(e harness.Event) []line {
	if len(e.Problems) == 0 {
		return describe(e, harness.Problem{Message: reason(e)})
	}
	var lines []line
	for _, p := range e.Problems {
		lines = append(lines, describe(e, p)...)
	}
	return lines
}

// description is the same as text.
func description(e harness.Event) string { return textOf(descriptions(e)) }

// summary is the same, shortened.
func summary(e harness.Event) string { return textOf(shorten(descriptions(e))) }

func textOf(lines []line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.text + "\n")
	}
	return b.String()
}

// sameHook reports whether both failed only because of the same hook, which is then
// described once.
func sameHook(a, b harness.Event) bool {
	if len(a.Problems) != 1 || len(b.Problems) != 1 || a.File != b.File {
		return false
	}
	p, q := a.Problems[0], b.Problems[0]
	return p.Hook != "" && p.Hook == q.Hook && p.Message == q.Message &&
		len(p.Stack) > 0 && len(q.Stack) > 0 && p.Stack[0] == q.Stack[0]
}

// leaked says what was left behind, and where it was created.
func leaked(l harness.Leak) string {
	if l.Made == nil {
		return l.What
	}
	return l.What + ", created at " + place(*l.Made)
}

package report

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"avescript/core/harness"
)

// This file has what reports say of events in the same words: names, places,
// and text that does no harm.

// title is the full name of a test or a block.
func title(e harness.Event) string {
	return cmp.Or(e.FullName(), e.File, "the run")
}

// isNothing tells of the event that there was no test to run.
func isNothing(e harness.Event) bool {
	return e.File == "" && len(e.Problems) == 1 && e.Problems[0].Message == harness.NothingToRun
}

// place is the frame as a report shows it.
func place(f harness.Frame) string {
	place := f.File
	if f.Line > 0 {
		place = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	switch {
	case f.File == "":
		return f.Func
	case f.Func != "":
		return place + " in " + f.Func
	}
	return place
}

// where is the place of a problem, and who called it.
func where(e harness.Event, p harness.Problem) (at harness.Frame, callers []harness.Frame) {
	if len(p.Stack) == 0 {
		return harness.Frame{File: e.File, Line: e.Line}, nil
	}
	return p.Stack[0], p.Stack[1:]
}

var lineBreaks = regexp.MustCompile(`\s*\n\s*`)

// reason is the first paragraph of the first problem that says anything, on one
// line and made short.
func reason(e harness.Event) string {
	for _, p := range e.Problems {
		paragraph, _, _ := strings.Cut(strings.TrimSpace(p.Message), "\n\n")
		if line := lineBreaks.ReplaceAllLiteralString(paragraph, " "); line != "" {
			return window(line, 0)
		}
	}
	if e.Status == harness.XPassed {
		return "it was expected to fail, and passed"
	}
	return ""
}

// duration is a time as people say it.
func duration(seconds float64) string {
	switch {
	case seconds < 1:
		return fmt.Sprintf("%.0f ms", seconds*1000)
	case seconds < 100:
		return fmt.Sprintf("%.2f s", seconds)
	case seconds >= 3600:
		return fmt.Sprintf("%d h %02d min", int(seconds)/3600, int(seconds)/60%60)
	}
	return fmt.Sprintf("%d min %02d s", int(seconds)/60, int(seconds)%60)
}

// colors are the sequences that select how characters look. Programs write them
// even where nobody looks, and nobody wants to read them.
var colors = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// printable makes what tests have said harmless: a control character would
// otherwise do to the terminal what it says. Output loses its colours.
func printable(e harness.Event) harness.Event {
	e.File, e.Output = escapeName(e.File), escape(colors.ReplaceAllLiteralString(e.Output, ""))
	e.Path, e.Tags = escapeNames(e.Path), escapeNames(e.Tags)
	e.Problems = slices.Clone(e.Problems)
	for i := range e.Problems {
		p := &e.Problems[i]
		p.Hook, p.Message, p.Diff = escape(p.Hook), escape(p.Message), escape(p.Diff)
		p.Stack = slices.Clone(p.Stack)
		for j := range p.Stack {
			p.Stack[j] = printableFrame(p.Stack[j])
		}
	}
	e.Leaks = slices.Clone(e.Leaks)
	for i := range e.Leaks {
		l := &e.Leaks[i]
		l.Kind, l.What = escapeName(l.Kind), escapeName(l.What)
		if l.Made != nil {
			l.Made = new(printableFrame(*l.Made))
		}
	}
	e.Artifacts = slices.Clone(e.Artifacts)
	for i := range e.Artifacts {
		a := &e.Artifacts[i]
		a.Kind, a.Name, a.Path = escapeName(a.Kind), escapeName(a.Name), escapeName(a.Path)
	}
	return e
}

func printableFrame(f harness.Frame) harness.Frame {
	return harness.Frame{File: escapeName(f.File), Line: f.Line, Func: escapeName(f.Func), Source: escapeName(f.Source)}
}

func escapeNames(names []string) []string {
	names = slices.Clone(names)
	for i := range names {
		names[i] = escapeName(names[i])
	}
	return names
}

// escapeName keeps a name on one line.
func escapeName(name string) string { return strings.ReplaceAll(escape(name), "\n", `\n`) }

// isHarmful tells of characters that do something instead of being shown:
// controls except line feed and tab, and those that turn the direction of
// writing around, so that text reads differently from what it says.
func isHarmful(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r))
}

// escape writes harmful characters and bytes that are not UTF-8 as Lua's and
// Go's strings would: \x1b, \u202e. The end of a line may be CR LF.
func escape(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if utf8.ValidString(text) && !strings.ContainsFunc(text, isHarmful) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, "\\x%02x", text[i])
		case !isHarmful(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, "\\x%02x", r)
		default:
			fmt.Fprintf(&b, "\\u%04x", r)
		}
	}
	return b.String()
}

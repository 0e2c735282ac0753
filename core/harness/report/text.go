package report

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"avescript/core/harness"
	"avescript/core/printable"
)

// This file has what all reports say in the same words: names, places, and escaped
// text.

// title is the full name of a test or a block.
func title(e harness.Event) string {
	return cmp.Or(e.FullName(), e.File, "the run")
}

// on says on which host of a fleet something has run.
func on(e harness.Event) string {
	if e.Host == "" {
		return ""
	}
	return " on " + e.Host
}

// isNothing reports whether the event says that there was no test to run.
func isNothing(e harness.Event) bool {
	return e.File == "" && len(e.Problems) == 1 && e.Problems[0].Message == harness.NothingToRun
}

// place is a frame as reports show it.
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

// where is the place of a problem, and the calls that led to it.
func where(e harness.Event, p harness.Problem) (at harness.Frame, callers []harness.Frame) {
	if len(p.Stack) == 0 {
		return harness.Frame{File: e.File, Line: e.Line}, nil
	}
	return p.Stack[0], p.Stack[1:]
}

var lineBreaks = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\s*\n\s*`) })

// reason is the first paragraph of the first problem that has a message, on one line
// and shortened.
func reason(e harness.Event) string {
	for _, p := range e.Problems {
		paragraph, _, _ := strings.Cut(strings.TrimSpace(p.Message), "\n\n")
		if line := lineBreaks().ReplaceAllLiteralString(paragraph, " "); line != "" {
			return window(line, 0)
		}
	}
	if e.Status == harness.XPassed {
		return "it was expected to fail but passed"
	}
	return ""
}

// duration is a duration for people.
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

// colors matches the sequences that set colours and styles. Programs often write them
// even if their output is not shown on a terminal.
var colors = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("\x1b\\[[0-9;:]*m") })

// harmless escapes everything that comes from tests: control characters could do
// anything to the terminal. Output loses its colours.
func harmless(e harness.Event) harness.Event {
	e.File, e.Host = escapeName(e.File), escapeName(e.Host)
	e.Output = escape(colors().ReplaceAllLiteralString(e.Output, ""))
	e.Path, e.Tags = escapeNames(e.Path), escapeNames(e.Tags)
	e.Problems = slices.Clone(e.Problems)
	for i := range e.Problems {
		p := &e.Problems[i]
		p.Hook, p.Message, p.Diff = escape(p.Hook), escape(p.Message), escape(p.Diff)
		p.Stack = slices.Clone(p.Stack)
		for j := range p.Stack {
			p.Stack[j] = harmlessFrame(p.Stack[j])
		}
	}
	e.Leaks = slices.Clone(e.Leaks)
	for i := range e.Leaks {
		l := &e.Leaks[i]
		l.Kind, l.What = escapeName(l.Kind), escapeName(l.What)
		if l.Made != nil {
			l.Made = new(harmlessFrame(*l.Made))
		}
	}
	e.Artifacts = slices.Clone(e.Artifacts)
	for i := range e.Artifacts {
		a := &e.Artifacts[i]
		a.Kind, a.Name, a.Path, a.Missing = escapeName(a.Kind), escapeName(a.Name), escapeName(a.Path), escapeName(a.Missing)
	}
	return e
}

// located is the path of an artifact, and why it is incomplete, if it is.
func located(a harness.Artifact) string {
	if a.Missing != "" {
		return a.Path + " (incomplete: " + a.Missing + ")"
	}
	return a.Path
}

func harmlessFrame(f harness.Frame) harness.Frame {
	return harness.Frame{File: escapeName(f.File), Line: f.Line, Func: escapeName(f.Func), Source: escapeName(f.Source)}
}

func escapeNames(names []string) []string {
	names = slices.Clone(names)
	for i := range names {
		names[i] = escapeName(names[i])
	}
	return names
}

// escapeName escapes a name, which stays on one line.
func escapeName(name string) string { return printable.Line(name) }

// escape escapes a text but keeps its lines, which are indented where they are shown.
func escape(text string) string { return printable.Lines(text, "") }

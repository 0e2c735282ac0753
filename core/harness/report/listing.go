package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"avescript/core/harness"
)

// listing writes one line for each test of a run that only lists tests, grouped by
// file:
//
//	tests/test_rack.lua:42: rack leases a unit #slow (pending)
//
// Editors find the place in this form, and FILE:LINE can be passed to the command line.
// The tags after the name are those that are not in the name.
type listing struct {
	w, problems io.Writer
	lines       map[string][]string // by file
}

func (l *listing) Report(e harness.Event) {
	e = harmless(e)
	switch e.Kind {
	case harness.TestListed:
		l.lines[e.File] = append(l.lines[e.File], listed(e))
	case harness.BlockFailed:
		l.problem(e)
	case harness.RunFinished:
		for _, file := range slices.Sorted(maps.Keys(l.lines)) {
			fmt.Fprintln(l.w, strings.Join(l.lines[file], "\n"))
		}
	}
}

func listed(e harness.Event) string {
	line := fmt.Sprintf("%s:%d: %s", e.File, e.Line, title(e))
	words := strings.Fields(title(e))
	for _, tag := range e.Tags {
		if !slices.Contains(words, "#"+tag) {
			line += " #" + tag
		}
	}
	if e.Status == harness.Pending {
		line += " (pending)"
	}
	return line
}

// problem writes a problem that makes the list incomplete, with its place first.
func (l *listing) problem(e harness.Event) {
	for _, p := range e.Problems {
		at, _ := where(e, p)
		fmt.Fprintln(l.problems, strings.TrimPrefix(place(at)+": "+p.Message, ": "))
	}
}

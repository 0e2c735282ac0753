package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"avescript/core/harness"
)

// listing has a line for each test of a run that only lists them, by files:
//
//	tests/test_rack.lua:42: rack leases a unit #slow (pending)
//
// That is a form in which editors find the place, and FILE:LINE can be given to the
// command line. After the name are the tags that it does not have.
type listing struct {
	w, problems io.Writer
	lines       map[string][]string // by file
}

func (l *listing) Report(e harness.Event) {
	e = printable(e)
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

// problem says what is missing from the list, with its place at the beginning.
func (l *listing) problem(e harness.Event) {
	for _, p := range e.Problems {
		at, _ := where(e, p)
		fmt.Fprintln(l.problems, strings.TrimPrefix(place(at)+": "+p.Message, ": "))
	}
}

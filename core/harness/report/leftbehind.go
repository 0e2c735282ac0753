package report

import (
	"fmt"
	"io"

	"avescript/core/harness"
)

// leftBehind is what tests have left behind without failing for it. Things of
// one kind that were made in one line are told of once, however many tests that
// line runs for; so are those of one test of which nobody knows the line. The
// zero value is ready.
type leftBehind struct {
	first []leftover
	more  map[leftoverKey]int
}

type leftover struct {
	key leftoverKey
	by  string // name of the test
	harness.Leak
}

type leftoverKey struct{ kind, from string }

// add notes what a test has left. For what fails it there is the failure.
func (l *leftBehind) add(r result) {
	if l.more == nil {
		l.more = map[leftoverKey]int{}
	}
	for _, leak := range r.Leaks {
		if leak.Fail {
			continue
		}
		key := leftoverKey{leak.Kind, title(r.Event)}
		if leak.Made != nil {
			key.from = place(*leak.Made)
		}
		if _, known := l.more[key]; known {
			l.more[key]++
			continue
		}
		l.more[key] = 0
		l.first = append(l.first, leftover{key, name(r.Event), leak})
	}
}

func (l *leftBehind) write(w io.Writer, style style) {
	for i, left := range l.first {
		if i == 0 {
			fmt.Fprintln(w)
		}
		if i == mostWarnings {
			fmt.Fprintln(w, style.dim(fmt.Sprintf("%d more warnings", len(l.first)-i)))
			return
		}
		line := fmt.Sprintf("%s %s left %s", style.yellow("warning"), left.by, window(leaked(left.Leak), 0))
		if more := l.more[left.key]; more > 0 {
			line += style.dim(fmt.Sprintf(" and %d more", more))
		}
		fmt.Fprintln(w, line)
	}
}

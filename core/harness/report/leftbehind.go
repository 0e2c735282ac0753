package report

import (
	"fmt"
	"io"

	"avescript/core/harness"
)

// leftBehind collects what tests left behind without failing because of it. Things of
// one kind that were created by the same line are reported once, however often that
// line runs. If the line is unknown, the things of one test are reported once. The zero
// value is ready to use.
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

// add records what a test left behind. Leaks that fail a test are part of its failure.
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

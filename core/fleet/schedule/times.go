package schedule

import (
	"cmp"
	"maps"
	"slices"
)

// times remembers how long jobs take, by name.
type times struct {
	by map[string]recorded
}

type recorded struct {
	Mean float64 `json:"mean"` // seconds; later jobs count more
	Last float64 `json:"last"` // when the last one ended
}

// mostTimes is how many names are remembered. Of more, the older half is forgotten.
const mostTimes = 200_000

// weight is how much the last time counts.
const weight = 0.3

func newTimes() *times { return &times{map[string]recorded{}} }

func (t *times) of(name string) float64 { return t.by[name].Mean }

func (t *times) add(name string, seconds, now float64) {
	if seconds <= 0 {
		return
	}
	mean := seconds
	if known, ok := t.by[name]; ok {
		mean = known.Mean + weight*(seconds-known.Mean)
	}
	t.by[name] = recorded{mean, now}
	if len(t.by) > mostTimes {
		t.forget()
	}
}

func (t *times) forget() {
	names := slices.SortedFunc(maps.Keys(t.by), func(a, b string) int {
		return cmp.Or(cmp.Compare(t.by[a].Last, t.by[b].Last), cmp.Compare(a, b))
	})
	for _, name := range names[:len(names)/2] {
		delete(t.by, name)
	}
}

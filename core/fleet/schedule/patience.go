package schedule

import (
	"maps"
	"slices"
	"strings"

	"avescript/core/fleet/wire"
)

// awayPatience is how long jobs of a run without patience wait for equipment that existed
// when they were submitted and has disappeared, in seconds.
const awayPatience = 60

// refuse ends jobs whose needs no known host could ever meet, when the patience of their
// run is over.
func (r *round) refuse() {
	if len(r.s.unmet) == 0 {
		return
	}
	runs := slices.SortedFunc(maps.Keys(r.s.active), func(a, b *run) int { return strings.Compare(a.ID, b.ID) })
	for _, u := range runs {
		for _, g := range sorted(u.groups) {
			if g.shape.unmet == 0 || len(g.queue) == 0 || r.now < g.refusedAt() {
				continue
			}
			o := &wire.Outcome{Status: wire.Refused, Message: r.s.nearest(g.shape)}
			for _, index := range g.queue {
				if r.full() {
					return
				}
				r.entries = append(r.entries, Entry{Kind: Finish, Time: r.now, Run: u.ID, Job: int(index), Outcome: o})
			}
		}
	}
}

// refusedAt is when the patience for needs that nobody can meet ends.
func (g *group) refusedAt() float64 {
	patience := g.run.Patience
	if patience <= 0 {
		patience = awayPatience
	}
	return max(g.shape.unmet, g.run.submitted) + patience
}

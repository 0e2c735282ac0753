package schedule

import (
	"cmp"
	"sort"
	"strings"

	"avescript/core/fleet/wire"
)

// turn is a run in a round.
type turn struct {
	run   *run
	share int // of running jobs
	last  wire.Token
	heads line[*head]
}

// head is a group in a round.
type head struct {
	group *group
	next  int            // in its queue
	gone  map[int32]bool // jobs after next that were given away in this round
}

// compare is the order of the runs of a user.
func (t *turn) compare(u *turn) int {
	return cmp.Or(
		cmp.Compare(t.share, u.share),
		earlier(t.last, u.last),
		cmp.Compare(t.run.submitted, u.run.submitted),
		strings.Compare(t.run.ID, u.run.ID),
	)
}

// compare is the order of the groups of a run.
func (h *head) compare(g *head) int {
	return cmp.Or(
		cmp.Compare(g.group.shape.width, h.group.shape.width),
		cmp.Compare(g.longest(), h.longest()),
		strings.Compare(h.group.key, g.group.key),
	)
}

func (h *head) longest() float64 { return length(h.group.run.jobs[h.group.queue[h.next]].seconds) }

// skip moves on to the first job that was not given away.
func (h *head) skip() {
	for h.next < len(h.group.queue) && h.gone[h.group.queue[h.next]] {
		h.next++
	}
}

func (h *head) empty() bool { return h.next >= len(h.group.queue) }

// shorter is the first job in the queue that takes at most so many seconds, or -1. Jobs of
// unknown length are not shorter than anything.
func (h *head) shorter(seconds float64) int32 {
	q, jobs := h.group.queue, h.group.run.jobs
	i := sort.Search(len(q), func(i int) bool { return length(jobs[q[i]].seconds) <= seconds })
	for ; i < len(q); i++ {
		if i >= h.next && !h.gone[q[i]] {
			return q[i]
		}
	}
	return -1
}

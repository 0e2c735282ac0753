package schedule

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"avescript/core/fleet/wire"
)

// place is a user's place in the line.
type place struct {
	user   *user
	cores  int // of running jobs, and what is kept for the user
	last   wire.Token
	turns  []*turn
	served bool // an old group of the user went first, or something is kept for it
}

// limit is how many more cores a user may have.
func (p *place) limit() int {
	if p.user.quota == 0 {
		return math.MaxInt
	}
	return p.user.quota - p.cores
}

// line is a heap: the user whose running jobs have the fewest cores comes first, and of
// equal ones who got nothing for longer.
type line []*place

func (l line) Len() int      { return len(l) }
func (l line) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l *line) Push(x any)   { *l = append(*l, x.(*place)) }
func (l line) Less(i, j int) bool {
	a, b := l[i], l[j]
	return cmp.Or(cmp.Compare(a.cores, b.cores), earlier(a.last, b.last), strings.Compare(a.user.name, b.user.name)) < 0
}

// earlier compares tokens.
func earlier(a, b wire.Token) int {
	return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Index, b.Index))
}

func (l *line) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

// best is the run of a user that comes next: the one with the fewest running cores, then the
// one that got nothing for longer, then the oldest.
func (p *place) best() (best *turn) {
	for i := 0; i < len(p.turns); {
		t := p.turns[i]
		if len(t.heads) == 0 {
			p.turns = slices.Delete(p.turns, i, i+1)
			continue
		}
		if best == nil || t.compare(best) < 0 {
			best = t
		}
		i++
	}
	return best
}

package schedule

import (
	"avescript/core/fleet/wire"
	"cmp"
	"container/heap"
	"iter"
	"maps"
	"math"
	"slices"
	"sort"
	"strings"
)

// level is the runs of one priority, in a round. Of different priorities, the higher one
// gets everything that it can use first.
type level struct {
	r     *round
	turns []*turn
	users line
	by    map[*user]*place
}

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

// turn is a run in a round.
type turn struct {
	run   *run
	cores int // of running jobs
	last  wire.Token
	heads []*head
}

// head is a group in a round.
type head struct {
	group *group
	next  int            // in its queue
	gone  map[int32]bool // jobs after next that were given away in this round
}

// levels sorts the runs that have waiting jobs. A level is made when it is its turn, because
// it depends on what the users got in those before.
func (r *round) levels() iter.Seq[*level] {
	of := map[int][]*run{}
	for u := range r.s.active {
		of[u.Priority] = append(of[u.Priority], u)
	}
	return func(yield func(*level) bool) {
		for _, priority := range slices.Backward(slices.Sorted(maps.Keys(of))) {
			l := &level{r: r, by: map[*user]*place{}}
			for _, u := range of[priority] {
				l.add(u)
			}
			if r.full() || !yield(l) {
				return
			}
			for u, p := range l.by {
				r.cores[u] = p.cores - u.cores
			}
		}
	}
}

func (l *level) add(u *run) {
	t := &turn{run: u, cores: u.cores, last: u.last}
	for _, g := range u.groups {
		if len(g.queue) > 0 && g.shape.unmet == 0 {
			t.heads = append(t.heads, &head{group: g})
		}
	}
	l.turns = append(l.turns, t)
	p := l.by[u.owner]
	if p == nil {
		p = &place{user: u.owner, cores: u.owner.cores + l.r.cores[u.owner], last: u.owner.last}
		l.by[u.owner] = p
		l.users = append(l.users, p)
	}
	p.turns = append(p.turns, t)
}

// fair gives jobs in the usual order until nothing more fits.
func (l *level) fair() {
	heap.Init(&l.users)
	for len(l.users) > 0 && !l.r.full() {
		p := l.users[0]
		t := p.best()
		if t == nil {
			heap.Pop(&l.users)
			continue
		}
		at := t.widest()
		h := t.heads[at]
		started := l.r.start(h, t, p)
		if !started && !p.served && l.r.waitsLong(h.group) {
			p.served = l.r.keep(h.group, p)
		}
		if !started || h.empty() {
			t.heads = slices.Delete(t.heads, at, at+1)
		}
		heap.Fix(&l.users, 0)
	}
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

func (t *turn) compare(u *turn) int {
	return cmp.Or(
		cmp.Compare(t.cores, u.cores),
		earlier(t.last, u.last),
		cmp.Compare(t.run.submitted, u.run.submitted),
		strings.Compare(t.run.ID, u.run.ID),
	)
}

// widest is the group of a run that comes next.
func (t *turn) widest() int {
	best := 0
	for i := 1; i < len(t.heads); i++ {
		if t.heads[i].compare(t.heads[best]) < 0 {
			best = i
		}
	}
	return best
}

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

// start gives the next job of a group to a host, if there is one.
func (r *round) start(h *head, t *turn, p *place) bool {
	g := h.group
	limit := p.limit()
	m, picks := r.find(g.shape, limit)
	index := g.queue[h.next]
	if m == nil {
		index, m, picks = r.borrow(h, limit)
	}
	if m == nil {
		return false
	}
	r.give(g, index, m, picks)
	cores := m.takes(g.shape)
	t.cores += cores
	p.cores += cores
	t.last = wire.Token{Seq: math.MaxUint64, Index: uint32(len(r.entries))}
	p.last = t.last
	if h.gone == nil {
		h.gone = map[int32]bool{}
	}
	h.gone[index] = true
	h.skip()
	return true
}

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

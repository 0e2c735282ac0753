package schedule

import (
	"container/heap"
	"iter"
	"maps"
	"math"
	"slices"

	"avescript/core/fleet/wire"
)

// level is the runs of one priority, in a round. Of different priorities, the higher one
// gets everything that it can use first.
type level struct {
	r     *round
	users line[*place]
	by    map[*user]*place
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
			maps.Copy(r.places, l.by)
		}
	}
}

func (l *level) add(u *run) {
	t := &turn{run: u, share: u.share, last: u.last}
	for _, g := range u.groups {
		if len(g.queue) > 0 && g.shape.unmet == 0 {
			t.heads = append(t.heads, &head{group: g})
		}
	}
	p := l.by[u.owner]
	if p == nil {
		p = &place{user: u.owner, cores: u.owner.cores, share: u.owner.share, last: u.owner.last}
		if before := l.r.places[u.owner]; before != nil {
			p.cores, p.share, p.last = before.cores, before.share, before.last
		}
		l.by[u.owner] = p
		l.users = append(l.users, p)
	}
	p.turns = append(p.turns, t)
}

// fair gives jobs in the usual order until nothing more fits.
func (l *level) fair() {
	for _, p := range l.users {
		for _, t := range p.turns {
			heap.Init(&t.heads)
		}
		heap.Init(&p.turns)
	}
	heap.Init(&l.users)
	for len(l.users) > 0 && !l.r.full() {
		p := l.users[0]
		if len(p.turns) == 0 {
			heap.Pop(&l.users)
			continue
		}
		t := p.turns[0]
		if len(t.heads) == 0 {
			heap.Pop(&p.turns)
			continue
		}
		h := t.heads[0]
		started := l.r.start(h, t, p)
		if !started && !p.served && l.r.waitsLong(h.group) {
			p.served = l.r.keep(h.group, p)
		}
		if !started || h.empty() {
			heap.Pop(&t.heads)
		} else {
			heap.Fix(&t.heads, 0)
		}
		heap.Fix(&p.turns, 0)
		heap.Fix(&l.users, 0)
	}
}

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
	t.share += share(cores)
	p.take(cores)
	t.last = wire.Token{Seq: math.MaxUint64, Index: uint32(len(r.entries))}
	p.last = t.last
	if h.gone == nil {
		h.gone = map[int32]bool{}
	}
	h.gone[index] = true
	h.skip()
	return true
}

package schedule

import (
	"cmp"
	"math"
	"slices"
)

// Groups that need much and wait too long get what they need one after the other, because
// it is kept for them until they have all of it.
const (
	// patienceOfWide is how long such a group waits in the usual order at least, in seconds.
	patienceOfWide = 2
	// keepFor is how long something is kept in vain for a group. Then others have as long to
	// use it, and so on: a job that never ends must not keep the rest of a host idle.
	keepFor = 600
	// mostTried is for how many hosts it is found out when they will be free.
	mostTried = 64
)

// reserve is what is kept of a host for old groups.
type reserve struct {
	cores  int
	memory int64
	alone  bool // the whole host
	pieces map[*piece]bool
	until  float64 // about when the first of these groups can start
	late   bool    // a job there should have ended already, so until means little
}

func (k *reserve) has(p *piece) bool { return k != nil && k.pieces[p] }

// old lets the groups that wait too long go first: one of each user, so that a user cannot
// get more by asking for many different things.
func (l *level) old() {
	var heads []*head
	turns := map[*head]*turn{}
	for _, p := range l.users {
		heads = append(heads, l.waitTooLong(p, turns)...)
	}
	slices.SortFunc(heads, func(a, b *head) int {
		return cmp.Or(
			cmp.Compare(a.group.since, b.group.since),
			turns[a].compare(turns[b]),
			a.compare(b),
		)
	})
	for _, h := range heads {
		t := turns[h]
		p := l.by[t.run.owner]
		if p.served || l.r.full() {
			continue
		}
		p.served = l.r.start(h, t, p) || l.r.keep(h.group, p)
		if h.empty() {
			t.heads = slices.DeleteFunc(t.heads, func(other *head) bool { return other == h })
		}
	}
}

// waitTooLong finds groups of a user that need much, and should have had their turn. If all
// users get as much, and all groups of a user, then a group gets something once while others
// get as many jobs as there are users times groups of its user. Who has waited for twice
// that many did not wait for a turn, but for something that others took.
func (l *level) waitTooLong(p *place, turns map[*head]*turn) (heads []*head) {
	groups := 0
	for _, t := range p.turns {
		groups += len(t.heads)
	}
	claims := uint64(2 * len(l.by) * groups)
	for _, t := range p.turns {
		for _, h := range t.heads {
			g := h.group
			if l.r.waitsLong(g) && l.r.s.claimed-g.mark >= claims {
				heads = append(heads, h)
				turns[h] = t
			}
		}
	}
	return heads
}

// waitsLong reports whether something may be kept for a group.
func (r *round) waitsLong(g *group) bool {
	return g.shape.demanding() && !pending(g.since+patienceOfWide, r.now, patienceOfWide)
}

// keep keeps what a group needs at the host where it will be free first. It reports whether
// there is such a host.
func (r *round) keep(g *group, by *place) bool {
	if int((r.now-g.since)/keepFor)%2 == 1 || r.endless(g.shape.kit) {
		return false
	}
	var best *room
	var pieces []*piece
	at := math.Inf(1)
	fits := g.shape.order()
	for _, f := range fits[:min(len(fits), mostTried)] {
		m := &r.rooms[f.host.slot]
		if m.sight == nil || m.takes(g.shape) > by.limit() {
			continue
		}
		if picks, when := r.when(m, f, g.shape); when < at {
			best, pieces, at = m, picks, when
		}
	}
	if best == nil {
		return false
	}
	best.keep(g.shape, pieces, at)
	best.kept.late = slices.ContainsFunc(best.host.claims, r.late)
	by.take(best.takes(g.shape)) // others of the user must not use up the quota
	r.kept = append(r.kept, best)
	return true
}

func (m *room) keep(sh *shape, picks []*piece, until float64) {
	if m.kept == nil {
		m.kept = &reserve{pieces: map[*piece]bool{}, until: until}
	}
	k := m.kept
	k.cores += sh.cores
	k.memory += sh.memory
	k.alone = k.alone || sh.exclusive
	k.until = min(k.until, until)
	for _, p := range slices.Concat(picks, m.host.around(picks)) {
		if p != nil {
			k.pieces[p] = true
		}
	}
}

// late reports whether a job should have ended already, by its recorded time.
func (r *round) late(c *claim) bool {
	seconds := float64(c.run.jobs[c.job].seconds)
	return !c.held() && seconds > 0 && c.since+seconds < r.now
}

// borrow finds a job of a group that is short enough to use what is kept for others. Nothing
// is lent at a host where a job is late: otherwise jobs that are not as short as they say
// could follow each other without end.
func (r *round) borrow(h *head, limit int) (int32, *room, []*piece) {
	for _, m := range r.kept {
		f := h.group.shape.fits[m.host]
		if f == nil || m.kept.late || m.takes(h.group.shape) > limit {
			continue
		}
		index := h.shorter(m.kept.until - r.now)
		if index < 0 {
			continue
		}
		if picks, ok := r.fits(m, f, h.group.shape, true); ok {
			return index, m, picks
		}
	}
	return 0, nil, nil
}

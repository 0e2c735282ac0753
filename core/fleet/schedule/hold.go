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
	// unknownLength is how long a job is expected to take that has no recorded time.
	unknownLength = 60
)

// hold is what is kept of a host for old groups.
type hold struct {
	cores  int
	memory int64
	alone  bool // the whole host
	pieces map[*piece]bool
	until  float64 // about when the first of these groups can start
}

func (k *hold) has(p *piece) bool { return k != nil && k.pieces[p] }

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
	by.cores += best.takes(g.shape) // others of the user must not use up the quota
	r.kept = append(r.kept, best)
	return true
}

// endless reports whether nobody knows when a host will have the equipment of a kit.
func (r *round) endless(k *kit) bool {
	vain, known := r.vain[k]
	if known || len(k.wants) == 0 {
		return vain
	}
	r.vain[k] = true
	for h, f := range k.offers {
		if m := &r.rooms[h.slot]; m.sight != nil {
			if _, ok := r.soonest(m, f); ok {
				r.vain[k] = false
				break
			}
		}
	}
	return r.vain[k]
}

func (m *room) keep(sh *shape, picks []*piece, until float64) {
	if m.hold == nil {
		m.hold = &hold{pieces: map[*piece]bool{}, until: until}
	}
	k := m.hold
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

// when is about when a host can meet needs, and with which pieces. It is infinite if that
// depends on something whose end nobody knows.
func (r *round) when(m *room, f *fit, sh *shape) (picks []*piece, at float64) {
	never := math.Inf(1)
	if m.hold != nil && (m.hold.alone || sh.exclusive || sh.cores > m.host.inventory.Cores-m.hold.cores) {
		return nil, never
	}
	at = r.roomy(m, sh)
	if math.IsInf(at, 1) || len(f.wants) == 0 {
		return nil, at
	}
	picks, ok := r.soonest(m, f)
	if !ok {
		return nil, never
	}
	for _, p := range slices.Concat(picks, m.host.around(picks)) {
		if p != nil {
			at = max(at, r.freed(m, p))
		}
	}
	return picks, at
}

// soonest chooses pieces: those that are free now, or else those that will be. Of the times
// at which pieces become free, it is the first at which there are enough.
func (r *round) soonest(m *room, f *fit) ([]*piece, bool) {
	times := []float64{r.now}
	for _, p := range m.host.pieces {
		if at := r.freed(m, p); at > r.now && !math.IsInf(at, 1) {
			times = append(times, at)
		}
	}
	slices.Sort(times)
	for _, by := range slices.Compact(times) {
		picks, ok := f.choose(func(p *piece) status {
			switch {
			case r.freed(m, p) > by:
				return taken
			case p.aside != nil:
				return unused
			}
			return free
		})
		if ok {
			return picks, true
		}
	}
	return nil, false
}

// freed is about when a piece is free.
func (r *round) freed(m *room, p *piece) float64 {
	switch {
	case m.hold.has(p), m.sight.uses(p, r.now) && !pending(p.busy, r.now, busyPause):
		return math.Inf(1)
	case pending(p.busy, r.now, busyPause):
		return p.busy
	case m.given[p]:
		return r.now + unknownLength
	case p.holder != nil:
		return r.ends(p.holder)
	}
	return r.now
}

// ends is about when a claim ends.
func (r *round) ends(c *claim) float64 {
	if c.held() {
		return math.Inf(1)
	}
	if at := c.until(r.now); at > 0 {
		return at
	}
	return max(c.since+unknownLength, r.now+1)
}

// roomy is about when a host has the cores and the memory that are needed.
func (r *round) roomy(m *room, sh *shape) float64 {
	cores, memory, jobs, alone := m.cores, m.memory, m.jobs, m.alone
	enough := func() bool {
		return sh.cores <= cores && sh.memory <= memory && !alone && (!sh.exclusive || jobs == 0)
	}
	if enough() {
		return r.now
	}
	claims := slices.Clone(m.host.claims)
	slices.SortStableFunc(claims, func(a, b *claim) int { return cmp.Compare(r.ends(a), r.ends(b)) })
	for _, c := range claims {
		cores, memory, jobs = cores+c.cores, memory+c.memory, jobs-1
		alone = alone && !c.exclusive
		if enough() {
			return r.ends(c)
		}
	}
	return r.now + unknownLength // the host has got jobs in this round
}

// borrow finds a job of a group that is short enough to use what is kept for others.
func (r *round) borrow(h *head, limit int) (int32, *room, []*piece) {
	for _, m := range r.kept {
		f := h.group.shape.fits[m.host]
		if f == nil || m.takes(h.group.shape) > limit {
			continue
		}
		index := h.shorter(m.hold.until - r.now)
		if index < 0 {
			continue
		}
		if picks, ok := r.fits(m, f, h.group.shape, true); ok {
			return index, m, picks
		}
	}
	return 0, nil, nil
}

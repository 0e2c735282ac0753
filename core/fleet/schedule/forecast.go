package schedule

import (
	"cmp"
	"math"
	"slices"
)

// unknownLength is how long a job is expected to take that has no recorded time, in seconds.
const unknownLength = 60

// when is about when a host can meet needs, and with which pieces. It is infinite if that
// depends on something whose end nobody knows.
func (r *round) when(m *room, f *fit, sh *shape) (picks []*piece, at float64) {
	never := math.Inf(1)
	if m.kept != nil && (m.kept.alone || sh.exclusive || sh.cores > m.host.inventory.Cores-m.kept.cores) {
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
	case m.kept.has(p), m.sight.uses(p, r.now) && !pending(p.busy, r.now, busyPause):
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

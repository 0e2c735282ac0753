package schedule

import (
	"cmp"
	"slices"
)

// spot is where jobs of a shape can start in a round. Hosts that have no room leave it, as
// nothing becomes free during a round.
type spot struct {
	tiers []tier // hosts without equipment first, if none is needed
}

type tier struct {
	fits []*fit
	next int // so that jobs are spread over the hosts
}

func (r *round) spot(sh *shape) *spot {
	t := r.spots[sh]
	if t != nil {
		return t
	}
	t = &spot{}
	r.spots[sh] = t
	fits := r.roomyFits(sh)
	if len(sh.wants) > 0 {
		t.tiers = []tier{{fits: fits}}
		return t
	}
	bare := slices.IndexFunc(fits, func(f *fit) bool { return len(f.host.pieces) > 0 })
	if bare < 0 {
		bare = len(fits)
	}
	t.tiers = []tier{{fits: fits[:bare:bare]}, {fits: fits[bare:]}}
	for _, tier := range t.tiers {
		slices.SortStableFunc(tier.fits, func(a, b *fit) int {
			return cmp.Compare(r.rooms[b.host.slot].cores, r.rooms[a.host.slot].cores)
		})
	}
	return t
}

// equipped lists the hosts that have the equipment of a kit. What is kept is left out later.
func (r *round) equipped(k *kit) map[*host]bool {
	ready := r.ready[k]
	if ready == nil {
		ready = map[*host]bool{}
		r.ready[k] = ready
		for h, f := range k.offers {
			m := &r.rooms[h.slot]
			if m.sight == nil || m.sight.Beat.Broker != "" {
				continue
			}
			if _, ok := f.choose(m.is(nil, r.now)); ok {
				ready[h] = true
			}
		}
	}
	return ready
}

// roomyFits lists the fits of hosts that have enough cores and memory, in the order of the
// shape. On a busy fleet, few hosts have any cores or the equipment.
func (r *round) roomyFits(sh *shape) (fits []*fit) {
	if len(sh.wants) > 0 {
		for h := range r.equipped(sh.kit) {
			if f := sh.fits[h]; f != nil && r.rooms[h.slot].has(sh, r.rooms[h.slot].kept) {
				fits = append(fits, f)
			}
		}
		slices.SortFunc(fits, (*fit).compare)
		return fits
	}
	if sh.cores > 0 && len(r.free) < len(sh.fits)/4 {
		for _, m := range r.free {
			if f := sh.fits[m.host]; f != nil && m.has(sh, m.kept) {
				fits = append(fits, f)
			}
		}
		slices.SortFunc(fits, (*fit).compare)
		return fits
	}
	for _, f := range sh.order() {
		if m := &r.rooms[f.host.slot]; m.sight != nil && m.has(sh, m.kept) {
			fits = append(fits, f)
		}
	}
	return fits
}

// find finds a host and pieces for a job that may take at most so many cores.
func (r *round) find(sh *shape, limit int) (*room, []*piece) {
	t := r.spot(sh)
	for i := range t.tiers {
		if m, picks := r.search(&t.tiers[i], sh, limit); m != nil {
			return m, picks
		}
	}
	return nil, nil
}

func (r *round) search(t *tier, sh *shape, limit int) (*room, []*piece) {
	for tries := len(t.fits); tries > 0; tries-- {
		t.next %= len(t.fits)
		f := t.fits[t.next]
		m := &r.rooms[f.host.slot]
		if m.takes(sh) > limit {
			t.next++
			continue
		}
		if picks, ok := r.fits(m, f, sh, false); ok {
			t.next++
			return m, picks
		}
		if t.next == 0 {
			t.fits = t.fits[1:] // without moving the others
		} else {
			t.fits = slices.Delete(t.fits, t.next, t.next+1)
		}
	}
	return nil, nil
}

// fits reports whether a job with these needs can start now, and with which pieces. What is
// kept is left out, unless the job may borrow it.
func (r *round) fits(m *room, f *fit, sh *shape, borrow bool) ([]*piece, bool) {
	kept := m.kept
	if borrow {
		kept = nil
	}
	if !m.has(sh, kept) {
		return nil, false
	}
	if len(f.wants) == 0 {
		return nil, true
	}
	if m.sight.Beat.Broker != "" {
		return nil, false
	}
	return f.choose(m.is(kept, r.now))
}

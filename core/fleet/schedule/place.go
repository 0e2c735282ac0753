package schedule

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"avescript/core/fleet/wire"
)

// Place gives waiting jobs to hosts, at most so many. It also refuses jobs whose patience
// has ended. Call it when something may have become free, and every second.
func (s *State) Place(v View, now float64, most int) []Entry {
	r := &round{s: s, view: v, now: now, most: most}
	r.refuse()
	if len(s.active) == 0 || !r.open() {
		return r.entries
	}
	for l := range r.levels() {
		l.old()
		l.fair()
	}
	return r.entries
}

// round is one call of Place. It looks at the state, and counts for itself what its entries
// will change.
type round struct {
	s       *State
	view    View
	now     float64
	most    int
	entries []Entry

	rooms []room        // by host.slot
	free  []*room       // those with free cores
	cores map[*user]int // that users got in this round, at higher priorities
	spots map[*shape]*spot
	ready map[*kit]map[*host]bool // hosts that have the equipment free at the beginning
	vain  map[*kit]bool           // nobody knows when the equipment is free
	kept  []*room                 // where something is kept for an old group
}

// room is what a host has left in a round.
type room struct {
	host   *host
	sight  *Sight // nil if the host gets no jobs
	cores  int
	memory int64
	jobs   int
	alone  bool            // a job there wants no others
	given  map[*piece]bool // in this round
	hold   *hold           // what is kept of it; nil if nothing is
}

// open looks at the hosts. It reports whether any can get jobs.
func (r *round) open() (any bool) {
	r.rooms = make([]room, len(r.s.slots))
	r.spots, r.cores = map[*shape]*spot{}, map[*user]int{}
	r.ready, r.vain = map[*kit]map[*host]bool{}, map[*kit]bool{}
	for i, h := range r.s.slots {
		if h == nil || r.closed(h) != "" {
			continue
		}
		r.rooms[i] = room{
			host: h, sight: r.view[h.name], cores: h.inventory.Cores - h.cores, memory: h.inventory.Memory - h.memory,
			jobs: len(h.claims), alone: h.exclusive,
		}
		if m := &r.rooms[i]; m.cores > 0 && !m.alone {
			r.free = append(r.free, m)
		}
		any = true
	}
	return any
}

// closed says why a host gets no jobs, or "".
func (r *round) closed(h *host) string {
	sight := r.view[h.name]
	switch {
	case h.gone, sight == nil, sight.State != Up, sight.Beat.Incarnation != h.incarnation:
		return "away"
	case h.drained != nil:
		return "draining"
	case sight.Beat.Leaving:
		return "leaving"
	case pending(h.rest, r.now, mostRest):
		return "resting"
	}
	return ""
}

// is says what a piece of the host is for the next job, if something is kept for others.
func (m *room) is(kept *hold, now float64) func(*piece) status {
	return func(p *piece) status {
		switch {
		case p.holder != nil, m.given[p], kept.has(p), m.sight.uses(p, now):
			return taken
		case p.aside != nil:
			return unused
		}
		return free
	}
}

// uses reports whether somebody else has leased a piece at its broker. A lease of a claim
// that has ended counts as free: the host ends it before it sends the result.
func (t *Sight) uses(p *piece, now float64) bool {
	if pending(p.busy, now, busyPause) || t.Beat.Broker != "" {
		return true
	}
	i, busy := t.busy[p.key]
	return busy && t.Beat.Pieces[i].Token.IsZero()
}

// fits reports whether a job with these needs can start now, and with which pieces. What is
// kept is left out, unless the job may borrow it.
func (r *round) fits(m *room, f *fit, sh *shape, borrow bool) ([]*piece, bool) {
	kept := m.hold
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

// has reports whether a host has enough of what is counted.
func (m *room) has(sh *shape, kept *hold) bool {
	cores, memory := m.cores, m.memory
	if kept != nil {
		cores, memory = max(0, cores-kept.cores), memory-kept.memory
		if kept.alone {
			return false
		}
	}
	return !m.alone && sh.cores <= cores && (!sh.exclusive || m.jobs == 0) &&
		(sh.memory == 0 || sh.memory <= memory && sh.memory <= m.sight.memory())
}

// memory is how much memory the host has free, as far as it says so.
func (t *Sight) memory() int64 {
	if t.Beat.Free == 0 {
		return t.Beat.Memory
	}
	return t.Beat.Free
}

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
			if f := sh.fits[h]; f != nil && r.rooms[h.slot].has(sh, r.rooms[h.slot].hold) {
				fits = append(fits, f)
			}
		}
		slices.SortFunc(fits, (*fit).compare)
		return fits
	}
	if sh.cores > 0 && len(r.free) < len(sh.fits)/4 {
		for _, m := range r.free {
			if f := sh.fits[m.host]; f != nil && m.has(sh, m.hold) {
				fits = append(fits, f)
			}
		}
		slices.SortFunc(fits, (*fit).compare)
		return fits
	}
	for _, f := range sh.order() {
		if m := &r.rooms[f.host.slot]; m.sight != nil && m.has(sh, m.hold) {
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

// give is the entry that gives a job to a host.
func (r *round) give(g *group, index int32, m *room, picks []*piece) {
	cores := m.takes(g.shape)
	e := Entry{
		Kind: Assign, Time: r.now, Run: g.run.ID, Job: int(index), Host: m.host.name,
		Incarnation: m.host.incarnation, Cores: cores,
	}
	for _, p := range picks {
		key := ""
		if p != nil {
			key = p.key
			m.take(p)
		}
		e.Pieces = append(e.Pieces, key)
	}
	for _, p := range m.host.around(picks) {
		e.Around = append(e.Around, p.key)
		m.take(p)
	}
	m.cores -= cores
	m.memory -= g.shape.memory
	m.jobs++
	m.alone = m.alone || g.shape.exclusive
	r.entries = append(r.entries, e)
}

// takes is how many cores a job gets. If it wants the host for itself, it gets all.
func (m *room) takes(sh *shape) int {
	if sh.exclusive {
		return m.host.inventory.Cores
	}
	return sh.cores
}

func (m *room) take(p *piece) {
	if m.given == nil {
		m.given = map[*piece]bool{}
	}
	m.given[p] = true
}

func (r *round) full() bool { return len(r.entries) >= r.most }

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

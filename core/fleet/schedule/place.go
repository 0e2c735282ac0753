package schedule

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

	rooms  []room           // by host.slot
	free   []*room          // those with free cores
	places map[*user]*place // after the levels of higher priorities
	spots  map[*shape]*spot
	ready  map[*kit]map[*host]bool // hosts that have the equipment free at the beginning
	vain   map[*kit]bool           // nobody knows when the equipment is free
	kept   []*room                 // where something is kept for an old group
}

// open looks at the hosts. It reports whether any can get jobs.
func (r *round) open() (any bool) {
	r.rooms = make([]room, len(r.s.slots))
	r.spots, r.places = map[*shape]*spot{}, map[*user]*place{}
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

func (r *round) full() bool { return len(r.entries) >= r.most }

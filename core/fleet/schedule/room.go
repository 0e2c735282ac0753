package schedule

// room is what a host has left in a round.
type room struct {
	host   *host
	sight  *Sight // nil if the host gets no jobs
	cores  int
	memory int64
	jobs   int
	alone  bool            // a job there wants no others
	given  map[*piece]bool // in this round
	kept   *reserve        // what is kept of it; nil if nothing is
}

// is says what a piece of the host is for the next job, if something is kept for others.
func (m *room) is(kept *reserve, now float64) func(*piece) status {
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

// has reports whether a host has enough of what is counted.
func (m *room) has(sh *shape, kept *reserve) bool {
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

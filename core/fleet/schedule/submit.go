package schedule

import (
	"math"

	"avescript/core/fleet/wire"
)

// Submit adds a part of a run. Parts that are known already need no entry. A part that has
// needs which no host can meet is refused with wire.CodeUnmet. Nothing of a run starts
// before its last part. Only administrators can raise the priority: a run of a higher one
// may keep all others waiting.
func (s *State) Submit(user string, admin bool, m wire.Submit, now float64) ([]Entry, error) {
	m.Run.User = user
	known, err := s.checkPart(&m)
	if known || err != nil {
		return nil, err
	}
	if m.Run.Priority > 0 && !admin {
		return nil, refuse(wire.CodeRefused, "run %s: priority %d: only administrators can submit with a priority above 0",
			m.Run.ID, m.Run.Priority)
	}
	if err := checkSizes(&m); err != nil {
		return nil, err
	}
	if err := s.checkJobs(&m); err != nil {
		return nil, err
	}
	m.Run.Title = cut(m.Run.Title)
	dropped, err := s.makeRoom(&m, usualLimits, now)
	if err != nil {
		return nil, err
	}
	return append(dropped, Entry{Kind: Submitted, Time: now, Submit: &m}), nil
}

// checkPart checks that a part is the next one, or one that is known.
func (s *State) checkPart(m *wire.Submit) (known bool, err error) {
	if err := wire.CheckName(m.Run.ID); err != nil {
		return false, refuse(wire.CodeRefused, "ID of the run: %v", err)
	}
	if m.Run.Kind != wire.Tests && m.Run.Kind != wire.Hold {
		return false, refuse(wire.CodeRefused, "wanted a run of kind %q or %q, got %q", wire.Tests, wire.Hold, m.Run.Kind)
	}
	if m.Run.Kind == wire.Hold && (m.First != 0 || len(m.Jobs) != 1 || !m.Last) {
		return false, refuse(wire.CodeRefused, "a run of kind %q has exactly one job", wire.Hold)
	}
	have := 0
	if r := s.runs[m.Run.ID]; r != nil {
		have = len(r.jobs)
		switch end := m.First + len(m.Jobs); {
		case r.User != m.Run.User:
			return false, refuse(wire.CodeRefused, "run %s was submitted by %s", r.ID, r.User)
		case r.whole && end <= have:
			return true, nil
		case r.whole:
			return false, refuse(wire.CodeRefused, "run %s is complete with %d jobs: submit others as a new run", r.ID, have)
		case len(m.Jobs) > 0 && end <= have && !m.Last:
			return true, nil
		}
	}
	if m.First != have {
		return false, refuse(wire.CodeRefused, "run %s: wanted the part that begins with job %d, got %d", m.Run.ID, have, m.First)
	}
	if have+len(m.Jobs) > math.MaxInt32 {
		return false, refuse(wire.CodeRefused, "run %s has too many jobs", m.Run.ID)
	}
	return false, nil
}

// checkJobs checks the needs of a part.
func (s *State) checkJobs(m *wire.Submit) error {
	met := map[string]bool{}
	if r := s.runs[m.Run.ID]; r != nil {
		for _, g := range r.groups {
			met[g.shape.key] = true
		}
	}
	for i := range m.Jobs {
		j := &m.Jobs[i]
		if j.Needs.Cores < 0 || j.Needs.Memory < 0 || j.Seconds < 0 {
			return refuse(wire.CodeRefused, "%s: cores, memory and seconds cannot be negative", j.Name)
		}
		key := keyOf(&j.Needs, m.Run.Kind, false)
		if met[key] {
			continue
		}
		if len(met) == mostShapes {
			return refuse(wire.CodeRefused, "run %s: its jobs have more than %d different needs: submit several runs", m.Run.ID, mostShapes)
		}
		if m.Run.Patience <= 0 && !s.canMeet(key, &j.Needs, m.Run.Kind) {
			return refuse(wire.CodeUnmet, "%s: %s", j.Name, s.nearest(s.newShape(key, &j.Needs, m.Run.Kind)))
		}
		met[key] = true
	}
	return nil
}

// canMeet reports whether a host that is known could meet needs, if it had nothing else to do.
func (s *State) canMeet(key string, n *wire.Needs, kind string) bool {
	if known := s.shapes[key]; known != nil {
		return len(known.fits) > 0
	}
	return len(s.newShape(key, n, kind).fits) > 0
}

// Cancel ends a run. Only its user and administrators may.
func (s *State) Cancel(user string, admin bool, m wire.Cancel, now float64) ([]Entry, error) {
	r := s.runs[m.Run]
	switch {
	case r == nil:
		return nil, refuse(wire.CodeUnknown, "there is no run %q", m.Run)
	case r.User != user && !admin:
		return nil, refuse(wire.CodeRefused, "run %s was submitted by %s: only %s and administrators can cancel it", r.ID, r.User, r.User)
	case r.over || r.cancelled:
		return nil, nil
	}
	return []Entry{{Kind: Cancelled, Time: now, Run: r.ID, By: user, Reason: cut(m.Reason)}}, nil
}

// partPatience is how long the next part of a run may take, in seconds.
const partPatience = 600

// Expire drops runs that have been over for so many seconds, and runs of which no part has
// come for ten minutes.
func (s *State) Expire(now, keep float64) (entries []Entry) {
	for _, r := range sorted(s.runs) {
		if r.over && now-r.ended >= keep || !r.whole && now-r.submitted >= partPatience {
			entries = append(entries, Entry{Kind: Dropped, Time: now, Run: r.ID})
		}
	}
	return entries
}

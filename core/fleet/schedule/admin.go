package schedule

import (
	"strings"

	"avescript/core/fleet/wire"
)

// Drain stops giving jobs to a host, or starts again.
func (s *State) Drain(by string, m wire.Drain, now float64) ([]Entry, error) {
	h, err := s.hostNamed(m.Host)
	if err != nil {
		return nil, err
	}
	if same(h.drained, m.Off, cut(m.Reason)) {
		return nil, nil
	}
	return []Entry{{Kind: Drained, Time: now, Host: h.name, Off: m.Off, By: by, Reason: cut(m.Reason)}}, nil
}

// Aside takes a piece out of use, or puts it back. A job that has it keeps it.
func (s *State) Aside(by string, m wire.Aside, now float64) ([]Entry, error) {
	h, err := s.hostNamed(m.Host)
	if err != nil {
		return nil, err
	}
	p, err := h.pieceNamed(m.Piece)
	if err != nil {
		return nil, err
	}
	if same(p.aside, m.Off, cut(m.Reason)) {
		return nil, nil
	}
	return []Entry{{Kind: PutAside, Time: now, Host: h.name, Piece: p.key, Off: m.Off, By: by, Reason: cut(m.Reason)}}, nil
}

// Forget removes a host that is lost and never comes back. If it comes back nevertheless, it
// is a new host. A host that is not lost may still run its jobs, so it is refused.
func (s *State) Forget(by string, m wire.Drain, now float64) ([]Entry, error) {
	h, err := s.hostNamed(m.Host)
	if err != nil {
		return nil, err
	}
	if !h.gone {
		return nil, refuse(wire.CodeRefused, "host %s is not lost: stop it first, or drain it", h.name)
	}
	return []Entry{{Kind: Forgotten, Time: now, Host: h.name, By: by, Reason: cut(m.Reason)}}, nil
}

// Quota limits how many cores the running jobs of a user may have. Jobs that run already
// are not stopped.
func (s *State) Quota(by string, m wire.Quota, now float64) ([]Entry, error) {
	if err := wire.CheckName(m.User); err != nil {
		return nil, refuse(wire.CodeRefused, "name of the user: %v", err)
	}
	if m.Cores < 0 {
		return nil, refuse(wire.CodeRefused, "wanted a number of cores, or 0 for no limit, got %d", m.Cores)
	}
	if u := s.users[m.User]; u == nil && m.Cores == 0 || u != nil && u.quota == m.Cores {
		return nil, nil
	}
	return []Entry{{Kind: Limited, Time: now, User: m.User, Cores: m.Cores, By: by}}, nil
}

// same reports whether a decision is in force already.
func same(d *decision, off bool, reason string) bool {
	if off || d == nil {
		return off && d == nil
	}
	return d.Reason == reason
}

func (s *State) hostNamed(name string) (*host, error) {
	if h := s.hosts[name]; h != nil {
		return h, nil
	}
	return nil, refuse(wire.CodeUnknown, "there is no host %q", name)
}

// pieceNamed finds a piece by its key, or by a part of the key that only it has.
func (h *host) pieceNamed(part string) (*piece, error) {
	if p := h.known[part]; p != nil {
		return p, nil
	}
	var found []*piece
	for _, p := range sorted(h.known) {
		if part != "" && strings.Contains(p.key, part) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 0:
		return nil, refuse(wire.CodeUnknown, "host %s has no equipment %q", h.name, part)
	case 1:
		return found[0], nil
	}
	return nil, refuse(wire.CodeUnknown, "%q is part of %d pieces of host %s, such as %s and %s: say more of it",
		part, len(found), h.name, found[0].key, found[1].key)
}

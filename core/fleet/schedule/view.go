package schedule

import "avescript/core/fleet/wire"

// View is what is known about hosts now and is not in the ledger, by name. It is made from
// heartbeats.
type View map[string]*Sight

// The states of a host in a View.
const (
	Up     = "up"     // it has contact
	Silent = "silent" // it missed heartbeats: it gets no jobs
	Lost   = "lost"   // it was judged
)

// Sight is what is known about one host.
type Sight struct {
	State string
	Since float64   // of State
	Beat  wire.Beat // the last one. It must not be changed

	busy map[string]int // the indices of pieces that are not free, by key
}

// NewSight is the sight of a host that has sent a heartbeat now. Since is the time from which
// on it has contact.
func NewSight(b wire.Beat, since float64) *Sight {
	s := &Sight{State: Up, Since: since, Beat: b}
	for i, p := range b.Pieces {
		if p.State == "" {
			continue
		}
		if s.busy == nil {
			s.busy = map[string]int{}
		}
		s.busy[p.Profile.Key()] = i
	}
	return s
}

// uses reports whether somebody else has leased a piece at its broker. A lease of a claim
// that has ended counts as free: the host ends it before it sends the result.
func (t *Sight) uses(p *piece, now float64) bool {
	if pending(p.busy, now, busyPause) || t.Beat.Broker != "" {
		return true
	}
	return t.leased(p) != nil
}

// leased is what the host says about a piece that somebody else has leased, or nil.
func (t *Sight) leased(p *piece) *wire.Piece {
	if i, busy := t.busy[p.key]; busy && t.Beat.Pieces[i].Token.IsZero() {
		return &t.Beat.Pieces[i]
	}
	return nil
}

// memory is how much memory the host has free, as far as it says so.
func (t *Sight) memory() int64 {
	if t.Beat.Free == 0 {
		return t.Beat.Memory
	}
	return t.Beat.Free
}

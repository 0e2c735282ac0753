package schedule

import (
	"maps"
	"slices"

	"avescript/core/fleet/wire"
	"avescript/core/harness/workers"
)

// State is the meaning of a ledger. It must not be used by two goroutines at a time.
type State struct {
	hosts   map[string]*host
	slots   []*host // by host.slot; nil if the slot is free
	users   map[string]*user
	runs    map[string]*run
	active  map[*run]bool // runs that have waiting jobs
	claims  map[wire.Token]*claim
	kits    map[string]*kit
	shapes  map[string]*shape
	unmet   map[string]*shape // those of shapes that no known host could ever meet
	times   *times
	done    uint64 // jobs that have finished since the lab exists
	claimed uint64 // claims since the lab exists

	// These are not part of the ledger's meaning.
	at      wire.Token // the place of the entry that is being folded
	notes   []wire.Note
	unknown string // see Unknown
	orders  []Outgoing
}

// New is the state of an empty ledger.
func New() *State {
	return &State{
		hosts: map[string]*host{}, users: map[string]*user{}, runs: map[string]*run{},
		active: map[*run]bool{}, claims: map[wire.Token]*claim{},
		kits: map[string]*kit{}, shapes: map[string]*shape{}, unmet: map[string]*shape{}, times: newTimes(),
	}
}

// user is somebody who has submitted something or has a quota.
type user struct {
	name  string
	quota int        // cores; 0 is without limit
	cores int        // of running jobs
	share int        // of running jobs, as claim.go counts it
	runs  int        // that are known
	jobs  int        // of these runs
	last  wire.Token // of the last claim
}

func (s *State) user(name string) *user {
	u := s.users[name]
	if u == nil {
		u = &user{name: name}
		s.users[name] = u
	}
	return u
}

// leave forgets a user who means nothing any more.
func (s *State) leave(u *user) {
	if u.runs == 0 && u.quota == 0 {
		delete(s.users, u.name)
	}
}

// Outgoing is an order to an incarnation of a host.
type Outgoing struct {
	Host        string
	Incarnation string
	Order       wire.Order
}

// Apply folds entries of the message seq of the ledger. The index of entries[i] in the
// message is first+i, so a message can be folded in parts. The notes are in order. What
// makes a note unique is its Place, Kind and Job: an entry can have several notes, for
// example that the last job is finished and that the run is over.
func (s *State) Apply(seq uint64, first uint32, entries []Entry) []wire.Note {
	for i := range entries {
		s.at = wire.Token{Seq: seq, Index: first + uint32(i)}
		s.fold(&entries[i])
	}
	notes := s.notes
	s.notes = nil
	return notes
}

// Orders returns what hosts have to be told because of the entries that were applied since
// the last call: jobs that start or stop, answers, and runs that are over. Send them when
// the entries are on the disk. They may get lost, and only the last ones are kept if many
// entries are folded without a call: Reconcile repeats them.
func (s *State) Orders() []Outgoing {
	orders := s.orders
	s.orders = nil
	return orders
}

// Unknown is the kind of an entry that was applied and that this program does not know, or
// "": the state is then not that of the ledger.
func (s *State) Unknown() string { return s.unknown }

// fold gives an entry its meaning. An entry about something that is not known, which no
// input method returns, means nothing.
func (s *State) fold(e *Entry) {
	switch e.Kind {
	case Seen:
		s.foldSeen(e)
	case Submitted:
		s.foldSubmitted(e)
	case Assign:
		s.foldAssign(e)
	case Finish, Return:
		s.foldEnd(e)
	case Limited:
		u := s.user(e.User)
		u.quota = e.Cores
		s.leave(u)
	case Gone, Forgotten, Drained, PutAside:
		if h := s.hosts[e.Host]; h != nil {
			s.foldHost(e, h)
		}
	case Cancelled, Dropped, Asked, LostValue:
		if r := s.runs[e.Run]; r != nil {
			s.foldRun(e, r)
		}
	default:
		s.unknown = e.Kind
	}
}

func (s *State) foldHost(e *Entry, h *host) {
	switch e.Kind {
	case Gone:
		h.gone, h.since, h.reason = true, e.Time, e.Reason
		s.loseValues(h, anybody)
	case Forgotten:
		s.loseValues(h, anybody)
		s.remove(h, e.Time)
	case Drained:
		h.drained = nil
		if !e.Off {
			h.drained = &decision{e.By, e.Reason, e.Time}
		}
	case PutAside:
		p := h.piece(e.Piece)
		p.aside = nil
		if !e.Off {
			p.aside = &decision{e.By, e.Reason, e.Time}
		}
		h.tidy(p)
	}
}

func (s *State) foldRun(e *Entry, r *run) {
	switch e.Kind {
	case Cancelled:
		s.foldCancelled(e, r)
	case Dropped:
		s.drop(r)
	case Asked:
		if c := s.claims[e.Token]; c != nil {
			s.foldAsked(e, c)
		}
	case LostValue:
		s.loseValue(r, shared{workers.Shared, e.Name}, e.Token)
	}
}

func (s *State) note(n wire.Note, time float64) {
	n.Place, n.Time = s.at, time
	s.notes = append(s.notes, n)
}

// mostOrders is how many orders are kept for Orders. A leader that folds its ledger asks for
// none in between.
const mostOrders = 20_000

func (s *State) order(h *host, incarnation string, o wire.Order) {
	if len(s.orders) >= mostOrders {
		s.orders = append([]Outgoing(nil), s.orders[mostOrders/2:]...)
	}
	s.orders = append(s.orders, Outgoing{h.name, incarnation, o})
}

// decision is what an administrator has decided about something.
type decision struct {
	By     string  `json:"by,omitempty"`
	Reason string  `json:"reason,omitempty"`
	Since  float64 `json:"since"`
}

// sorted lists the values of a map in the order of its keys, so that what is decided does
// not depend on chance.
func sorted[T any](m map[string]T) []T {
	list := make([]T, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[key])
	}
	return list
}

package schedule

import (
	"encoding/json"
	"slices"

	"avescript/core/fleet/wire"
	"avescript/core/profile"
)

// host is a host as the ledger knows it.
type host struct {
	name        string
	slot        int // in State.slots
	incarnation string
	retired     []string // incarnations that were replaced, the last ones
	gone        bool     // it was lost
	since       float64  // of gone, or of contact
	reason      string   // of gone
	drained     *decision
	inventory   Inventory
	tags, made  map[string]bool

	pieces  []*piece            // in the order of the inventory
	known   map[string]*piece   // by key: pieces, and absent ones that are held or set aside
	stacks  map[string][]*piece // by name
	stacked map[string]bool     // types of equipment that are in stacks

	claims    []*claim // in the order of their tokens
	cores     int      // of claims
	memory    int64    // of claims
	exclusive bool     // the only claim wants no others

	values map[value]bool // that were made here, and of which the process may still run

	failures int     // how many jobs in a row it could not start
	rest     float64 // it gets no jobs until then, because of failures
}

// piece is a piece of equipment of a host. It is known by its key even if the host does not
// have it at the moment.
type piece struct {
	key     string
	profile profile.Profile
	kind    string // its type
	stack   string
	place   int    // in host.pieces; -1 if the host does not have it
	holder  *claim // that has it, or has another piece of its stack
	aside   *decision
	busy    float64 // until then it counts as leased by somebody else
}

// mostRetired is how many replaced incarnations are remembered. It is enough for processes
// that are left over.
const mostRetired = 8

func (h *host) retire() {
	if h.incarnation != "" {
		h.retired = append(h.retired, h.incarnation)
		h.retired = h.retired[max(0, len(h.retired)-mostRetired):]
	}
}

// piece is the piece with a key, which need not be present.
func (h *host) piece(key string) *piece {
	p := h.known[key]
	if p == nil {
		p = &piece{key: key, place: -1}
		if parsed, err := profile.Parse([]byte(key)); err == nil {
			p.profile = parsed
			p.kind = kindOf(parsed)
		}
		h.known[key] = p
	}
	return p
}

// tidy forgets a piece that means nothing any more.
func (h *host) tidy(p *piece) {
	if p.place < 0 && p.holder == nil && p.aside == nil && h.known[p.key] == p {
		delete(h.known, p.key)
	}
}

// has reports whether the host has this inventory. It does not compute keys, because it is
// asked for every heartbeat.
func (h *host) has(b *wire.Beat) bool {
	v := &h.inventory
	return v.Cores == b.Cores && v.Memory == b.Memory && v.Version == b.Version && v.Account == b.Account &&
		slices.Equal(v.Tags, b.Tags) && slices.Equal(v.Made, b.Made) &&
		(withoutPieces(b) || slices.EqualFunc(v.Pieces, b.Pieces, func(a, b wire.Piece) bool {
			return a.Stack == b.Stack && a.Profile.Len() == b.Profile.Len() && a.Profile.Match(b.Profile)
		}))
}

// withoutPieces reports whether a heartbeat says nothing about equipment, because the broker
// of the host does not answer. The host has then what it had.
func withoutPieces(b *wire.Beat) bool { return b.Broker != "" && len(b.Pieces) == 0 }

// inventoryOf is what a heartbeat says about a host that is known as h, or is nil.
func inventoryOf(b *wire.Beat, h *host) *Inventory {
	v := &Inventory{
		Cores: b.Cores, Memory: b.Memory, Version: b.Version, Account: b.Account,
		Tags: slices.Clone(b.Tags), Made: slices.Clone(b.Made),
	}
	for _, p := range b.Pieces {
		v.Pieces = append(v.Pieces, wire.Piece{Profile: p.Profile, Stack: p.Stack})
	}
	if withoutPieces(b) && h != nil {
		v.Pieces = h.inventory.Pieces
	}
	return v
}

// equip replaces the inventory. Claims keep their pieces, whether they are present or not.
func (h *host) equip(v Inventory) {
	for _, p := range h.pieces {
		p.place, p.stack = -1, ""
	}
	was := h.pieces
	h.inventory = v
	h.tags, h.made = set(v.Tags), set(v.Made)
	h.pieces, h.stacks, h.stacked = nil, map[string][]*piece{}, map[string]bool{}
	for _, listed := range v.Pieces {
		p := h.piece(listed.Profile.Key())
		if p.place >= 0 {
			continue // it is listed twice
		}
		p.place, p.stack = len(h.pieces), listed.Stack
		h.pieces = append(h.pieces, p)
		if p.stack != "" {
			h.stacks[p.stack] = append(h.stacks[p.stack], p)
			h.stacked[p.kind] = true
		}
	}
	for _, p := range was {
		h.tidy(p)
	}
}

func (s *State) foldSeen(e *Entry) {
	h := s.hosts[e.Host]
	if h == nil {
		h = &host{name: e.Host, known: map[string]*piece{}, values: map[value]bool{}}
		s.add(h)
	}
	if h.incarnation != e.Incarnation {
		h.retire()
		h.incarnation, h.failures, h.rest = e.Incarnation, 0, 0
		h.since = e.Time
		s.loseValues(h, anybody)
	}
	if h.gone {
		h.gone, h.since, h.reason = false, e.Time, ""
	}
	if e.Inventory != nil {
		h.equip(*e.Inventory)
		s.refit(h, e.Time)
	}
}

// add gives a host a slot.
func (s *State) add(h *host) {
	s.hosts[h.name] = h
	h.slot = slices.Index(s.slots, nil)
	if h.slot < 0 {
		h.slot = len(s.slots)
		s.slots = append(s.slots, nil)
	}
	s.slots[h.slot] = h
}

func (s *State) remove(h *host, time float64) {
	delete(s.hosts, h.name)
	s.slots[h.slot] = nil
	s.unfit(h, time)
}

// kindOf is the type of equipment that a profile describes, or wants.
func kindOf(p profile.Profile) (kind string) {
	if text, ok := p.Get("type"); ok && json.Unmarshal(text, &kind) != nil {
		return string(text)
	}
	return kind
}

func set(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, value := range list {
		m[value] = true
	}
	return m
}

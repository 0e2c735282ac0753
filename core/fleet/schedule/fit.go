package schedule

import (
	"cmp"
	"slices"
)

// fit says how a host can meet a shape. Its rules for stacks are those of the broker, see
// docs/broker.md, because the broker of the host has to agree:
//
//   - What a request asks for comes from one stack, as far as its types are in stacks. Other
//     types come from anywhere.
//   - A single piece comes from outside the stacks if possible, and otherwise from the
//     smallest stack.
//   - If no stack has all the pieces together, they come from outside the stacks.
//   - Who has a piece of a stack has the whole stack: nobody else can use the rest of it.
type fit struct {
	host    *host
	wants   []wanted
	stacked int // how many of wants are of types that are in stacks
}

// wanted is what a host has for a want.
type wanted struct {
	made    bool // for each request: nothing has to be claimed
	stacked bool // its type is in stacks
	pieces  []*piece
}

// status is what a piece is for a request.
type status uint8

const (
	free   status = iota
	unused        // nobody has it, but it is set aside: its stack can be used, it cannot
	taken
)

func (f *fit) add(w want) {
	has := wanted{made: w.kind != "" && f.host.made[w.kind]}
	if !has.made {
		has.stacked = f.host.stacked[w.kind]
		for _, p := range f.host.pieces {
			if p.profile.Match(w.profile) {
				has.pieces = append(has.pieces, p)
			}
		}
	}
	if has.stacked {
		f.stacked++
	}
	f.wants = append(f.wants, has)
}

// choose finds a piece for each want: all or nothing. A want that is made for the job gets
// nil.
func (f *fit) choose(is func(*piece) status) (picks []*piece, ok bool) {
	if len(f.wants) == 0 {
		return nil, true
	}
	if f.lacks(is) {
		return nil, false
	}
	if f.stacked == 0 {
		return f.assign(is, nil)
	}
	outside := func(p *piece) bool { return p.stack == "" }
	if f.stacked == 1 {
		if picks, ok := f.assign(is, outside); ok {
			return picks, true
		}
	}
	for _, stack := range f.host.bySize() {
		if picks, ok := f.assign(is, func(p *piece) bool { return p.stack == stack }); ok {
			return picks, true
		}
	}
	if f.stacked == 1 || f.stackable(is) {
		return nil, false
	}
	return f.assign(is, outside)
}

// lacks reports whether there is nothing for one of the wants. That is quickly found out, and
// the usual reason.
func (f *fit) lacks(is func(*piece) status) bool {
	for i := range f.wants {
		if w := &f.wants[i]; !w.made && !slices.ContainsFunc(w.pieces, func(p *piece) bool { return is(p) == free }) {
			return true
		}
	}
	return false
}

// stackable reports whether a stack could serve the request if nobody had anything of it.
func (f *fit) stackable(is func(*piece) status) bool {
	unheld := func(p *piece) status {
		if p.aside != nil && is(p) != free {
			return unused
		}
		return free
	}
	for stack := range f.host.stacks {
		if _, ok := f.assign(unheld, func(p *piece) bool { return p.stack == stack }); ok {
			return true
		}
	}
	return false
}

// bySize lists the stacks of a host, small ones first.
func (h *host) bySize() []string {
	stacks := make([]string, 0, len(h.stacks))
	for stack := range h.stacks {
		stacks = append(stacks, stack)
	}
	slices.SortFunc(stacks, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(h.stacks[a]), len(h.stacks[b])), cmp.Compare(a, b))
	})
	return stacks
}

// assign gives different pieces to all wants. Those of types that are in stacks must be
// allowed. It finds an assignment if there is one: a want that finds nothing asks others,
// which have what it could use, to take something else.
func (f *fit) assign(is func(*piece) status, allowed func(*piece) bool) ([]*piece, bool) {
	m := matching{fit: f, is: is, allowed: allowed, picks: make([]*piece, len(f.wants))}
	for i := range f.wants {
		if !f.wants[i].made && !m.place(i, &[]*piece{}) {
			return nil, false
		}
	}
	return m.picks, true
}

// most is how many of the wants a host can meet at once.
func (f *fit) most(is func(*piece) status) int {
	m := matching{fit: f, is: is, picks: make([]*piece, len(f.wants))}
	n := 0
	for i := range f.wants {
		if f.wants[i].made || m.place(i, &[]*piece{}) {
			n++
		}
	}
	return n
}

// matching is an assignment that grows by augmenting paths.
type matching struct {
	fit     *fit
	is      func(*piece) status
	allowed func(*piece) bool
	picks   []*piece
}

// place finds a piece for want i. Pieces in tried have been asked for already.
func (m *matching) place(i int, tried *[]*piece) bool {
	w := &m.fit.wants[i]
	for _, p := range w.pieces {
		if m.usable(w, p) && !slices.Contains(m.picks, p) {
			m.picks[i] = p
			return true
		}
	}
	for _, p := range w.pieces {
		other := slices.Index(m.picks, p)
		if other < 0 || slices.Contains(*tried, p) || !m.usable(w, p) {
			continue
		}
		*tried = append(*tried, p)
		if m.place(other, tried) {
			m.picks[i] = p
			return true
		}
	}
	return false
}

func (m *matching) usable(w *wanted, p *piece) bool {
	if m.is(p) != free || w.stacked && m.allowed != nil && !m.allowed(p) {
		return false
	}
	return p.stack == "" || m.whole(p.stack)
}

// whole reports whether nobody has anything of a stack.
func (m *matching) whole(stack string) bool {
	for _, mate := range m.fit.host.stacks[stack] {
		if m.is(mate) == taken {
			return false
		}
	}
	return true
}

// around is the rest of the stacks of picks.
func (h *host) around(picks []*piece) (rest []*piece) {
	for _, p := range picks {
		if p == nil || p.stack == "" {
			continue
		}
		for _, mate := range h.stacks[p.stack] {
			if !slices.Contains(picks, mate) && !slices.Contains(rest, mate) {
				rest = append(rest, mate)
			}
		}
	}
	return rest
}

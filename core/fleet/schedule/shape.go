package schedule

import (
	"cmp"
	"slices"
	"strconv"

	"avescript/core/fleet/wire"
)

// shape is needs without the names of equipment. Groups of all runs share it, because what
// a host can do for one of them, it can do for the others.
type shape struct {
	*kit
	key       string
	tags      []string
	cores     int
	memory    int64
	exclusive bool
	width     int64 // for the order: wider needs come first
	groups    int   // that have it

	fits    map[*host]*fit // hosts that could meet it if they had nothing else to do
	ordered []*fit         // fits; nil if it has to be sorted
	unmet   float64        // since when there are no fits; 0 if there are some
}

// newShape makes a shape that is not known yet.
func (s *State) newShape(key string, n *wire.Needs, runKind string) *shape {
	sh := &shape{
		kit: s.kit(n.Equipment), key: key, tags: n.Tags, cores: coresOf(n, runKind), memory: n.Memory,
		exclusive: n.Exclusive, fits: map[*host]*fit{},
	}
	sh.width = int64(len(sh.wants)) << 32
	if sh.exclusive {
		sh.width += 1 << 31
	}
	sh.width += int64(min(sh.cores, 1<<30))
	for h := range sh.offers {
		sh.look(h)
	}
	return sh
}

// coresOf is how many cores a job has. Equipment that is held for a client needs none,
// because no process uses it here.
func coresOf(n *wire.Needs, runKind string) int {
	if n.Cores == 0 && runKind != wire.Hold {
		return 1
	}
	return n.Cores
}

// demanding reports whether small jobs could keep a job with these needs waiting without
// end.
func (sh *shape) demanding() bool {
	return len(sh.wants) > 0 || sh.exclusive || sh.cores > 1 || sh.memory > 0
}

// keyOf is a text that is the same for the same needs.
func keyOf(n *wire.Needs, runKind string, names bool) string {
	b := strconv.AppendInt(nil, int64(coresOf(n, runKind)), 10)
	if n.Memory > 0 {
		b = strconv.AppendInt(append(b, " memory "...), n.Memory, 10)
	}
	if n.Exclusive {
		b = append(b, " exclusive"...)
	}
	for _, tag := range n.Tags {
		b = strconv.AppendQuote(append(b, " tag "...), tag)
	}
	return string(b) + equipmentOf(n.Equipment, names)
}

// equipmentOf is a text that is the same for the same equipment.
func equipmentOf(wanted []wire.Want, names bool) string {
	var b []byte
	for _, w := range wanted {
		b = append(b, ' ')
		if names {
			b = strconv.AppendQuote(b, w.Name)
		}
		b = append(b, w.Profile.Key()...)
	}
	return string(b)
}

// shape finds a shape, or makes it known.
func (s *State) shape(n *wire.Needs, runKind string, time float64) *shape {
	key := keyOf(n, runKind, false)
	sh := s.shapes[key]
	if sh == nil {
		sh = s.newShape(key, n, runKind)
		sh.shapes++
		s.kits[sh.text], s.shapes[key] = sh.kit, sh
		s.judge(sh, time)
	}
	return sh
}

// unshape forgets a shape when no group has it any more.
func (s *State) unshape(sh *shape) {
	sh.groups--
	if sh.groups > 0 {
		return
	}
	delete(s.shapes, sh.key)
	delete(s.unmet, sh.key)
	sh.shapes--
	if sh.shapes == 0 {
		delete(s.kits, sh.text)
	}
}

// look finds out what a host could do.
func (sh *shape) look(h *host) {
	f := sh.offers[h]
	if f != nil && sh.cores <= h.inventory.Cores && sh.memory <= h.inventory.Memory && h.tagged(sh.tags) {
		sh.fits[h] = f
	} else {
		delete(sh.fits, h)
	}
	sh.ordered = nil
}

// judge notes since when nobody can meet the needs.
func (s *State) judge(sh *shape, time float64) {
	switch {
	case len(sh.fits) > 0:
		sh.unmet = 0
		delete(s.unmet, sh.key)
	case sh.unmet == 0:
		sh.unmet = time
		s.unmet[sh.key] = sh
	}
}

// order lists the fits: hosts with little equipment first, so that equipment stays free for
// those who need more of it.
func (sh *shape) order() []*fit {
	if sh.ordered == nil {
		for _, f := range sh.fits {
			sh.ordered = append(sh.ordered, f)
		}
		slices.SortFunc(sh.ordered, (*fit).compare)
	}
	return sh.ordered
}

func (f *fit) compare(g *fit) int {
	return cmp.Or(cmp.Compare(len(f.host.pieces), len(g.host.pieces)), cmp.Compare(f.host.name, g.host.name))
}

func (h *host) tagged(tags []string) bool {
	for _, tag := range tags {
		if !h.tags[tag] {
			return false
		}
	}
	return true
}

package schedule

import (
	"avescript/core/fleet/wire"
	"avescript/core/profile"
)

// kit is the equipment that a job needs together. Shapes share it, because what a host can
// do for one of them depends only on its equipment.
type kit struct {
	text   string // the same for the same equipment
	wants  []want
	shapes int            // that have it
	offers map[*host]*fit // hosts that have the equipment, if nobody else used it
}

// want is a wanted piece of equipment.
type want struct {
	profile profile.Profile
	kind    string
}

// kit finds a kit, or makes one that is not known yet.
func (s *State) kit(wanted []wire.Want) *kit {
	text := equipmentOf(wanted, false)
	if known := s.kits[text]; known != nil {
		return known
	}
	k := &kit{text: text, offers: map[*host]*fit{}}
	for _, w := range wanted {
		k.wants = append(k.wants, want{w.Profile, kindOf(w.Profile)})
	}
	for _, h := range s.hosts {
		k.look(h)
	}
	return k
}

// look finds out what a host has.
func (k *kit) look(h *host) {
	f := &fit{host: h}
	for _, w := range k.wants {
		f.add(w)
	}
	if _, ok := f.choose(func(*piece) status { return free }); ok {
		k.offers[h] = f
	} else {
		delete(k.offers, h)
	}
}

// refit looks at a host that has changed.
func (s *State) refit(h *host, time float64) {
	for _, k := range s.kits {
		k.look(h)
	}
	for _, sh := range s.shapes {
		sh.look(h)
		s.judge(sh, time)
	}
}

// unfit forgets a host.
func (s *State) unfit(h *host, time float64) {
	for _, k := range s.kits {
		delete(k.offers, h)
	}
	for _, sh := range s.shapes {
		sh.look(h)
		s.judge(sh, time)
	}
}

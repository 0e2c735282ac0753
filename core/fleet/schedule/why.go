package schedule

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// reasons finds out why groups wait. Groups with the same needs wait for the same reason,
// so it is found out once.
type reasons struct {
	r     *round
	known map[*shape]string
}

func (s *State) reasons(v View, now float64) *reasons {
	r := &round{s: s, view: v, now: now}
	r.open()
	return &reasons{r, map[*shape]string{}}
}

// of says why a group waits.
func (w *reasons) of(g *group) string {
	owner := g.run.owner
	if owner.quota > 0 && owner.cores+g.shape.cores > owner.quota {
		return fmt.Sprintf("quota of %s: %d of %s are used", owner.name, owner.cores, count(owner.quota, "core"))
	}
	if g.shape.unmet > 0 {
		return fmt.Sprintf("%s: refused at %s", w.r.s.nearest(g.shape), clock(g.refusedAt()))
	}
	why, ok := w.known[g.shape]
	if !ok {
		why = w.find(g.shape)
		w.known[g.shape] = why
	}
	return why
}

func (w *reasons) find(sh *shape) string {
	var open []*fit
	equipped := false // a host has the equipment now
	for _, f := range sh.order() {
		m := &w.r.rooms[f.host.slot]
		if m.sight == nil {
			continue
		}
		open = append(open, f)
		if len(f.wants) > 0 && m.sight.Beat.Broker != "" {
			continue
		}
		if _, ok := f.choose(m.is(nil, w.r.now)); ok {
			equipped = true
			if m.has(sh, nil) {
				return "others come first"
			}
		}
	}
	switch {
	case len(open) == 0:
		return w.away(sh)
	case !equipped:
		return w.equipment(sh, open)
	}
	return w.room(sh, open)
}

// away is about hosts that get no jobs.
func (w *reasons) away(sh *shape) string {
	text := "no host" + sh.with(w.r.s.telling(sh.tags)) + " is up"
	for i, f := range sh.order() {
		if i == 3 {
			return text + fmt.Sprintf(" and %d more", len(sh.ordered)-i)
		}
		text += [2]string{": ", ", "}[min(i, 1)] + w.state(f.host)
	}
	return text
}

// state says why a host gets no jobs.
func (w *reasons) state(h *host) string {
	sight := w.r.view[h.name]
	switch closed := w.r.closed(h); {
	case closed == "away" && h.gone:
		return h.name + " is away since " + clock(h.since)
	case closed == "away" && sight != nil && sight.State != Up:
		return h.name + " is away since " + clock(sight.Since)
	case closed == "away":
		return h.name + " is away"
	case closed == "draining" && h.drained.Reason != "":
		return h.name + " is draining: " + h.drained.Reason
	case closed == "resting":
		return h.name + " could not start jobs and is tried again at " + clock(h.rest)
	default:
		return h.name + " is " + closed
	}
}

// with says what kind of host is needed: " with os=debian12 and 2 relays". The
// tags are those of it that say something.
func (sh *shape) with(tags []string) string {
	parts := tags
	if len(sh.wants) > 0 {
		parts = append(parts, sh.equipment())
	}
	if sh.cores > 1 {
		parts = append(parts, count(sh.cores, "core"))
	}
	if len(parts) == 0 {
		return ""
	}
	return " with " + strings.Join(parts, " and ")
}

// equipment is about equipment that is not free: "2 relays on one host: lab-3 busy until
// about 14:20".
func (w *reasons) equipment(sh *shape, open []*fit) string {
	text := sh.equipment()
	if len(sh.wants) > 1 {
		text += " on one host"
	}
	best, at := open[0], math.Inf(1)
	for _, f := range open[:min(len(open), mostTried)] {
		if _, when := w.r.when(&w.r.rooms[f.host.slot], f, sh); when < at {
			best, at = f, when
		}
	}
	m := &w.r.rooms[best.host.slot]
	if m.sight.Beat.Broker != "" {
		return fmt.Sprintf("%s: broker of %s: %s", text, best.host.name, m.sight.Beat.Broker)
	}
	if math.IsInf(at, 1) {
		return text + ": " + w.obstacle(m, best)
	}
	picks, _ := w.r.soonest(m, best)
	until := 0.0
	for _, p := range picks {
		if p == nil || p.holder == nil {
			continue
		}
		end := p.holder.until(w.r.now)
		if end == 0 {
			return fmt.Sprintf("%s: %s busy since %s", text, best.host.name, clock(p.holder.since))
		}
		until = max(until, end)
	}
	if until == 0 {
		return fmt.Sprintf("%s: %s busy", text, best.host.name)
	}
	return fmt.Sprintf("%s: %s busy until about %s", text, best.host.name, clock(until))
}

// obstacle says what stands in the way at a host for a time that nobody knows.
func (w *reasons) obstacle(m *room, f *fit) string {
	for _, has := range f.wants {
		for _, p := range has.pieces {
			switch c := p.holder; {
			case c != nil && c.held():
				return fmt.Sprintf("%s held by %s since %s", m.host.name, c.run.User, clock(c.since))
			case c == nil && m.sight.leased(p) != nil:
				taken := m.sight.leased(p)
				text := fmt.Sprintf("%s leased by %s", m.host.name, taken.Holder)
				if taken.Since > 0 {
					text += " since " + clock(taken.Since)
				}
				return text
			case p.aside != nil:
				text := fmt.Sprintf("%s set aside at %s since %s", p.key, m.host.name, clock(p.aside.Since))
				if p.aside.Reason != "" {
					text += ": " + p.aside.Reason
				}
				return text
			}
		}
	}
	return m.host.name + " busy"
}

// room is about cores and memory.
func (w *reasons) room(sh *shape, open []*fit) string {
	text := "all cores are busy"
	switch {
	case sh.exclusive:
		text = "a host without other jobs"
	case sh.memory > 0 || sh.cores > 1:
		text = count(sh.cores, "core")
		if sh.memory > 0 {
			text += " and " + size(sh.memory) + " of memory"
		}
		text += " on one host"
	case len(sh.tags) > 0 || len(sh.wants) > 0:
		text = "all cores of hosts" + sh.with(w.r.s.telling(sh.tags)) + " are busy"
	}
	best, at := (*host)(nil), math.Inf(1)
	for _, f := range open[:min(len(open), mostTried)] {
		if when := w.r.roomy(&w.r.rooms[f.host.slot], sh); when < at {
			best, at = f.host, when
		}
	}
	if best == nil {
		return text
	}
	for _, c := range best.claims {
		if c.until(w.r.now) == 0 {
			return text
		}
	}
	return fmt.Sprintf("%s: %s until about %s", text, best.name, clock(at))
}

// clock is a time for people, in the time zone of this host.
func clock(at float64) string {
	return time.Unix(int64(at), 0).Format("15:04")
}

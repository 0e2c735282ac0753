package schedule

import (
	"cmp"
	"slices"

	"avescript/core/fleet/wire"
)

// Lab is everything for people. Hub and Seq are left for the caller.
func (s *State) Lab(v View, now float64) wire.Lab {
	l := wire.Lab{Time: now, Done: s.done}
	for _, h := range sorted(s.hosts) {
		l.Hosts = append(l.Hosts, h.show(v[h.name], now))
		for _, p := range h.pieces {
			l.Pieces = append(l.Pieces, p.show(h, v[h.name], now))
		}
	}
	waits := map[string]int{}
	why := s.reasons(v, now)
	for _, r := range sorted(s.runs) {
		l.Runs = append(l.Runs, r.show())
		if !r.whole || r.waiting == 0 {
			continue
		}
		waits[r.User] += r.waiting
		for _, g := range sorted(r.groups) {
			if len(g.queue) > 0 {
				l.Queue = append(l.Queue, g.show(why))
			}
		}
	}
	priority := func(w wire.LabWait) int { return s.runs[w.Run].Priority }
	slices.SortStableFunc(l.Queue, func(a, b wire.LabWait) int {
		return cmp.Or(cmp.Compare(priority(b), priority(a)), cmp.Compare(a.Since, b.Since))
	})
	slices.SortStableFunc(l.Runs, func(a, b wire.LabRun) int { return cmp.Compare(a.Submitted, b.Submitted) })
	for _, u := range sorted(s.users) {
		l.Users = append(l.Users, wire.LabUser{Name: u.name, Running: u.cores, Waiting: waits[u.name], Quota: u.quota})
	}
	return l
}

func (h *host) show(sight *Sight, now float64) wire.LabHost {
	v := h.inventory
	l := wire.LabHost{
		Name: h.name, State: Silent, Since: h.since, Cores: v.Cores, Used: h.cores, Memory: v.Memory,
		Tags: v.Tags, Version: v.Version, Account: v.Account,
	}
	tests := map[wire.Token]string{}
	if sight != nil {
		l.State, l.Since = sight.State, sight.Since
		l.Free, l.Load, l.Broker = sight.Beat.Free, sight.Beat.Load, sight.Beat.Broker
		for _, j := range sight.Beat.Jobs {
			tests[j.Token] = j.Test
		}
	}
	switch {
	case h.gone:
		l.State, l.Since, l.Reason = Lost, h.since, h.reason
	case l.State == Up && h.drained != nil:
		l.State, l.Since, l.Reason = "draining", h.drained.Since, h.drained.Reason
	case l.State == Up && sight.Beat.Leaving:
		l.State = "leaving"
	case l.State == Up && pending(h.rest, now, mostRest):
		l.Reason = "could not start jobs: it is tried again at " + clock(h.rest)
	}
	for _, c := range h.claims {
		j := c.show(now)
		j.Test = tests[c.token]
		l.Jobs = append(l.Jobs, j)
	}
	return l
}

func (c *claim) show(now float64) wire.LabJob {
	j := &c.run.jobs[c.job]
	l := wire.LabJob{
		Run: c.run.ID, Index: c.job, Name: j.name, User: c.run.User, Since: c.since,
		Attempt: int(j.deaths) + 1, Token: c.token, Host: c.host.name,
	}
	if !c.held() {
		l.Until = c.until(now)
	}
	return l
}

// The states of equipment.
const (
	pieceFree  = "free"
	pieceHeld  = "held"  // by a job
	pieceTaken = "taken" // by somebody who is not of the fleet
	pieceAside = "aside"
	pieceAway  = "away" // its host has no contact
)

func (p *piece) show(h *host, sight *Sight, now float64) wire.LabPiece {
	l := wire.LabPiece{Host: h.name, Piece: wire.Piece{Profile: p.profile, Stack: p.stack}, State: pieceFree}
	up := sight != nil && sight.State == Up && !h.gone
	var by *wire.Piece
	if up {
		by = sight.leased(p)
	}
	switch c := p.holder; {
	case c != nil:
		job := c.show(now)
		l.State, l.Run, l.Job, l.User, l.Since, l.Until = pieceHeld, job.Run, job.Name, job.User, job.Since, job.Until
		l.Token = c.token
	case p.aside != nil:
		l.State, l.Since, l.Reason, l.Holder = pieceAside, p.aside.Since, p.aside.Reason, p.aside.By
	case !up:
		l.State, l.Since = pieceAway, h.since
	case by != nil:
		l.State, l.Holder, l.Since, l.Reason = pieceTaken, by.Holder, by.Since, by.Reason
	}
	return l
}

func (r *run) show() wire.LabRun {
	l := wire.LabRun{
		Run: r.ID, Kind: r.Kind, Title: r.Title, User: r.User, State: "running", Submitted: r.submitted, Ended: r.ended,
		Jobs: len(r.jobs), Running: r.running, Done: r.done, Bad: r.bad, Deaths: r.deaths, Priority: r.Priority,
	}
	switch {
	case r.cancelled:
		l.State = "cancelled"
	case r.over && r.bad > 0:
		l.State = "failed"
	case r.over:
		l.State = "passed"
	case r.running == 0 && r.done == 0:
		l.State = "waiting"
	}
	return l
}

func (g *group) show(why *reasons) wire.LabWait {
	return wire.LabWait{
		Run: g.run.ID, User: g.run.User, Jobs: len(g.queue), First: g.run.jobs[g.queue[0]].name,
		Needs: g.needs, Since: g.since, Why: why.of(g),
	}
}

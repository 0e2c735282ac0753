package schedule

import (
	"slices"

	"avescript/core/fleet/wire"
)

// claim is a job that was given to a host, with what it has there.
type claim struct {
	token       wire.Token
	run         *run
	job         int
	host        *host
	incarnation string
	cores       int
	memory      int64
	exclusive   bool
	since       float64
	pieces      []*piece // for each wanted piece; nil if it is made for the job
	around      []*piece // the rest of their stack
	question    *question
	owns        []shared // that it holds or makes
}

// stop is what the host is told when the claim has ended.
func (c *claim) stop(reason string) *wire.Stop {
	return &wire.Stop{Run: c.run.ID, Job: c.job, Token: c.token, Reason: reason}
}

// share is what a job with so many cores counts when users are compared. A Hold has none,
// but a user who only holds equipment must not always be first.
func share(cores int) int { return max(1, cores) }

// held reports whether the claim only keeps equipment for a client: nobody knows how long.
func (c *claim) held() bool { return c.run.Kind == wire.Hold }

// start is what the host is told when the claim begins.
func (c *claim) start() *wire.Start {
	j := &c.run.jobs[c.job]
	start := &wire.Start{
		Run: c.run.Run, Index: c.job, Token: c.token, Attempt: int(j.deaths) + 1,
		Job: wire.Job{Name: j.name, Needs: j.group.needs, Seconds: float64(j.seconds)},
	}
	if j.work != "" {
		start.Job.Work = []byte(j.work)
	}
	for i, p := range c.pieces {
		want := j.group.needs.Equipment[i]
		given := wire.Assigned{Name: want.Name, Profile: want.Profile, Made: p == nil}
		if p != nil {
			given.Profile = p.profile
		}
		start.Pieces = append(start.Pieces, given)
	}
	return start
}

// until is about when the claim ends, by recorded time. A job that should have ended already
// is expected to be late by as much again. It is 0 if nothing is recorded.
func (c *claim) until(now float64) float64 {
	seconds := float64(c.run.jobs[c.job].seconds)
	if seconds == 0 {
		return 0
	}
	end := c.since + seconds
	if end < now {
		return now + max(1, now-end)
	}
	return end
}

func (s *State) foldAssign(e *Entry) {
	r, h := s.runs[e.Run], s.hosts[e.Host]
	if r == nil || h == nil || e.Job >= len(r.jobs) || r.jobs[e.Job].state != waiting || !r.whole {
		return
	}
	j := &r.jobs[e.Job]
	g := j.group
	if len(e.Pieces) != len(g.needs.Equipment) {
		return
	}
	s.unwait(r, e.Job)
	s.claimed++
	g.since, g.mark = e.Time, s.claimed
	c := &claim{
		token: s.at, run: r, job: e.Job, host: h, incarnation: e.Incarnation, cores: e.Cores,
		memory: g.needs.Memory, exclusive: g.needs.Exclusive, since: e.Time,
	}
	for _, key := range e.Pieces {
		c.pieces = append(c.pieces, h.grant(key, c))
	}
	for _, key := range e.Around {
		c.around = append(c.around, h.grant(key, c))
	}
	j.state, j.token, j.answered = running, c.token, false
	s.link(c)
	s.order(h, c.incarnation, wire.Order{Start: c.start()})
	s.note(wire.Note{
		Kind: wire.NoteStarted, Run: r.ID, Job: e.Job, Token: c.token, Host: h.name, Attempt: int(j.deaths) + 1,
		Name: j.name, User: r.User, Pieces: named(e.Pieces),
	}, e.Time)
}

// named are the keys of pieces that exist without the claim.
func named(keys []string) (names []string) {
	for _, key := range keys {
		if key != "" {
			names = append(names, key)
		}
	}
	return names
}

// grant gives a piece to a claim. The key "" is that of a piece that is made for the job.
func (h *host) grant(key string, c *claim) *piece {
	if key == "" {
		return nil
	}
	p := h.piece(key)
	p.holder = c
	return p
}

// link counts a claim wherever claims are counted.
func (s *State) link(c *claim) {
	s.claims[c.token] = c
	h := c.host
	h.claims = append(h.claims, c)
	h.cores += c.cores
	h.memory += c.memory
	h.exclusive = h.exclusive || c.exclusive
	c.run.running++
	c.run.share += share(c.cores)
	c.run.owner.cores += c.cores
	c.run.owner.share += share(c.cores)
	c.run.last, c.run.owner.last = c.token, c.token
}

// unlink is the reverse of link. It also frees the pieces.
func (s *State) unlink(c *claim) {
	delete(s.claims, c.token)
	h := c.host
	h.claims = slices.DeleteFunc(h.claims, func(other *claim) bool { return other == c })
	h.cores -= c.cores
	h.memory -= c.memory
	h.exclusive = h.exclusive && !c.exclusive
	c.run.running--
	c.run.share -= share(c.cores)
	c.run.owner.cores -= c.cores
	c.run.owner.share -= share(c.cores)
	for _, p := range slices.Concat(c.pieces, c.around) {
		if p != nil && p.holder == c {
			p.holder = nil
			h.tidy(p)
		}
	}
}

// Pauses after something went wrong, so that the same is not tried at once again and again.
const (
	busyPause = 2.0  // of a piece that somebody else has leased
	restPause = 5.0  // of a host that could not start a job, for each one in a row
	mostRest  = 60.0 // of a host
)

// pending reports whether a pause of at most so many seconds is not over. A pause that is
// longer comes from a clock that was ahead, and does not count.
func pending(until, now, most float64) bool { return until > now && until <= now+most }

// foldEnd ends a claim, if the job has one, and the job, if the entry is Finish.
func (s *State) foldEnd(e *Entry) {
	r := s.runs[e.Run]
	if r == nil || e.Job >= len(r.jobs) || e.Outcome == nil {
		return
	}
	j := &r.jobs[e.Job]
	switch {
	case e.Token.IsZero() && j.state == waiting && r.whole:
		s.unwait(r, e.Job)
	case !e.Token.IsZero() && j.state == running && j.token == e.Token:
		s.endClaim(e, s.claims[e.Token])
	default:
		return
	}
	n := wire.Note{
		Kind: wire.NoteFinished, Run: r.ID, Job: e.Job, Token: e.Token, Host: e.Host,
		Attempt: int(j.deaths), Outcome: e.Outcome,
	}
	if !counts(e.Outcome.Status) && !e.Token.IsZero() {
		n.Attempt++
	}
	if e.Token.IsZero() {
		n.Name = j.name // no note has named it before
	}
	if e.Kind == Return {
		n.Kind = wire.NoteReturned
		s.note(n, e.Time)
		s.wait(r, e.Job, e.Time)
		return
	}
	j.state = finished
	r.done++
	s.done++
	if e.Outcome.Status != wire.Done || !e.Outcome.Passed {
		r.bad++
	}
	if e.Outcome.Status == wire.Done {
		s.times.add(j.name, e.Outcome.Seconds, e.Time)
	}
	s.note(n, e.Time)
	s.settle(r, e.Time)
}

// counts reports whether an outcome is a failed attempt.
func counts(status string) bool {
	switch status {
	case wire.Died, wire.Lost, wire.Broken, wire.SetAside:
		return true
	}
	return false
}

func (s *State) endClaim(e *Entry, c *claim) {
	h, j := c.host, &c.run.jobs[c.job]
	s.freeAll(c, e.Time)
	s.unlink(c)
	j.answered = !e.Lost
	if counts(e.Outcome.Status) {
		j.deaths++
		c.run.deaths++
		s.loseValues(h, func(token wire.Token) bool { return token == c.token })
	}
	for _, key := range e.Outcome.Busy {
		if p := h.known[key]; p != nil {
			p.busy = e.Time + busyPause
		}
	}
	switch e.Outcome.Status {
	case wire.Busy:
		if len(e.Outcome.Busy) == 0 { // the host does not say what
			h.rest = e.Time + busyPause
		}
	case wire.Broken:
		h.failures++
		h.rest = e.Time + min(mostRest, restPause*float64(h.failures))
	case wire.Done:
		h.failures, h.rest = 0, 0
	}
}

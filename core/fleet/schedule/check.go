package schedule

import (
	"fmt"
	"iter"
	"slices"

	"avescript/core/fleet/wire"
)

// Tally is what a ledger contains.
type Tally struct {
	Runs      int
	Jobs      int
	Claims    int
	Finished  int // jobs with a final outcome, each counted once
	Cancelled int // jobs that were cancelled before they started, of Finished
	Returned  int // claims after which the job waited again
}

// Check reads a whole ledger from its beginning. It knows what entries promise, and nothing
// of how a State decides. It returns an error for the first entry after which a piece is
// held twice, a job has two claims or two outcomes, a host has more jobs than cores, or
// which has no right to be there; and if tokens do not rise.
func Check(ledger iter.Seq2[wire.Token, Entry]) (Tally, error) {
	c := &checker{hosts: map[string]*checkedHost{}, runs: map[string]*checkedRun{}}
	var last wire.Token
	for place, e := range ledger {
		err := c.check(place, &e)
		if err == nil && !last.Less(place) {
			err = fmt.Errorf("it comes after %s: wanted rising places", last)
		}
		if err != nil {
			return c.tally, fmt.Errorf("ledger, entry %s (%s): %w", place, e.Kind, err)
		}
		last = place
	}
	return c.tally, nil
}

type checker struct {
	hosts map[string]*checkedHost
	runs  map[string]*checkedRun
	tally Tally
}

type checkedHost struct {
	incarnation string
	gone        bool
	drained     bool
	cores, used int
	memory      int64
	pieces      map[string]wire.Piece
	aside       map[string]bool
	held        map[string]wire.Token
	claims      map[wire.Token]*checkedClaim
}

type checkedClaim struct {
	entry     Entry
	memory    int64
	exclusive bool
}

type checkedRun struct {
	kind             string
	jobs             []checkedJob
	whole, cancelled bool
	left             int // jobs without an outcome
}

type checkedJob struct {
	needs    wire.Needs
	token    wire.Token // of the claim that it has
	finished bool
}

func (c *checker) check(place wire.Token, e *Entry) error {
	switch e.Kind {
	case Seen:
		return c.seen(e)
	case Gone, Forgotten, Drained, PutAside:
		h := c.hosts[e.Host]
		if h == nil {
			return fmt.Errorf("there is no host %q", e.Host)
		}
		return c.host(e, h)
	case Submitted:
		return c.submitted(e)
	case Cancelled, Dropped, Assign, Finish, Return, Asked, LostValue:
		r := c.runs[e.Run]
		if r == nil {
			return fmt.Errorf("there is no run %q", e.Run)
		}
		return c.run(place, e, r)
	case Limited:
		return nil
	}
	return fmt.Errorf("there are no entries of this kind")
}

func (c *checker) seen(e *Entry) error {
	h := c.hosts[e.Host]
	if h == nil {
		h = &checkedHost{aside: map[string]bool{}, held: map[string]wire.Token{}, claims: map[wire.Token]*checkedClaim{}}
		c.hosts[e.Host] = h
	}
	if h.incarnation != e.Incarnation {
		if err := h.idle(); err != nil {
			return err
		}
		if e.Inventory == nil {
			return fmt.Errorf("a new incarnation without an inventory")
		}
	}
	h.incarnation, h.gone = e.Incarnation, false
	if v := e.Inventory; v != nil {
		h.cores, h.memory, h.pieces = v.Cores, v.Memory, map[string]wire.Piece{}
		for _, p := range v.Pieces {
			h.pieces[p.Profile.Key()] = p
		}
	}
	return nil
}

// idle checks that a host has no claims any more.
func (h *checkedHost) idle() error {
	for token, claim := range h.claims {
		return fmt.Errorf("host %s still has claim %s of run %s", claim.entry.Host, token, claim.entry.Run)
	}
	return nil
}

func (c *checker) host(e *Entry, h *checkedHost) error {
	switch e.Kind {
	case Drained:
		h.drained = !e.Off
	case PutAside:
		h.aside[e.Piece] = !e.Off
	case Gone:
		h.gone = true
		return h.idle()
	case Forgotten:
		delete(c.hosts, e.Host)
		return h.idle()
	}
	return nil
}

func (c *checker) submitted(e *Entry) error {
	m := e.Submit
	r := c.runs[m.Run.ID]
	if r == nil {
		r = &checkedRun{kind: m.Run.Kind}
		c.runs[m.Run.ID] = r
		c.tally.Runs++
	}
	if r.whole || m.First != len(r.jobs) {
		return fmt.Errorf("run %s gets job %d: it has %d (complete: %v)", m.Run.ID, m.First, len(r.jobs), r.whole)
	}
	for _, j := range m.Jobs {
		r.jobs = append(r.jobs, checkedJob{needs: j.Needs})
	}
	r.left += len(m.Jobs)
	r.whole = m.Last
	c.tally.Jobs += len(m.Jobs)
	return nil
}

func (c *checker) run(place wire.Token, e *Entry, r *checkedRun) error {
	switch e.Kind {
	case Cancelled:
		if r.cancelled {
			return fmt.Errorf("run %s was cancelled before", e.Run)
		}
		c.cancel(r)
		return nil
	case Dropped:
		if r.whole && r.left > 0 {
			return fmt.Errorf("run %s has %d jobs without an outcome", e.Run, r.left)
		}
		delete(c.runs, e.Run)
		return nil
	}
	if e.Kind == LostValue {
		return nil
	}
	if e.Job < 0 || e.Job >= len(r.jobs) {
		return fmt.Errorf("run %s has no job %d", e.Run, e.Job)
	}
	j := &r.jobs[e.Job]
	switch e.Kind {
	case Assign:
		return c.assign(place, e, r, j)
	case Asked:
		if j.token != e.Token || e.Token.IsZero() {
			return fmt.Errorf("claim %s of job %d of run %s is not valid", e.Token, e.Job, e.Run)
		}
		return nil
	}
	return c.end(e, r, j)
}

func (c *checker) cancel(r *checkedRun) {
	r.cancelled, r.whole = true, true
	for i := range r.jobs {
		if j := &r.jobs[i]; !j.finished && j.token.IsZero() {
			j.finished = true
			r.left--
			c.tally.Finished++
			c.tally.Cancelled++
		}
	}
}

func (c *checker) assign(place wire.Token, e *Entry, r *checkedRun, j *checkedJob) error {
	h := c.hosts[e.Host]
	switch {
	case j.finished || !j.token.IsZero():
		return fmt.Errorf("job %d of run %s is not waiting", e.Job, e.Run)
	case !r.whole || r.cancelled:
		return fmt.Errorf("run %s is not complete, or was cancelled", e.Run)
	case h == nil || h.gone || h.drained || h.incarnation != e.Incarnation:
		return fmt.Errorf("host %s (%s) gets no jobs now", e.Host, e.Incarnation)
	case e.Cores < coresOf(&j.needs, r.kind) || e.Cores > 0 && h.used+e.Cores > h.cores:
		return fmt.Errorf("host %s has %d of %d cores in use: %d more are not possible", e.Host, h.used, h.cores, e.Cores)
	}
	memory := j.needs.Memory
	for _, other := range h.claims {
		memory += other.memory
		if other.exclusive || j.needs.Exclusive {
			return fmt.Errorf("host %s has another job, and one of them wants it for itself", e.Host)
		}
	}
	if j.needs.Memory > 0 && memory > h.memory {
		return fmt.Errorf("host %s has %d bytes of memory, but its jobs need %d", e.Host, h.memory, memory)
	}
	if err := h.hold(place, e, j); err != nil {
		return err
	}
	h.claims[place] = &checkedClaim{*e, j.needs.Memory, j.needs.Exclusive}
	h.used += e.Cores
	j.token = place
	c.tally.Claims++
	return nil
}

// hold checks the pieces of a claim.
func (h *checkedHost) hold(place wire.Token, e *Entry, j *checkedJob) error {
	if len(e.Pieces) != len(j.needs.Equipment) {
		return fmt.Errorf("wanted %d pieces, got %d", len(j.needs.Equipment), len(e.Pieces))
	}
	stacks := map[string]bool{}
	for i, key := range e.Pieces {
		if key == "" {
			continue
		}
		p, ok := h.pieces[key]
		switch {
		case !ok || h.aside[key]:
			return fmt.Errorf("host %s cannot give %s: it does not have it, or it was set aside", e.Host, key)
		case !p.Profile.Match(j.needs.Equipment[i].Profile):
			return fmt.Errorf("%s is not %s", key, j.needs.Equipment[i].Profile)
		}
		stacks[p.Stack] = p.Stack != ""
	}
	all := slices.Concat(e.Pieces, e.Around)
	for _, key := range all {
		if key == "" {
			continue
		}
		if holder, held := h.held[key]; held {
			return fmt.Errorf("%s of host %s is held by claim %s", key, e.Host, holder)
		}
		h.held[key] = place
	}
	for key, p := range h.pieces {
		if stacks[p.Stack] && !slices.Contains(all, key) {
			return fmt.Errorf("%s belongs to a stack of the claim, and can be given to others", key)
		}
	}
	return nil
}

func (c *checker) end(e *Entry, r *checkedRun, j *checkedJob) error {
	if j.finished {
		return fmt.Errorf("job %d of run %s has its outcome already", e.Job, e.Run)
	}
	if j.token != e.Token || e.Kind == Return && e.Token.IsZero() {
		return fmt.Errorf("job %d of run %s has claim %s: %s is not valid", e.Job, e.Run, j.token, e.Token)
	}
	if !e.Token.IsZero() {
		h := c.hosts[e.Host]
		if h == nil || h.claims[e.Token] == nil {
			return fmt.Errorf("host %s does not have claim %s", e.Host, e.Token)
		}
		h.used -= h.claims[e.Token].entry.Cores
		delete(h.claims, e.Token)
		for key, holder := range h.held {
			if holder == e.Token {
				delete(h.held, key)
			}
		}
	}
	j.token = wire.Token{}
	if e.Kind == Return {
		c.tally.Returned++
		return nil
	}
	j.finished = true
	r.left--
	c.tally.Finished++
	return nil
}

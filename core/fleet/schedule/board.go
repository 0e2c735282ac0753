package schedule

import (
	"encoding/json"
	"slices"

	"avescript/core/fleet/wire"
	"avescript/core/harness/workers"
)

// board is what the jobs of a run share: values that one of them makes for all, and names
// that one of them holds at a time. It means the same as the board of a worker pool does
// within one host.
type board map[shared]*resource

// shared is the name of a resource. The verb is workers.Shared or workers.Lock.
type shared struct{ Verb, Name string }

// resource is a value or a lock. The owner of a value is making it.
type resource struct {
	owner   *claim
	waiting []*claim
	made    *workers.Answer // the value, if it was made
	maker   maker
}

// maker is the job that made a value. Its process may still run what the value stands for,
// although the job has ended.
type maker struct {
	Token wire.Token `json:"token"`
	Host  string     `json:"host"`
	At    float64    `json:"at"`
}

// question is the last question of a claim.
type question struct {
	ID      int    `json:"id"`
	Of      shared `json:"of"`
	Waiting bool   `json:"waiting,omitempty"`
	// Forgotten means that the job does not want the answer any more. The question is kept,
	// because it may come again.
	Forgotten bool            `json:"forgotten,omitempty"`
	Answer    *workers.Answer `json:"answer,omitempty"`
	At        float64         `json:"at,omitempty"` // when Answer came, if it had to wait
}

// see is the answer to a question, as things are.
func (b board) see(of shared, by *claim) workers.Answer {
	r := b[of]
	switch {
	case r == nil, r.made == nil && r.owner == nil, r.made == nil && r.owner == by:
		return workers.Answer{Yours: true}
	case r.made != nil:
		return *r.made
	case b.depends(r.owner, by):
		return workers.Answer{Failed: r.owner.String() + " has it and waits for something that this job has"}
	}
	return workers.Answer{Wait: r.owner.String() + " has it"}
}

// depends reports whether one claim is the other, or waits for it directly or indirectly.
func (b board) depends(one, on *claim) bool {
	for one != nil && one != on {
		if one.question == nil || !one.question.Waiting {
			return false
		}
		one = b[one.question.Of].owner
	}
	return one != nil
}

// String is the job and its host.
func (c *claim) String() string { return c.run.jobs[c.job].name + " on " + c.host.name }

// foldAsked does what a job asks for.
func (s *State) foldAsked(e *Entry, c *claim) {
	b := c.run.board
	switch of := (shared{e.Ask.Verb, e.Ask.Name}); e.Ask.Verb {
	case workers.Shared, workers.Lock:
		c.forget()
		c.question = &question{ID: e.Ask.ID, Of: of}
		if b == nil {
			b = board{}
			c.run.board = b
		}
		a := b.see(of, c)
		if a.Wait != "" {
			b[of].waiting = append(b[of].waiting, c)
			c.question.Waiting = true
			return
		}
		if a.Yours {
			b.at(of).owner = c
			c.own(of)
		}
		a.ID = e.Ask.ID
		c.question.Answer = &a
	case workers.Made:
		s.made(c, shared{workers.Shared, e.Ask.Name}, e)
	case workers.Unlock:
		s.free(c, shared{workers.Lock, e.Ask.Name}, e.Time)
	case workers.Lose: // the worker that was making it has died
		s.free(c, shared{workers.Shared, e.Ask.Name}, e.Time)
	case workers.Forget:
		if q := c.question; q != nil {
			c.forget()
			s.free(c, q.Of, e.Time)
			q.Forgotten, q.Answer = true, nil
		}
	}
}

func (b board) at(of shared) *resource {
	if b[of] == nil {
		b[of] = &resource{}
	}
	return b[of]
}

func (c *claim) own(of shared) {
	if !slices.Contains(c.owns, of) {
		c.owns = append(c.owns, of)
	}
}

// forget ends the waiting of a claim.
func (c *claim) forget() {
	if q := c.question; q != nil && q.Waiting {
		r := c.run.board[q.Of]
		r.waiting = slices.DeleteFunc(r.waiting, func(other *claim) bool { return other == c })
		q.Waiting = false
	}
}

// made gives the value to all who wait for it.
func (s *State) made(c *claim, of shared, e *Entry) {
	r := c.run.board[of]
	if r == nil || r.owner != c {
		return
	}
	c.owns = slices.DeleteFunc(c.owns, func(other shared) bool { return other == of })
	r.owner = nil
	r.made = &workers.Answer{Value: slices.Clone(e.Ask.Value), Failed: e.Ask.Failed}
	r.maker = maker{c.token, c.host.name, e.Time}
	if r.made.Failed == "" {
		c.host.values[value{c.run, of}] = true
	}
	waiting := r.waiting
	r.waiting = nil
	for _, waits := range waiting {
		s.answer(waits, *r.made, e.Time)
	}
}

// free takes a resource from its owner and gives it to the next one.
func (s *State) free(c *claim, of shared, time float64) {
	r := c.run.board[of]
	if r == nil || r.owner != c {
		return
	}
	c.owns = slices.DeleteFunc(c.owns, func(other shared) bool { return other == of })
	r.owner = nil
	if len(r.waiting) == 0 {
		delete(c.run.board, of)
		return
	}
	next := r.waiting[0]
	r.waiting = r.waiting[1:]
	r.owner = next
	next.own(of)
	s.answer(next, workers.Answer{Yours: true}, time)
}

// freeAll releases everything that a claim has or waits for.
func (s *State) freeAll(c *claim, time float64) {
	c.forget()
	for _, of := range slices.Clone(c.owns) {
		s.free(c, of, time)
	}
}

// answer tells a job that has waited.
func (s *State) answer(c *claim, a workers.Answer, time float64) {
	q := c.question
	a.ID = q.ID
	q.Waiting, q.Answer, q.At = false, &a, time
	s.order(c.host, c.incarnation, wire.Order{Answer: c.answered()})
}

func (c *claim) answered() *wire.SharedAnswer {
	return &wire.SharedAnswer{Run: c.run.ID, Job: c.job, Token: c.token, Answer: *c.question.Answer}
}

// late is an answer that may have been lost on its way, or nil.
func (c *claim) late(now float64) *wire.SharedAnswer {
	if q := c.question; q == nil || q.Answer == nil || now-q.At > answerAgain {
		return nil
	}
	return c.answered()
}

// value is a value that was made on a host.
type value struct {
	run *run
	of  shared
}

// loseValue forgets a value, because what it stands for has ended with the process of its
// maker. The next job that asks makes it again. That a value could not be made is
// remembered.
func (s *State) loseValue(r *run, of shared, token wire.Token) {
	made := r.board[of]
	if made == nil || made.made == nil || made.maker.Token != token || made.made.Failed != "" {
		return
	}
	if h := s.hosts[made.maker.Host]; h != nil {
		delete(h.values, value{r, of})
	}
	delete(r.board, of)
}

// loseValues forgets what was made on a host by certain claims.
func (s *State) loseValues(h *host, by func(wire.Token) bool) {
	for v := range h.values {
		if token := v.run.board[v.of].maker.Token; by(token) {
			s.loseValue(v.run, v.of, token)
		}
	}
}

func anybody(wire.Token) bool { return true }

// leaveBoard forgets what the jobs of a run share, and tells the hosts that keep something
// of it.
func (s *State) leaveBoard(r *run) {
	told := map[*host]bool{}
	for of, made := range r.board {
		h := s.hosts[made.maker.Host]
		if h == nil || made.made == nil {
			continue
		}
		delete(h.values, value{r, of})
		if !told[h] {
			told[h] = true
			s.order(h, h.incarnation, wire.Order{Over: r.ID})
		}
	}
	r.board = nil
}

// MarshalText makes the name of a resource the key of a JSON object.
func (k shared) MarshalText() ([]byte, error) { return json.Marshal([2]string{k.Verb, k.Name}) }

// UnmarshalText is the reverse of MarshalText.
func (k *shared) UnmarshalText(text []byte) error {
	var pair [2]string
	err := json.Unmarshal(text, &pair)
	k.Verb, k.Name = pair[0], pair[1]
	return err
}

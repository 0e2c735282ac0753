package schedule

import (
	"cmp"
	"slices"

	"avescript/core/fleet/wire"
	"avescript/core/harness/workers"
)

// Ask takes a question of a job about what the jobs of its run share. If the answer has Wait,
// the final answer is among the Orders of later entries. The questions of a job have
// rising IDs; a question that comes again gets the answer that it has by now.
func (s *State) Ask(host string, m wire.Ask, now float64) ([]Entry, workers.Answer, error) {
	c := s.claims[m.Token]
	if c == nil || c.run.ID != m.Run || c.job != m.Job || c.host.name != host {
		return nil, workers.Answer{}, refuse(wire.CodeStale, "claim %s of job %d of run %s is not valid any more", m.Token, m.Job, m.Run)
	}
	a := m.Ask
	asked := []Entry{{Kind: Asked, Time: now, Run: m.Run, Job: m.Job, Token: m.Token, Ask: &a}}
	answer := workers.Answer{ID: a.ID}
	owner := func(verb string) bool {
		r := c.run.board[shared{verb, a.Name}]
		return r != nil && r.owner == c
	}
	switch a.Verb {
	case workers.Shared, workers.Lock:
		of := shared{a.Verb, a.Name}
		switch q := c.question; {
		case q == nil, a.ID > q.ID:
			answer = c.run.board.see(of, c)
		case a.ID == q.ID && q.Of == of:
			asked, answer = nil, c.again()
		default:
			asked = nil // nobody waits for this answer
		}
		answer.ID = a.ID
	case workers.Made:
		if !owner(workers.Shared) {
			asked = nil
		}
	case workers.Unlock:
		if !owner(workers.Lock) {
			asked = nil
		}
	case workers.Lose:
		switch r := c.run.board[shared{workers.Shared, a.Name}]; {
		case owner(workers.Shared):
		case r != nil && r.made != nil && r.made.Failed == "" && r.maker.Token == c.token:
			asked = []Entry{{Kind: LostValue, Time: now, Run: m.Run, Name: a.Name, Token: c.token}}
		default:
			asked = nil
		}
	case workers.Forget:
		if c.question == nil || c.question.Forgotten {
			asked = nil
		}
	default:
		return nil, answer, refuse(wire.CodeRefused, "a job cannot ask the fleet for %q", a.Verb)
	}
	return asked, answer, nil
}

// again is the answer to the last question of a claim by now.
func (c *claim) again() workers.Answer {
	switch q := c.question; {
	case q.Forgotten:
		return workers.Answer{}
	case q.Waiting:
		return workers.Answer{Wait: c.run.board[q.Of].owner.String() + " has it"}
	default:
		return *q.Answer
	}
}

// processLag is how old a value must be before a heartbeat can tell that the process of its
// maker has ended: a heartbeat may be older than the job, in seconds.
const processLag = 2

// missingValues are the values of which the process is not in a heartbeat any more.
func (s *State) missingValues(h *host, b *wire.Beat, now float64) (entries []Entry) {
	for v := range h.values {
		r := v.run.board[v.of]
		if r == nil || r.made == nil || r.made.Failed != "" || r.maker.Host != h.name || now-r.maker.At < processLag {
			continue
		}
		if !slices.ContainsFunc(b.Jobs, func(j wire.Running) bool { return j.Token == r.maker.Token }) {
			entries = append(entries, Entry{Kind: LostValue, Time: now, Run: v.run.ID, Name: v.of.Name, Token: r.maker.Token})
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Name, b.Name))
	})
	return entries
}

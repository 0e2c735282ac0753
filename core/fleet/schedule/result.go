package schedule

import (
	"fmt"

	"avescript/core/fleet/wire"
)

// Result takes the result of a claim. An error with wire.CodeStale means that the claim has
// ended otherwise; the same result again is neither an entry nor an error.
func (s *State) Result(host string, m wire.Result, now float64) ([]Entry, error) {
	switch m.Outcome.Status {
	case wire.Done, wire.Busy, wire.Broken, wire.Died, wire.Stopped:
	default:
		return nil, refuse(wire.CodeRefused, "an outcome of a host cannot be %q", m.Outcome.Status)
	}
	c := s.claims[m.Token]
	if c != nil && c.run.ID == m.Run && c.job == m.Job && c.host.name == host {
		return []Entry{s.end(c, m.Outcome, now)}, nil
	}
	if r := s.runs[m.Run]; r != nil && m.Job >= 0 && m.Job < len(r.jobs) {
		if j := &r.jobs[m.Job]; !m.Token.IsZero() && j.token == m.Token && j.answered {
			return nil, nil
		}
	}
	return nil, refuse(wire.CodeStale, "claim %s of job %d of run %s is not valid any more", m.Token, m.Job, m.Run)
}

// end decides what the outcome of a claim means for its job.
func (s *State) end(c *claim, o wire.Outcome, now float64) Entry {
	e := Entry{
		Kind: Finish, Time: now, Run: c.run.ID, Job: c.job, Token: c.token, Host: c.host.name,
		Outcome: &o, Lost: o.Status == wire.Lost,
	}
	if o.Status == wire.Done {
		return e
	}
	if c.run.cancelled {
		o.Status = wire.Stopped
		return e
	}
	if o.Status == wire.Busy {
		e.Kind = Return
		return e
	}
	if o.Status == wire.Stopped { // nobody has asked for that
		o.Status = wire.Died
	}
	deaths := int(c.run.jobs[c.job].deaths) + 1
	switch {
	case c.run.Kind == wire.Hold: // its client has to know that the equipment was given back
	case deaths < wire.MostDeaths:
		e.Kind = Return
	case o.Status != wire.Broken:
		o.Message = fmt.Sprintf("set aside after %d attempts: %s: %s", deaths, o.Status, o.Message)
		o.Status = wire.SetAside
	}
	return e
}

// lose ends all claims of a host that its host cannot end any more.
func (s *State) lose(h *host, message string, now float64) (entries []Entry) {
	for _, c := range h.claims {
		o := wire.Outcome{Status: wire.Lost, Message: message, Seconds: now - c.since}
		entries = append(entries, s.end(c, o, now))
	}
	return entries
}

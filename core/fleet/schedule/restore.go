package schedule

import (
	"fmt"
	"slices"
	"sort"
)

func (s *State) loadHost(v *savedHost) {
	h := &host{
		name: v.Name, incarnation: v.Incarnation, retired: v.Retired, gone: v.Gone, since: v.Since, reason: v.Reason,
		drained: v.Drained, known: map[string]*piece{}, values: map[value]bool{}, failures: v.Failures, rest: v.Rest,
	}
	s.add(h)
	h.equip(v.Inventory)
	for key, d := range v.Aside {
		h.piece(key).aside = d
	}
	for key, until := range v.Busy {
		h.piece(key).busy = until
	}
}

func (s *State) loadRun(v *savedRun) error {
	r := &run{
		Run: v.Run, owner: s.user(v.Run.User), submitted: v.Submitted, ended: v.Ended, whole: v.Whole, over: v.Over,
		cancelled: v.Cancelled, by: v.By, reason: v.Reason, groups: map[string]*group{},
		last: v.Last, done: v.Done, bad: v.Bad, deaths: v.Deaths, jobs: make([]job, len(v.Jobs)),
	}
	r.owner.runs++
	r.owner.jobs += len(v.Jobs)
	s.runs[r.ID] = r
	groups := make([]*group, len(v.Groups))
	for i := range v.Groups {
		groups[i] = s.group(r, &v.Groups[i].Needs, r.submitted)
		groups[i].since, groups[i].mark = v.Groups[i].Since, v.Groups[i].Mark
	}
	for i, j := range v.Jobs {
		r.jobs[i] = job{
			name: j.Name, work: j.Work, token: j.Token, seconds: j.Seconds, state: j.State, deaths: j.Deaths, answered: j.Answered,
		}
		if r.over {
			continue
		}
		if j.Group < 0 || j.Group >= len(groups) {
			return fmt.Errorf("snapshot of the ledger: job %d of run %s has group %d of %d", i, r.ID, j.Group, len(groups))
		}
		g := groups[j.Group]
		r.jobs[i].group = g
		if j.State == waiting {
			g.queue = append(g.queue, int32(i))
		}
	}
	if r.over {
		r.groups = nil
	}
	if !r.whole {
		return nil
	}
	for _, g := range groups {
		sort.Slice(g.queue, func(i, k int) bool { return r.before(g.queue[i], g.queue[k]) })
		r.waiting += len(g.queue)
	}
	if r.waiting > 0 {
		s.active[r] = true
	}
	return nil
}

func (s *State) loadClaim(v *savedClaim) error {
	r, h := s.runs[v.Run], s.hosts[v.Host]
	if r == nil || h == nil || v.Token.IsZero() || v.Job < 0 || v.Job >= len(r.jobs) || r.over ||
		len(v.Pieces) != len(r.jobs[v.Job].group.needs.Equipment) {
		return fmt.Errorf("snapshot of the ledger: claim %s of job %d of run %s on host %s: wanted ones that exist",
			v.Token, v.Job, v.Run, v.Host)
	}
	needs := &r.jobs[v.Job].group.needs
	c := &claim{
		token: v.Token, run: r, job: v.Job, host: h, incarnation: v.Incarnation, cores: v.Cores, since: v.Since,
		memory: needs.Memory, exclusive: needs.Exclusive, question: v.Question, owns: v.Owns,
	}
	for _, key := range v.Pieces {
		c.pieces = append(c.pieces, h.grant(key, c))
	}
	for _, key := range v.Around {
		c.around = append(c.around, h.grant(key, c))
	}
	last, runLast := r.owner.last, r.last
	s.link(c)
	r.owner.last, r.last = last, runLast
	return nil
}

// checkQuestions makes sure that claims and boards agree about who waits for what.
func (s *State) checkQuestions() error {
	for _, c := range s.claims {
		q := c.question
		if q == nil {
			continue
		}
		waits := false
		if r := c.run.board[q.Of]; r != nil {
			waits = r.owner != nil && slices.Contains(r.waiting, c)
		}
		if q.Waiting != waits || !q.Waiting && !q.Forgotten && q.Answer == nil {
			return fmt.Errorf("snapshot of the ledger: claim %s and its run do not agree whether it waits for %q", c.token, q.Of.Name)
		}
	}
	return nil
}

func (s *State) loadBoard(v *savedRun) {
	r := s.runs[v.Run.ID]
	if len(v.Board) > 0 {
		r.board = board{}
	}
	for of, saved := range v.Board {
		res := &resource{owner: s.claims[saved.Owner], made: saved.Made, maker: saved.Maker}
		for _, token := range saved.Waiting {
			if c := s.claims[token]; c != nil && c.question != nil && c.question.Of == of {
				res.waiting = append(res.waiting, c)
			}
		}
		r.board[of] = res
		if h := s.hosts[res.maker.Host]; h != nil && res.made != nil && res.made.Failed == "" {
			h.values[value{r, of}] = true
		}
	}
}

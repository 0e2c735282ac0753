package schedule

import (
	"encoding/json"
	"fmt"
	"sort"

	"avescript/core/fleet/wire"
	"avescript/core/harness/workers"
)

// The saved types are a state as JSON. What follows from the rest, such as the queues and
// which host can meet which needs, is not saved.
type (
	saved struct {
		Hosts   []savedHost          `json:"hosts"`
		Users   map[string]savedUser `json:"users"`
		Runs    []savedRun           `json:"runs"`
		Claims  []savedClaim         `json:"claims"`
		Unmet   map[string]float64   `json:"unmet"`
		Times   map[string]recorded  `json:"times"`
		Done    uint64               `json:"done"`
		Claimed uint64               `json:"claimed"`
	}
	savedUser struct {
		Quota int        `json:"quota,omitempty"`
		Last  wire.Token `json:"last,omitzero"`
	}
	savedHost struct {
		Name        string               `json:"name"`
		Incarnation string               `json:"incarnation"`
		Retired     []string             `json:"retired,omitempty"`
		Gone        bool                 `json:"gone,omitempty"`
		Since       float64              `json:"since"`
		Reason      string               `json:"reason,omitempty"`
		Drained     *decision            `json:"drained,omitempty"`
		Inventory   Inventory            `json:"inventory"`
		Aside       map[string]*decision `json:"aside,omitempty"`
		Busy        map[string]float64   `json:"busy,omitempty"`
		Failures    int                  `json:"failures,omitempty"`
		Rest        float64              `json:"rest,omitempty"`
	}
	savedRun struct {
		Run       wire.Run                 `json:"run"`
		Submitted float64                  `json:"submitted"`
		Ended     float64                  `json:"ended,omitempty"`
		Whole     bool                     `json:"whole,omitempty"`
		Over      bool                     `json:"over,omitempty"`
		Cancelled bool                     `json:"cancelled,omitempty"`
		By        string                   `json:"by,omitempty"`
		Reason    string                   `json:"reason,omitempty"`
		Last      wire.Token               `json:"last,omitzero"`
		Done      int                      `json:"done"`
		Bad       int                      `json:"bad"`
		Deaths    int                      `json:"deaths"`
		Groups    []savedGroup             `json:"groups"`
		Jobs      []savedJob               `json:"jobs"`
		Board     map[shared]savedResource `json:"board,omitempty"`
	}
	savedGroup struct {
		Needs wire.Needs `json:"needs"`
		Since float64    `json:"since"`
		Mark  uint64     `json:"mark"`
	}
	savedJob struct {
		Name     string     `json:"n,omitempty"`
		Work     string     `json:"w,omitempty"`
		Group    int        `json:"g,omitempty"`
		Token    wire.Token `json:"c,omitzero"`
		Seconds  float32    `json:"t,omitempty"`
		State    jobState   `json:"s,omitempty"`
		Deaths   uint8      `json:"d,omitempty"`
		Answered bool       `json:"a,omitempty"`
	}
	savedResource struct {
		Owner   wire.Token      `json:"owner,omitzero"`
		Waiting []wire.Token    `json:"waiting,omitempty"`
		Made    *workers.Answer `json:"made,omitempty"`
		Maker   maker           `json:"maker,omitzero"`
	}
	savedClaim struct {
		Token       wire.Token `json:"token"`
		Run         string     `json:"run"`
		Job         int        `json:"job"`
		Host        string     `json:"host"`
		Incarnation string     `json:"incarnation"`
		Cores       int        `json:"cores"`
		Since       float64    `json:"since"`
		Pieces      []string   `json:"pieces,omitempty"`
		Around      []string   `json:"around,omitempty"`
		Question    *question  `json:"question,omitempty"`
		Owns        []shared   `json:"owns,omitempty"`
	}
)

// Snapshot is the whole state as JSON; Restore reads it. To fold the entries that came after
// it has the same result as to fold all. The place in the ledger is kept by the caller.
func (s *State) Snapshot() (json.RawMessage, error) {
	all := saved{Users: map[string]savedUser{}, Unmet: map[string]float64{}, Times: s.times.by, Done: s.done, Claimed: s.claimed}
	for _, h := range sorted(s.hosts) {
		all.Hosts = append(all.Hosts, h.save())
		for _, c := range h.claims {
			all.Claims = append(all.Claims, c.save())
		}
	}
	sort.Slice(all.Claims, func(i, k int) bool { return all.Claims[i].Token.Less(all.Claims[k].Token) })
	for name, u := range s.users {
		all.Users[name] = savedUser{u.quota, u.last}
	}
	for _, r := range sorted(s.runs) {
		all.Runs = append(all.Runs, r.save())
	}
	for key, sh := range s.unmet {
		all.Unmet[key] = sh.unmet
	}
	return json.Marshal(all)
}

func (h *host) save() savedHost {
	v := savedHost{
		Name: h.name, Incarnation: h.incarnation, Retired: h.retired, Gone: h.gone, Since: h.since, Reason: h.reason,
		Drained: h.drained, Inventory: h.inventory, Failures: h.failures, Rest: h.rest,
		Aside: map[string]*decision{}, Busy: map[string]float64{},
	}
	for key, p := range h.known {
		if p.aside != nil {
			v.Aside[key] = p.aside
		}
		if p.busy > 0 {
			v.Busy[key] = p.busy
		}
	}
	return v
}

func (c *claim) save() savedClaim {
	return savedClaim{
		Token: c.token, Run: c.run.ID, Job: c.job, Host: c.host.name, Incarnation: c.incarnation, Cores: c.cores,
		Since: c.since, Pieces: keys(c.pieces), Around: keys(c.around), Question: c.question, Owns: c.owns,
	}
}

func keys(pieces []*piece) (keys []string) {
	for _, p := range pieces {
		if p == nil {
			keys = append(keys, "")
		} else {
			keys = append(keys, p.key)
		}
	}
	return keys
}

func (r *run) save() savedRun {
	v := savedRun{
		Run: r.Run, Submitted: r.submitted, Ended: r.ended, Whole: r.whole, Over: r.over, Cancelled: r.cancelled,
		By: r.by, Reason: r.reason, Last: r.last, Done: r.done, Bad: r.bad, Deaths: r.deaths, Board: map[shared]savedResource{},
	}
	places := map[*group]int{}
	for _, g := range sorted(r.groups) {
		places[g] = len(v.Groups)
		v.Groups = append(v.Groups, savedGroup{g.needs, g.since, g.mark})
	}
	for i := range r.jobs {
		j := &r.jobs[i]
		v.Jobs = append(v.Jobs, savedJob{j.name, j.work, places[j.group], j.token, j.seconds, j.state, j.deaths, j.answered})
	}
	for of, made := range r.board {
		res := savedResource{Made: made.made, Maker: made.maker}
		if made.owner != nil {
			res.Owner = made.owner.token
		}
		for _, c := range made.waiting {
			res.Waiting = append(res.Waiting, c.token)
		}
		v.Board[of] = res
	}
	return v
}

// Restore makes a state from a snapshot.
func Restore(snapshot []byte) (*State, error) {
	var all saved
	if err := json.Unmarshal(snapshot, &all); err != nil {
		return nil, fmt.Errorf("snapshot of the ledger: %w", err)
	}
	s := New()
	s.done, s.claimed = all.Done, all.Claimed
	if all.Times != nil {
		s.times.by = all.Times
	}
	for name, v := range all.Users {
		u := s.user(name)
		u.quota, u.last = v.Quota, v.Last
	}
	for i := range all.Hosts {
		s.loadHost(&all.Hosts[i])
	}
	for i := range all.Runs {
		if err := s.loadRun(&all.Runs[i]); err != nil {
			return nil, err
		}
	}
	for key, since := range all.Unmet {
		if sh := s.unmet[key]; sh != nil {
			sh.unmet = since
		}
	}
	for i := range all.Claims {
		if err := s.loadClaim(&all.Claims[i]); err != nil {
			return nil, err
		}
	}
	for i := range all.Runs {
		s.loadBoard(&all.Runs[i])
	}
	if err := s.checkQuestions(); err != nil {
		return nil, err
	}
	return s, nil
}

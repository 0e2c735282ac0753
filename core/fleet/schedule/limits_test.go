package schedule

import (
	"fmt"
	"strings"
	"testing"

	"avescript/core/fleet/wire"
)

// One user cannot fill the hub: old runs make room for new ones, and what is not over is
// limited.
func TestRunsOfAUserAreLimited(t *testing.T) {
	s, seq, now := New(), uint64(0), 1.0
	most := limits{runs: 10, jobs: 20}
	apply := func(entries []Entry) {
		seq++
		now++
		s.Apply(seq, 0, entries)
	}
	apply([]Entry{{Kind: Seen, Host: "lab-1", Incarnation: "a", Inventory: &Inventory{Cores: 1}}})
	submit := func(run string, jobs int) (dropped int, err error) {
		m := wire.Submit{Run: wire.Run{ID: run, Kind: wire.Tests, User: "eve"}, Jobs: make([]wire.Job, jobs), Last: true}
		entries, err := s.makeRoom(&m, most, now)
		if err == nil {
			apply(append(entries, Entry{Kind: Submitted, Time: now, Submit: &m}))
		}
		return len(entries), err
	}
	for n := range 10 {
		if dropped, err := submit(fmt.Sprintf("empty-%d", n), 0); dropped > 0 || err != nil {
			t.Fatalf("wanted room for run %d, got %d dropped runs and %v", n, dropped, err)
		}
	}
	if dropped, err := submit("more", 18); dropped != 2 || err != nil || s.runs["empty-0"] != nil || s.runs["empty-9"] == nil {
		t.Errorf("wanted that the oldest runs make room, got %d and %v", dropped, err)
	}
	if _, err := submit("too-much", 3); err == nil || !strings.Contains(err.Error(), "21 jobs that are not over") {
		t.Errorf("wanted that it is refused, got %v", err)
	}
	data, err := s.Snapshot()
	if err == nil {
		s, err = Restore(data)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := submit("too-much", 3); err == nil {
		t.Error("wanted that it is refused after a snapshot, too")
	}
	if got := s.users["eve"]; got.runs != 9 || got.jobs != 18 {
		t.Errorf("wanted 9 runs with 18 jobs, got %+v", got)
	}
}

func TestLongTexts(t *testing.T) {
	s := New()
	long := strings.Repeat("é", longestName)
	for name, m := range map[string]wire.Submit{
		"name":    {Jobs: []wire.Job{{Name: long}}},
		"tag":     {Jobs: []wire.Job{{Needs: wire.Needs{Tags: []string{long}}}}},
		"options": {Run: wire.Run{Setup: make([]byte, mostSettings+1)}},
		"version": {Run: wire.Run{Version: long}},
	} {
		m.Run.ID, m.Run.Kind, m.Run.Patience, m.Last = "r", wire.Tests, 1, true
		if _, err := s.Submit("eve", false, m, 1); err == nil || len(err.Error()) > 2*longestText {
			t.Errorf("%s: wanted a short refusal, got %.300v", name, err)
		}
	}
	entries, err := s.Submit("eve", false, wire.Submit{Run: wire.Run{ID: "r", Kind: wire.Tests, Title: long}, Last: true}, 1)
	if err != nil || len(entries) != 1 || len(entries[0].Submit.Run.Title) > longestText+3 {
		t.Errorf("wanted that a long title is cut, got %v", err)
	}
}

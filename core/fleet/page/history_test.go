package page_test

import (
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"avescript/core/fleet/page"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/internal/poll"
)

func pastOf(t *testing.T, p *page.Page, host, key string) []page.Holding {
	t.Helper()
	_, body, _ := request(t, newClient(t), "GET", p.URL()+"/api/piece?key="+query(page.PieceKey(host, key)), "")
	return decode[[]page.Holding](t, []byte(body))
}

func query(text string) string {
	return strings.NewReplacer("{", "%7B", "}", "%7D", `"`, "%22", ":", "%3A", "/", "%2F").Replace(text)
}

// TestHistory: who had a piece, and how tests ended, comes from the stream; attempts that do
// not count are no verdicts. All of it is there after a restart.
func TestHistory(t *testing.T) {
	t.Parallel()
	o := newOutputs(t)
	lab := &laboratory{lab: wire.Lab{Hub: "hub"}}
	dir := t.TempDir()
	options := page.Options{Address: "127.0.0.1:0", Lab: lab.view, JetStream: o.js, Dir: dir}
	p, err := page.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	relay := `{"type":"relay"}`
	test := func(status harness.Status, at float64) wire.Output {
		e := harness.Event{Kind: harness.TestFinished, File: "a.lua", Path: []string{"a", "works"}, Status: status, Time: at, Seconds: 1}
		if status != harness.Passed {
			e.Problems = []harness.Problem{{Message: "too late\nby far"}}
		}
		return wire.Output{Events: []harness.Event{e}}
	}
	one, two, three := wire.Token{Seq: 1}, wire.Token{Seq: 2}, wire.Token{Seq: 3}
	o.note(wire.Note{Kind: wire.NoteStarted, Run: "r1", Token: one, Host: "h1", Time: 100, User: "anna", Name: "a.lua", Pieces: []string{relay}})
	o.output("h1", "r1", 0, one, test(harness.Failed, 101))
	o.note(wire.Note{Kind: wire.NoteReturned, Run: "r1", Token: one, Host: "h1", Time: 105, Outcome: &wire.Outcome{Status: wire.Lost}})
	o.note(wire.Note{Kind: wire.NoteStarted, Run: "r1", Token: two, Host: "h1", Time: 110, User: "anna", Name: "a.lua", Pieces: []string{relay}})
	o.output("h1", "r1", 0, two, test(harness.Passed, 111))
	o.note(wire.Note{Kind: wire.NoteFinished, Run: "r1", Token: two, Host: "h1", Time: 115, Outcome: &wire.Outcome{Status: wire.Done, Passed: true}})
	o.note(wire.Note{Kind: wire.NoteStarted, Run: "r2", Token: three, Host: "h1", Time: 120, User: "boris", Name: "b.lua", Pieces: []string{relay}})
	o.output("h1", "r2", 0, three, test(harness.Failed, 121))
	o.note(wire.Note{Kind: wire.NoteFinished, Run: "r2", Token: three, Host: "h1", Time: 125, Outcome: &wire.Outcome{Status: wire.Done}})
	holdings := []page.Holding{
		{State: "held", Token: three, Run: "r2", Job: "b.lua", User: "boris", Since: 120, Until: 125},
		{State: "held", Token: two, Run: "r1", Job: "a.lua", User: "anna", Since: 110, Until: 115},
		{State: "held", Token: one, Run: "r1", Job: "a.lua", User: "anna", Since: 100, Until: 105},
	}
	verdicts := []page.Verdict{
		{Run: "r2", Host: "h1", Time: 121, Status: "failed", Seconds: 1, Why: "too late by far"},
		{Run: "r1", Host: "h1", Time: 111, Status: "passed", Seconds: 1},
	}
	check := func(p *page.Page) {
		t.Helper()
		poll.Until(t, "the page knows the past of the piece", func() bool { return cmp.Equal(pastOf(t, p, "h1", relay), holdings) })
		_, body, _ := request(t, newClient(t), "GET", p.URL()+"/api/test?file=a.lua&name=a+works", "")
		if diff := cmp.Diff(verdicts, decode[[]page.Verdict](t, []byte(body))); diff != "" {
			t.Errorf("verdicts: -wanted +got:\n%s", diff)
		}
		_, body, _ = request(t, newClient(t), "GET", p.URL()+"/api/tests?q=WORKS", "")
		wants(t, body, `"runs":2,"bad":1,"last":"failed"`, `"past":"pf"`, `"all":1`)
	}
	check(p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = open(t, options)
	check(p)
}

// TestHistoryOfLeases: what brokers and administrators do to equipment is seen in the lab.
func TestHistoryOfLeases(t *testing.T) {
	t.Parallel()
	relay := pieceOf(t, map[string]any{"type": "relay"})
	lab := &laboratory{lab: wire.Lab{Hub: "hub"}}
	set := func(piece wire.LabPiece) {
		piece.Host, piece.Profile = "h1", relay
		lab.change(func(l *wire.Lab) { l.Pieces = []wire.LabPiece{piece} })
	}
	p := open(t, page.Options{Lab: lab.view})
	wait := func(what string, want ...page.Holding) {
		t.Helper()
		ignore := cmpopts.IgnoreFields(page.Holding{}, "Until")
		poll.Until(t, what, func() bool { return cmp.Equal(want, pastOf(t, p, "h1", relay.Key()), ignore) })
	}
	taken := page.Holding{State: "taken", User: "dora", Since: 100, Reason: "by hand"}
	aside := page.Holding{State: "aside", Since: 200, Reason: "loose"}
	held := page.Holding{State: "held", Token: wire.Token{Seq: 7}, Run: "r", Job: "a.lua", User: "anna", Since: 300}
	set(wire.LabPiece{State: "taken", Piece: wire.Piece{Holder: "dora"}, Since: 100, Reason: "by hand"})
	wait("taken", taken)
	set(wire.LabPiece{State: "free"})
	set(wire.LabPiece{State: "aside", Since: 200, Reason: "loose"})
	wait("set aside", aside, taken)
	set(wire.LabPiece{State: "held", Run: "r", Job: "a.lua", User: "anna", Since: 300, Piece: wire.Piece{Token: wire.Token{Seq: 7}}})
	wait("held", held, aside, taken)
	if past := pastOf(t, p, "h1", relay.Key()); past[1].Until != 300 || past[0].Until != 0 {
		t.Errorf("one ends when the next begins: %v", past)
	}
	set(wire.LabPiece{State: "free"})
	poll.Until(t, "it is free", func() bool { return pastOf(t, p, "h1", relay.Key())[0].Until > 0 })
}

// TestHistoryIsBounded: what is older than the bounds allow is forgotten.
func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	h := page.NewHistory(t)
	h.Limit()
	for i := range 2000 {
		token := wire.Token{Seq: uint64(i + 1)}
		file := "t" + string(rune('a'+i%20)) + ".lua"
		h.Fold(wire.NoteSubject("r"), wire.Notes{{Kind: wire.NoteStarted, Run: "r", Token: token, Host: "h", Time: float64(i), Pieces: []string{"p", "q" + string(rune('a'+i%26))}}})
		e := harness.Event{Kind: harness.TestFinished, File: file, Path: []string{strings.Repeat("x", i%7)}, Status: harness.Passed, Time: float64(i)}
		long := e
		long.Path = []string{strings.Repeat("x", 5000)}
		events := []harness.Event{e, long}
		for range i % 50 {
			events = append(events, e)
		}
		h.Fold(wire.OutputSubject("h", "r", i, token), wire.Output{Events: events})
		if i%3 > 0 { // the ends of others are never seen
			h.Fold(wire.NoteSubject("r"), wire.Notes{{Kind: wire.NoteFinished, Run: "r", Token: token, Host: "h", Time: float64(i + 1)}})
		}
	}
	last := wire.Token{Seq: 3000}
	for range 500 { // of a job that never ends
		e := harness.Event{Kind: harness.TestFinished, File: "a.lua", Path: []string{"x"}, Status: harness.Passed}
		h.Fold(wire.OutputSubject("h", "r", 1, last), wire.Output{Events: []harness.Event{e}})
	}
	pieces, holdings, tests, verdicts, claims, finished := h.Sizes()
	if pieces != 10 || holdings < 8 || holdings > 10 || tests != 100 || verdicts < 4 || verdicts > 5 || claims > 50 || finished < 100 || finished > 120 {
		t.Errorf("%d pieces with up to %d holdings, %d tests with up to %d verdicts, %d claims with %d tests", pieces, holdings, tests, verdicts, claims, finished)
	}
	h.Fold(wire.NoteSubject("r"), wire.Notes{{Kind: wire.NoteFinished, Run: "r", Token: last}})
	if past := h.Test("a.lua", "x"); len(past) < 4 {
		t.Errorf("the newest job is forgotten: %v", past)
	}
}

// TestHistoryThatIsDamaged: the page starts without it, and leaves the file to look at.
func TestHistoryThatIsDamaged(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "page.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	p, err := page.Start(page.Options{Address: "127.0.0.1:0", Lab: labOf(t, 0).view, Dir: dir, Log: log.New(&said, "", 0)})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	wants(t, said.String(), "damaged")
	for name, want := range map[string]string{file + ".damaged": "{", file: `{"seq":0`} {
		if text, err := os.ReadFile(name); err != nil || !strings.HasPrefix(string(text), want) {
			t.Errorf("%s has %.20q: %v", name, text, err)
		}
	}
}

// TestHistoryOfRestarts: a hub that starts knows nothing at first, and then no host. That is
// no news about the lab.
func TestHistoryOfRestarts(t *testing.T) {
	t.Parallel()
	h := page.NewHistory(t)
	relay := pieceOf(t, map[string]any{"type": "relay"})
	see := func(at float64, state string) {
		h.Observe(wire.Lab{Time: at, Pieces: []wire.LabPiece{{Host: "h1", State: state, Since: 50, Piece: wire.Piece{Profile: relay}}}})
	}
	for at := 1000.0; at < 1100; at += 10 {
		see(at, "free")
	}
	before := len(h.Series(0))
	h.Restart()
	h.Observe(wire.Lab{})
	see(1101, "away")
	see(1102, "free")
	if after := len(h.Series(0)); before == 0 || after != before {
		t.Errorf("%d samples before, %d after", before, after)
	}
	key := page.PieceKey("h1", relay.Key())
	if past := h.Piece(key); len(past) != 0 {
		t.Errorf("nobody had it: %v", past)
	}
	see(1111, "away")
	if past := h.Piece(key); len(past) != 1 || past[0].State != "away" {
		t.Errorf("now it is away: %v", past)
	}
}

// TestSeries: samples become means, and a clock that was set back does not confuse them.
func TestSeries(t *testing.T) {
	t.Parallel()
	h := page.NewHistory(t)
	lab := labOf(t, 3).view()
	lab.Pieces = nil
	for i := range 5000 {
		lab.Time = 1000 + 10*float64(i)
		lab.Hosts[0].Used = i % 2
		h.Observe(lab)
		lab.Time += 3
		h.Observe(lab) // too early for the next one
	}
	all := h.Series(0)
	for i := 1; i < len(all); i++ {
		if all[i].Time <= all[i-1].Time {
			t.Fatalf("sample %d is at %v, after one at %v", i, all[i].Time, all[i-1].Time)
		}
	}
	if first, last := all[0], all[len(all)-1]; first.Time > 1300 || last.Time != 1000+10*4999 || last.Cores != 32 {
		t.Errorf("from %v to %+v", first.Time, last)
	}
	if n := len(all); n < 2160 || n > 2160+200 {
		t.Errorf("%d samples", n)
	}
	lab.Time = 500
	h.Observe(lab)
	if all := h.Series(0); len(all) != 1 {
		t.Errorf("after the clock was set back: %d samples", len(all))
	}
}

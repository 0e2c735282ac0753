package schedule_test

import (
	"strings"
	"testing"

	"avescript/core/fleet/wire"
)

func TestResultsCountOnce(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 2))
	f.submit("ada", "r", jobs(1, wire.Needs{})...)
	f.place()
	r := wire.Result{Run: "r", Token: f.token("r", 0), Outcome: passed}
	for what, bad := range map[string]wire.Result{
		"another token": {Run: "r", Token: wire.Token{Seq: 99}, Outcome: passed},
		"another job":   {Run: "r", Job: 1, Token: r.Token, Outcome: passed},
		"another run":   {Run: "s", Token: r.Token, Outcome: passed},
	} {
		t.Log(what)
		_, err := f.s.Result("lab-1", bad, f.now)
		wantCode(t, err, wire.CodeStale)
	}
	_, err := f.s.Result("lab-2", r, f.now)
	wantCode(t, err, wire.CodeStale)
	_, err = f.s.Result("lab-1", wire.Result{Run: "r", Token: r.Token, Outcome: wire.Outcome{Status: wire.Lost}}, f.now)
	wantCode(t, err, wire.CodeRefused)
	f.do(f.s.Result("lab-1", r, f.now))
	if again, err := f.s.Result("lab-1", r, f.now); len(again) > 0 || err != nil {
		t.Fatalf("wanted nothing for the same again, got %v %v", again, err)
	}
	var kinds []string
	for _, n := range f.notes {
		kinds = append(kinds, n.Kind)
	}
	wantList(t, kinds, wire.NoteSubmitted, wire.NoteStarted, wire.NoteFinished, wire.NoteOver)
	f.do(f.s.Expire(f.now+59, 60), nil)
	if len(f.s.Lab(f.view, f.now).Runs) != 1 {
		t.Fatal("the run was forgotten too early")
	}
	f.do(f.s.Expire(f.now+60, 60), nil)
	if len(f.s.Lab(f.view, f.now).Runs) != 0 {
		t.Fatal("the run was not forgotten")
	}
	_, err = f.s.Result("lab-1", r, f.now)
	wantCode(t, err, wire.CodeStale)
	if tally := f.check(); tally.Finished != 1 || tally.Claims != 1 {
		t.Fatalf("got %+v", tally)
	}
}

func TestAJobThatKillsItsWorkerIsSetAside(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 2))
	f.submit("ada", "r", jobs(1, wire.Needs{})...)
	for attempt := 1; attempt <= wire.MostDeaths; attempt++ {
		f.place()
		f.result("r", 0, wire.Outcome{Status: wire.Died, Message: "signal: killed"})
	}
	over := f.notes[len(f.notes)-1]
	last := f.notes[len(f.notes)-2]
	if over.Kind != wire.NoteOver || last.Kind != wire.NoteFinished || last.Attempt != wire.MostDeaths || last.Outcome.Status != wire.SetAside ||
		!strings.Contains(last.Outcome.Message, "signal: killed") {
		t.Fatalf("got %+v, %+v", last, last.Outcome)
	}
	if r := f.s.Lab(f.view, f.now).Runs[0]; r.State != "failed" || r.Deaths != wire.MostDeaths || r.Bad != 1 {
		t.Fatalf("got %+v", r)
	}
	f.check()
}

func TestAHostThatCannotStartJobsRests(t *testing.T) {
	f := newFleet(t)
	f.beat(host("bad", 4))
	f.submit("ada", "r", jobs(1, wire.Needs{})...)
	f.place()
	f.result("r", 0, wire.Outcome{Status: wire.Broken, Message: "disk full"})
	wantList(t, given(f.place()))
	f.beat(host("good", 1))
	wantList(t, given(f.place()), "r/0 good")
	f.submit("ada", "s", jobs(1, wire.Needs{})...)
	f.now += 6
	wantList(t, given(f.place()), "s/0 bad")
	f.check()
}

func TestAHoldIsNotRepeated(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 1, relays(1)...))
	f.submit("bob", "busy", jobs(1, wire.Needs{})...)
	f.place()
	f.run("ada", wire.Run{ID: "h", Kind: wire.Hold}, jobs(1, wants("relay"))...)
	wantList(t, given(f.place()), "h/0 lab-1") // it needs no core
	f.do(f.s.HostLost("lab-1", "lab-1-1", "no contact", f.now), nil)
	for _, n := range f.notes {
		if n.Run == "h" && n.Kind == wire.NoteFinished && n.Outcome.Status == wire.Lost {
			f.check()
			return
		}
	}
	t.Fatalf("the hold was not finished: %+v", f.notes)
}

func TestCancel(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 2))
	f.submit("ada", "r", jobs(5, wire.Needs{})...)
	f.place()
	_, err := f.s.Cancel("bob", false, wire.Cancel{Run: "r"}, f.now)
	wantCode(t, err, wire.CodeRefused)
	_, err = f.s.Cancel("ada", false, wire.Cancel{Run: "x"}, f.now)
	wantCode(t, err, wire.CodeUnknown)
	f.orders = nil
	f.do(f.s.Cancel("root", true, wire.Cancel{Run: "r", Reason: "wrong branch"}, f.now))
	if again, err := f.s.Cancel("ada", false, wire.Cancel{Run: "r"}, f.now); len(again) > 0 || err != nil {
		t.Fatalf("wanted nothing for the same again, got %v %v", again, err)
	}
	if len(f.orders) != 2 || f.orders[0].Order.Stop == nil || f.orders[0].Order.Stop.Reason != "wrong branch" {
		t.Fatalf("wanted two jobs to be stopped, got %+v", f.orders)
	}
	wantList(t, given(f.place()))
	f.result("r", 0, passed)                          // it had ended before it was stopped
	f.result("r", 1, wire.Outcome{Status: wire.Died}) // nothing is repeated
	if n := f.notes[len(f.notes)-1]; n.Kind != wire.NoteOver {
		t.Fatalf("wanted the end of the run, got %+v", n)
	}
	tally := f.check()
	if tally.Finished != 5 || tally.Cancelled != 3 {
		t.Fatalf("got %+v", tally)
	}
	if r := f.s.Lab(f.view, f.now).Runs[0]; r.State != "cancelled" || r.Done != 5 || r.Bad != 4 {
		t.Fatalf("got %+v", r)
	}
}

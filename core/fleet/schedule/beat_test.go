package schedule_test

import (
	"testing"

	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
)

func TestABeatIsAnEntryOnlyIfSomethingHasChanged(t *testing.T) {
	f := newFleet(t)
	b := host("lab-1", 4, relays(2)...)
	f.beat(b)
	b.Load, b.Free = 3, 1
	b.Pieces = relays(2)
	b.Pieces[0].State = "leased"
	if entries := f.s.Seen(b, f.now); len(entries) > 0 {
		t.Fatalf("wanted nothing for the same equipment, got %+v", entries)
	}
	b.Pieces = relays(3)
	if entries := f.s.Seen(b, f.now); len(entries) != 1 || len(entries[0].Inventory.Pieces) != 3 || entries[0].Inventory.Pieces[0].State != "" {
		t.Fatalf("wanted the new inventory, got %+v", entries)
	}
}

func TestANewIncarnationReturnsTheJobs(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 1))
	f.submit("ada", "r", jobs(1, wire.Needs{})...)
	f.place()
	old := f.token("r", 0)
	b := host("lab-1", 1)
	b.Incarnation = "lab-1-2"
	f.beat(b)
	if n := f.notes[len(f.notes)-1]; n.Kind != wire.NoteReturned || n.Token != old || n.Outcome.Status != wire.Lost {
		t.Fatalf("wanted the job returned, got %+v", n)
	}
	_, err := f.s.Result("lab-1", wire.Result{Run: "r", Token: old, Outcome: passed}, f.now)
	wantCode(t, err, wire.CodeStale)
	f.place()
	if again := f.token("r", 0); !old.Less(again) {
		t.Fatalf("wanted a token above %s, got %s", old, again)
	}
	if n := f.notes[len(f.notes)-1]; n.Attempt != 2 {
		t.Fatalf("wanted attempt 2, got %+v", n)
	}
	// A beat of the old process counts for nothing.
	if entries := f.s.Seen(host("lab-1", 1), f.now); len(entries) > 0 || !f.s.Retired("lab-1", "lab-1-1") || f.s.Retired("lab-1", "lab-1-2") {
		t.Fatalf("wanted the old incarnation to be retired, got %+v", entries)
	}
	f.check()
}

func TestALostHostComesBack(t *testing.T) {
	f := newFleet(t)
	b := host("lab-1", 1)
	f.beat(b)
	f.submit("ada", "r", jobs(1, wire.Needs{})...)
	f.place()
	b.Jobs = []wire.Running{{Run: "r", Token: f.token("r", 0)}}
	if entries := f.s.HostLost("lab-1", "other", "silent", f.now); len(entries) > 0 {
		t.Fatalf("wanted nothing for another incarnation, got %+v", entries)
	}
	f.do(f.s.HostLost("lab-1", "lab-1-1", "silent", f.now), nil)
	if entries := f.s.HostLost("lab-1", "lab-1-1", "silent", f.now); len(entries) > 0 {
		t.Fatalf("wanted nothing for the same again, got %+v", entries)
	}
	for name := range f.s.Hosts() {
		t.Fatalf("wanted no hosts, got %s", name)
	}
	f.beat(b)
	if orders := f.s.Reconcile(b, f.now); len(orders) != 1 || orders[0].Stop == nil {
		t.Fatalf("wanted the job to be stopped, got %+v", orders)
	}
	wantList(t, given(f.place()), "r/0 lab-1")
	f.check()
}

func TestReconcile(t *testing.T) {
	f := newFleet(t)
	b := host("lab-1", 2)
	f.beat(b)
	f.submit("ada", "r", jobs(2, wire.Needs{})...)
	f.place()
	has := func(job int, token wire.Token) {
		b.Jobs = append(b.Jobs, wire.Running{Run: "r", Job: job, Token: token})
	}
	orders := f.s.Reconcile(b, f.now)
	if len(orders) != 2 || orders[0].Start == nil || orders[0].Start.Token.IsZero() || orders[0].Start.Job.Name != "tests/0.lua" {
		t.Fatalf("wanted two jobs to be started, got %+v", orders)
	}
	has(0, f.token("r", 0))
	has(1, wire.Token{Seq: 1})
	orders = f.s.Reconcile(b, f.now)
	if len(orders) != 2 || orders[0].Stop == nil || orders[0].Stop.Token.Seq != 1 || orders[1].Start == nil || orders[1].Start.Index != 1 {
		t.Fatalf("wanted one to be stopped and one to be started, got %+v", orders)
	}
	b.Jobs = nil
	has(0, f.token("r", 0))
	f.do(f.s.Cancel("ada", false, wire.Cancel{Run: "r"}, f.now))
	orders = f.s.Reconcile(b, f.now)
	if len(orders) != 3 || orders[0].Stop == nil || orders[1].Start == nil || orders[2].Stop == nil || orders[2].Stop.Job != 1 {
		t.Fatalf("wanted both to be stopped, and the missing one to be started before, got %+v", orders)
	}
	f.result("r", 0, passed)
	f.result("r", 1, passed)
	b.Jobs[0].Kept = true
	if orders := f.s.Reconcile(b, f.now); len(orders) != 1 || orders[0].Over != "r" {
		t.Fatalf("wanted the host to be told that the run is over, got %+v", orders)
	}
}

func TestForget(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 1))
	f.beat(host("lab-2", 1))
	f.submit("ada", "r", jobs(1, wire.Needs{})...)
	e := f.place()[0]
	_, err := f.s.Forget("root", wire.Drain{Host: e.Host}, f.now)
	wantCode(t, err, wire.CodeRefused) // its job may still run
	f.commit(f.s.HostLost(e.Host, e.Incarnation, "silent", f.now))
	f.do(f.s.Forget("root", wire.Drain{Host: e.Host}, f.now))
	_, err = f.s.Forget("root", wire.Drain{Host: e.Host}, f.now)
	wantCode(t, err, wire.CodeUnknown)
	if hosts := f.s.Lab(f.view, f.now).Hosts; len(hosts) != 1 {
		t.Fatalf("wanted one host, got %+v", hosts)
	}
	if again := f.place(); len(again) != 1 || again[0].Host == e.Host {
		t.Fatalf("wanted the other host, got %+v", again)
	}
	f.beat(host(e.Host, 1, relays(1)...))
	f.submit("ada", "s", jobs(1, wants("relay"))...)
	wantList(t, given(f.place()), "s/0 "+e.Host)
	f.check()
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 2, relays(2)...))
	f.submit("ada", "r", jobs(2, wants("relay"))...)
	f.place()
	f.result("r", 0, passed)
	f.check()
	good := f.entries
	for name, spoil := range map[string]func(entries []schedule.Entry){
		"a piece is held twice":    func(e []schedule.Entry) { e[3].Pieces = e[2].Pieces },
		"a job has two claims":     func(e []schedule.Entry) { e[3].Job = e[2].Job },
		"a job has two outcomes":   func(e []schedule.Entry) { e[3] = e[4] },
		"a stale token":            func(e []schedule.Entry) { e[4].Token = f.places[3] },
		"more jobs than cores":     func(e []schedule.Entry) { e[3].Cores = 2 },
		"another incarnation":      func(e []schedule.Entry) { e[2].Incarnation = "x" },
		"an unknown kind":          func(e []schedule.Entry) { e[2].Kind = "x" },
		"a host with jobs is gone": func(e []schedule.Entry) { e[4] = schedule.Entry{Kind: schedule.Gone, Host: "lab-1"} },
		"a run is submitted twice": func(e []schedule.Entry) { e[2] = e[1] },
	} {
		t.Run(name, func(t *testing.T) {
			f.entries = append([]schedule.Entry{}, good...)
			spoil(f.entries)
			if tally, err := schedule.Check(f.ledger()); err == nil {
				t.Fatalf("wanted an error, got %+v", tally)
			}
		})
	}
	f.entries = good
	f.places[3], f.places[2] = f.places[2], f.places[3]
	if tally, err := schedule.Check(f.ledger()); err == nil {
		t.Fatalf("wanted an error for falling places, got %+v", tally)
	}
}

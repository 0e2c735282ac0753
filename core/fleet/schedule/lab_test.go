package schedule_test

import (
	"os"
	"testing"
	"time"

	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // begin is 22:13:20
	os.Exit(m.Run())
}

// why is why the only group waits.
func (f *fleet) why() string {
	f.t.Helper()
	f.place()
	queue := f.s.Lab(f.view, f.now).Queue
	if len(queue) != 1 {
		f.t.Fatalf("wanted one group that waits, got %+v", queue)
	}
	return queue[0].Why
}

func TestWhyGroupsWait(t *testing.T) {
	busy := func(f *fleet, seconds float64, needs wire.Needs, n int) {
		for i, j := range jobs(n, needs) {
			j.Seconds = seconds
			f.submit("bob", "busy"+string(rune('a'+i)), j)
		}
		f.place()
	}
	for name, c := range map[string]struct {
		set   func(f *fleet)
		needs wire.Needs
		why   string
	}{
		"equipment of a job": {func(f *fleet) {
			busy(f, 400, wants("relay"), 1)
		}, wants("relay", "relay"), "2 relays on one host: lab-3 busy until about 22:20"},
		"of a job of unknown length": {func(f *fleet) {
			busy(f, 0, wants("relay"), 1)
		}, wants("relay", "relay"), "2 relays on one host: lab-3 busy since 22:13"},
		"of a client": {func(f *fleet) {
			f.run("bob", wire.Run{ID: "h", Kind: wire.Hold}, jobs(1, wants("relay"))...)
			f.place()
		}, wants("relay", "relay"), "2 relays on one host: lab-3 held by bob since 22:13"},
		"of somebody else": {func(f *fleet) {
			b := host("lab-3", 2, relays(2)...)
			b.Pieces[0].State, b.Pieces[0].Holder, b.Pieces[0].Since = "leased", "10.0.0.7 (night)", begin-3600
			f.beat(b)
		}, wants("relay", "relay"), "2 relays on one host: lab-3 leased by 10.0.0.7 (night) since 21:13"},
		"set aside": {func(f *fleet) {
			f.do(f.s.Aside("root", wire.Aside{Host: "lab-3", Piece: "r-2", Reason: "sticks"}, f.now))
		}, wants("relay", "relay"),
			`2 relays on one host: {"type":"relay","uid":"r-2"} set aside at lab-3 since 22:13: sticks`},
		"all cores": {func(f *fleet) {
			busy(f, 400, wire.Needs{}, 2)
		}, wire.Needs{}, "all cores are busy: lab-3 until about 22:20"},
		"all cores, unknown": {func(f *fleet) {
			busy(f, 0, wire.Needs{}, 2)
		}, wire.Needs{}, "all cores are busy"},
		"several cores": {func(f *fleet) {
			busy(f, 400, wire.Needs{}, 1)
		}, wire.Needs{Cores: 2}, "2 cores on one host: lab-3 until about 22:20"},
		"cores beside equipment": {func(f *fleet) {
			busy(f, 400, wire.Needs{}, 2)
		}, wants("relay"), "all cores of hosts with 1 relay are busy: lab-3 until about 22:20"},
		"exclusive": {func(f *fleet) {
			busy(f, 400, wire.Needs{}, 1)
		}, wire.Needs{Exclusive: true}, "a host without other jobs: lab-3 until about 22:20"},
		"away": {func(f *fleet) {
			f.now += 60
			f.commit(f.s.HostLost("lab-3", "lab-3-1", "silent", f.now))
		}, wire.Needs{Tags: []string{"os=debian12"}}, "no host with os=debian12 is up: lab-3 is away since 22:14"},
		"the architecture of all hosts": {func(f *fleet) {
			f.view["lab-3"].State = schedule.Silent
		}, wire.Needs{Tags: []string{"arch=amd64"}}, "no host is up: lab-3 is away since 22:13"},
		"silent": {func(f *fleet) {
			f.view["lab-3"].State = schedule.Silent
		}, wants("relay", "relay"), "no host with 2 relays is up: lab-3 is away since 22:13"},
		"draining": {func(f *fleet) {
			f.do(f.s.Drain("root", wire.Drain{Host: "lab-3", Reason: "new disk"}, f.now))
		}, wire.Needs{}, "no host is up: lab-3 is draining: new disk"},
		"leaving": {func(f *fleet) {
			f.view["lab-3"].Beat.Leaving = true
		}, wire.Needs{}, "no host is up: lab-3 is leaving"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t)
			b := host("lab-3", 2, relays(2)...)
			b.Tags = []string{"os=debian12", "arch=amd64"}
			f.beat(b)
			// The inventory has tags also if the case sends another beat.
			c.set(f)
			f.submit("ada", "r", jobs(1, c.needs)...)
			if why := f.why(); why != c.why {
				t.Fatalf("wanted %s\ngot %s", c.why, why)
			}
		})
	}
}

func TestWhyOthersComeFirst(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 1, relays(2)...))
	f.run("ada", wire.Run{ID: "r", Kind: wire.Tests, Patience: 60}, jobs(1, wants("phone"))...)
	if why := f.why(); why != "no host has 1 phone: refused at 22:14" {
		t.Fatal(why)
	}
	f.submit("bob", "s", jobs(1, wire.Needs{})...)
	lab := f.s.Lab(f.view, f.now)
	if why := lab.Queue[1].Why; why != "others come first" {
		t.Fatal(why)
	}
}

func TestLab(t *testing.T) {
	f := newFleet(t)
	b := host("lab-1", 4, append(relays(4), stacked("phone", "p-1", "s"))...)
	b.Pieces[1].State, b.Pieces[1].Holder = "leased", "eve"
	f.beat(b)
	f.do(f.s.Aside("root", wire.Aside{Host: "lab-1", Piece: "r-3", Reason: "sticks"}, f.now))
	f.run("ada", wire.Run{ID: "r", Kind: wire.Tests, Title: "night", Priority: 2},
		wire.Job{Name: "tests/a.lua", Needs: wants("relay"), Seconds: 60}, wire.Job{Name: "tests/b.lua", Needs: wire.Needs{Cores: 4}})
	f.place()
	b.Jobs = []wire.Running{{Run: "r", Token: f.token("r", 0), Test: "a / works"}}
	f.beat(b)
	lab := f.s.Lab(f.view, f.now)
	h := lab.Hosts[0]
	if h.State != schedule.Up || h.Used != 1 || len(h.Jobs) != 1 || h.Jobs[0].Test != "a / works" || h.Jobs[0].Until != begin+60 {
		t.Fatalf("got %+v", h)
	}
	var states []string
	for _, p := range lab.Pieces {
		states = append(states, p.State)
	}
	wantList(t, states, "held", "taken", "aside", "free", "free")
	if p := lab.Pieces[0]; p.Run != "r" || p.User != "ada" || p.Job != "tests/a.lua" || p.Until != begin+60 || p.Token != f.token("r", 0) {
		t.Fatalf("got %+v", p)
	}
	if r := lab.Runs[0]; r.State != "running" || r.Jobs != 2 || r.Running != 1 || r.Title != "night" || r.Priority != 2 {
		t.Fatalf("got %+v", r)
	}
	if u := lab.Users[0]; u.Running != 1 || u.Waiting != 1 {
		t.Fatalf("got %+v", u)
	}
	if w := lab.Queue[0]; w.First != "tests/b.lua" || w.Jobs != 1 || w.Why != "4 cores on one host: lab-1 until about 22:14" {
		t.Fatalf("got %+v", w)
	}
	f.commit(f.s.HostLost("lab-1", "lab-1-1", "silent", f.now+1))
	f.view["lab-1"].State = schedule.Lost
	lab = f.s.Lab(f.view, f.now)
	if h := lab.Hosts[0]; h.State != schedule.Lost || h.Since != begin+1 || lab.Pieces[0].State != "away" {
		t.Fatalf("got %+v, %+v", h, lab.Pieces[0])
	}
}

package schedule_test

import (
	"testing"

	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
)

func TestRunsComeInParts(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8))
	all := jobs(5, wire.Needs{})
	part := func(first, n int, last bool) wire.Submit {
		return wire.Submit{Run: wire.Run{ID: "r", Kind: wire.Tests}, First: first, Jobs: all[first : first+n], Last: last}
	}
	again := func(m wire.Submit) {
		t.Helper()
		if entries, err := f.s.Submit("ada", false, m, f.now); len(entries) > 0 || err != nil {
			t.Fatalf("wanted nothing for the same again, got %+v %v", entries, err)
		}
	}
	_, err := f.s.Submit("ada", false, part(2, 2, false), f.now)
	wantCode(t, err, wire.CodeRefused)
	f.do(f.s.Submit("ada", false, part(0, 2, false), f.now))
	again(part(0, 2, false))
	wantList(t, given(f.place()))
	_, err = f.s.Submit("bob", false, part(2, 2, false), f.now)
	wantCode(t, err, wire.CodeRefused)
	f.do(f.s.Submit("ada", false, part(2, 2, false), f.now))
	again(part(0, 2, false))
	f.do(f.s.Submit("ada", false, part(4, 1, true), f.now))
	again(part(4, 1, true))
	again(part(2, 2, false))
	if n := len(f.place()); n != 5 {
		t.Fatalf("wanted 5 claims, got %d", n)
	}
	f.submit("ada", "empty")
	if n := f.notes[len(f.notes)-1]; n.Kind != wire.NoteOver || n.Run != "empty" {
		t.Fatalf("wanted the end of an empty run, got %+v", n)
	}
	f.do(f.s.Submit("ada", false, wire.Submit{Run: wire.Run{ID: "half", Kind: wire.Tests}, Jobs: all[:1]}, f.now))
	f.now += 600
	f.do(f.s.Expire(f.now, 1e9), nil)
	for _, r := range f.s.Lab(f.view, f.now).Runs {
		if r.Run == "half" {
			t.Fatal("a run that was never complete was not forgotten")
		}
	}
	f.check()
}

func TestWhatMakesNoSenseIsRefused(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8))
	for name, m := range map[string]wire.Submit{
		"ID":     {Run: wire.Run{ID: "a.b", Kind: wire.Tests}},
		"kind":   {Run: wire.Run{ID: "r", Kind: "x"}},
		"hold":   {Run: wire.Run{ID: "r", Kind: wire.Hold}, Jobs: jobs(2, wire.Needs{}), Last: true},
		"cores":  {Run: wire.Run{ID: "r", Kind: wire.Tests}, Jobs: jobs(2, wire.Needs{Cores: -1})},
		"memory": {Run: wire.Run{ID: "r", Kind: wire.Tests}, Jobs: jobs(2, wire.Needs{Memory: -1})},
		"first":  {Run: wire.Run{ID: "r", Kind: wire.Tests}, First: -1},
	} {
		t.Log(name)
		_, err := f.s.Submit("ada", false, m, f.now)
		wantCode(t, err, wire.CodeRefused)
	}
	_, err := f.s.Quota("root", wire.Quota{User: "ada", Cores: -1}, f.now)
	wantCode(t, err, wire.CodeRefused)
	_, err = f.s.Quota("root", wire.Quota{User: "a b"}, f.now)
	wantCode(t, err, wire.CodeRefused)
	_, err = f.s.Drain("root", wire.Drain{Host: "x"}, f.now)
	wantCode(t, err, wire.CodeUnknown)
}

func TestTheNearestThatExists(t *testing.T) {
	f := newFleet(t)
	lab1 := host("lab-1", 2, relays(1)...)
	lab1.Tags = []string{"os=debian11"}
	lab2 := host("lab-2", 8, piece("phone", "p-1"))
	lab2.Tags = []string{"os=debian12", "net"}
	f.beat(lab1)
	f.beat(lab2)
	f.beat(host("lab-3", 4, relays(2)...))
	f.do(f.s.Aside("root", wire.Aside{Host: "lab-3", Piece: "r-2"}, f.now))
	f.beat(host("lab-4", 1, stacked("fan", "f-1", "a"), stacked("fan", "f-2", "b")))
	for _, c := range []struct {
		needs wire.Needs
		why   string
	}{
		{wants("relay", "relay", "relay"), "no host has 3 relays together: lab-3 has 2 (1 of them set aside)"},
		{wants("relay", "phone"), "no host has 1 relay and 1 phone together: lab-1 has 1 relay"},
		{wants("boiler"), "no host has 1 boiler"},
		{wants(`{"type":"relay","uid":"r-9"}`), `no host has 1 {"type":"relay","uid":"r-9"}`},
		{wants("fan", "fan"), "no host has 2 fans together: lab-4 has them in different stacks"},
		{wire.Needs{Tags: []string{"os=debian13"}}, "no host has the tag os=debian13: there are os=debian11, os=debian12"},
		{wire.Needs{Tags: []string{"gpu"}}, "no host has the tag gpu"},
		{wire.Needs{Tags: []string{"os=debian11", "net"}}, "no host has the tags os=debian11 and net together"},
		{wire.Needs{Cores: 16}, "no host has 16 cores: lab-2 has 8"},
		{wire.Needs{Cores: 16, Tags: []string{"net"}}, "no host with net has 16 cores: lab-2 has 8"},
		{wire.Needs{Memory: 64 << 30}, "no host has 64.0 GB of memory: lab-1 has 8.0 GB"},
		{wire.Needs{Cores: 8, Equipment: wants("relay").Equipment}, "no host has 1 relay and enough cores and memory: lab-1 has the equipment"},
	} {
		_, err := f.s.Submit("ada", false, wire.Submit{Run: wire.Run{ID: "r", Kind: wire.Tests}, Jobs: jobs(1, c.needs), Last: true}, f.now)
		wantCode(t, err, wire.CodeUnmet)
		if err.Error() != "tests/0.lua: "+c.why {
			t.Errorf("wanted %s\ngot %v", c.why, err)
		}
	}
	if tally := f.check(); tally.Runs != 0 {
		t.Fatalf("got %+v", tally)
	}
}

func TestPatience(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8))
	mixed := append(jobs(1, wants("relay")), jobs(1, wire.Needs{})...)
	f.run("ada", wire.Run{ID: "r", Kind: wire.Tests, Patience: 100}, mixed...)
	wantList(t, given(f.place()), "r/1 lab-1")
	f.result("r", 1, passed)
	f.now += 99
	wantList(t, given(f.place()))
	f.now++
	entries := f.place()
	if len(entries) != 1 || entries[0].Outcome.Status != wire.Refused || entries[0].Outcome.Message != "no host has 1 relay" {
		t.Fatalf("wanted the job to be refused, got %+v", entries)
	}
	if n := f.notes[len(f.notes)-1]; n.Kind != wire.NoteOver {
		t.Fatalf("wanted the end of the run, got %+v", n)
	}
	// What comes in time is used.
	f.run("ada", wire.Run{ID: "s", Kind: wire.Tests, Patience: 100}, mixed[0])
	f.now += 50
	f.beat(host("lab-1", 8, relays(1)...))
	f.now += 100
	wantList(t, given(f.place()), "s/0 lab-1")
	f.check()
}

func TestEquipmentThatDisappears(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8, relays(1)...))
	f.submit("ada", "r", jobs(2, wants("relay"))...)
	f.place()
	f.now += 100
	f.beat(host("lab-1", 8))
	f.result("r", f.entries[2].Job, passed)
	f.now += 59
	wantList(t, given(f.place()))
	f.now++
	if entries := f.place(); len(entries) != 1 || entries[0].Kind != schedule.Finish {
		t.Fatalf("wanted the job to be refused after a minute, got %+v", entries)
	}
	f.check()
}

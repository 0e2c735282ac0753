package schedule_test

import (
	"bytes"
	"strings"
	"testing"

	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
	"avescript/core/harness/workers"
)

// FuzzRestore: a snapshot that somebody has changed is refused, or is a state that works.
func FuzzRestore(f *testing.F) {
	for _, snapshot := range snapshots(f) {
		f.Add(snapshot)
	}
	b := host("lab-1", 8, relays(3)...)
	f.Fuzz(func(t *testing.T, snapshot []byte) {
		s, err := schedule.Restore(snapshot)
		if err != nil {
			t.Skip()
		}
		view := schedule.View{"lab-1": schedule.NewSight(b, begin)}
		s.Apply(100, 0, s.Seen(b, begin))
		s.Reconcile(b, begin)
		s.Apply(101, 0, s.Place(view, begin+100, 100))
		s.Apply(102, 0, s.HostLost("lab-1", "lab-1-1", "silent", begin+100))
		s.Lab(view, begin+100)
		again, err := s.Snapshot()
		if err == nil {
			_, err = schedule.Restore(again)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

// snapshots are some states with a bit of everything.
func snapshots(t failer) (list [][]byte) {
	f := newFleet(t)
	save := func() {
		snapshot, err := f.s.Snapshot()
		if err != nil {
			f.t.Fatalf("%v", err)
		}
		list = append(list, snapshot)
	}
	save()
	f.beat(host("lab-1", 4, append(relays(2), stacked("phone", "p-1", "s"), stacked("relay", "r-3", "s"))...))
	f.do(f.s.Drain("root", wire.Drain{Host: "lab-1", Reason: "x"}, f.now))
	f.do(f.s.Drain("root", wire.Drain{Host: "lab-1", Off: true}, f.now))
	f.do(f.s.Aside("root", wire.Aside{Host: "lab-1", Piece: "r-2"}, f.now))
	f.do(f.s.Quota("root", wire.Quota{User: "bob", Cores: 3}, f.now))
	f.submit("ada", "r", append(jobs(3, wants("relay")), jobs(2, wire.Needs{})...)...)
	f.run("bob", wire.Run{ID: "h", Kind: wire.Hold}, jobs(1, wants("phone"))...)
	f.run("bob", wire.Run{ID: "p", Kind: wire.Tests, Patience: 50}, jobs(1, wants("boiler"))...)
	f.place()
	save()
	f.ask(3, question(1, workers.Lock, "x"))
	f.ask(4, question(1, workers.Lock, "x"))
	f.ask(3, question(2, workers.Shared, "v"))
	f.ask(3, workers.Ask{Verb: workers.Made, Name: "v", Value: []byte("1")})
	save()
	f.result("r", 3, passed)
	f.result("r", 4, wire.Outcome{Status: wire.Busy, Busy: []string{relays(1)[0].Profile.Key()}})
	f.do(f.s.Cancel("bob", false, wire.Cancel{Run: "h"}, f.now))
	save()
	f.commit(f.s.HostLost("lab-1", "lab-1-1", "silent", f.now))
	save()
	return list
}

func TestASnapshotIsTheWholeState(t *testing.T) {
	for _, snapshot := range snapshots(t) {
		s, err := schedule.Restore(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Snapshot()
		if err != nil || string(again) != string(snapshot) {
			t.Fatalf("wanted\n%s\ngot\n%s %v", snapshot, again, err)
		}
	}
	for _, bad := range []string{
		"", "[]", strings.ReplaceAll(string(snapshots(t)[2]), `"waiting":true`, `"waiting":false`),
		strings.ReplaceAll(string(snapshots(t)[2]), `"waiting":["`, `"wait":["`),
		`{"claims":[{"token":"1.0","run":"r"}]}`, `{"runs":[{"run":{"id":"r"},"jobs":[{"n":"x","g":1}]}]}`,
	} {
		if _, err := schedule.Restore([]byte(bad)); err == nil {
			t.Errorf("wanted an error for %q", bad)
		}
	}
}

// TestRunsThatAreOverAreSmall: they are remembered for days.
func TestRunsThatAreOverAreSmall(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 1))
	f.submit("ada", "r", jobs(1000, wire.Needs{})...)
	f.do(f.s.Cancel("ada", false, wire.Cancel{Run: "r"}, f.now))
	snapshot, err := f.s.Snapshot()
	if err != nil || bytes.Contains(snapshot, []byte("tests/0.lua")) {
		t.Fatalf("wanted no names of the jobs, got %s, %v", snapshot, err)
	}
}

package schedule_test

import (
	"fmt"
	"testing"

	"avescript/core/fleet/wire"
)

func TestOnlyAdministratorsRaiseThePriority(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 1))
	urgent := wire.Submit{Run: wire.Run{ID: "urgent", Kind: wire.Tests, Priority: 1}, Jobs: jobs(1, wire.Needs{}), Last: true}
	_, err := f.s.Submit("ada", false, urgent, f.now)
	wantCode(t, err, wire.CodeRefused)
	const why = "run urgent: priority 1: only administrators can submit with a priority above 0"
	if err.Error() != why {
		t.Fatalf("wanted %q, got %q", why, err)
	}
	low := urgent
	low.Run.ID, low.Run.Priority = "low", -1
	f.do(f.s.Submit("ada", false, low, f.now))
	f.do(f.s.Submit("root", true, urgent, f.now))
	wantList(t, given(f.place()), "urgent/0 lab-1")
}

// A user who only holds equipment is not always first.
func TestHoldsCount(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 2, relays(3)...))
	f.run("ada", wire.Run{ID: "h1", Kind: wire.Hold}, jobs(1, wants("relay"))...)
	f.run("ada", wire.Run{ID: "h2", Kind: wire.Hold}, jobs(1, wants("relay"))...)
	f.place()
	f.submit("bob", "b", jobs(1, wire.Needs{})...)
	f.place()
	f.run("ada", wire.Run{ID: "h3", Kind: wire.Hold}, jobs(1, wants("relay"))...)
	f.submit("bob", "c", jobs(1, wants("relay"))...)
	wantList(t, given(f.place()), "c/0 lab-1")
	// They take no core of a host, and none of a quota.
	f.do(f.s.Quota("root", wire.Quota{User: "ada", Cores: 1}, f.now))
	f.result("c", 0, passed)
	wantList(t, given(f.place()), "h3/0 lab-1")
	f.submit("ada", "a", jobs(2, wire.Needs{})...)
	wantList(t, given(f.place()), "a/0 lab-1")
	for _, u := range f.s.Lab(f.view, f.now).Users {
		if u.Name == "ada" && u.Running != 1 {
			t.Fatalf("wanted one core of ada in use, got %d", u.Running)
		}
	}
	f.check()
}

// Who says that jobs are short that are not cannot keep a wide job waiting.
func TestJobsThatAreNotAsShortAsTheySay(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8, relays(2)...))
	many := jobs(400, wants("relay"))
	for i := range many {
		many[i].Seconds = 0.01
	}
	f.submit("eve", "eve", many...)
	f.place()
	f.submit("bob", "wide", jobs(1, wants("relay", "relay"))...)
	w := &waiting{f: f, since: map[string]float64{"wide": f.now}}
	for w.since["wide"] > 0 {
		w.second()
		if f.now-begin > 30 {
			t.Fatalf("the wide job still waits after %v seconds", f.now-begin)
		}
	}
	f.check()
}

func TestJobsThatNeedTooMuchAreRefused(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8))
	submit := func(run string, first int, list []wire.Job) error {
		entries, err := f.s.Submit("ada", false, wire.Submit{
			Run: wire.Run{ID: run, Kind: wire.Tests, Patience: 1}, First: first, Jobs: list,
		}, f.now)
		f.commit(entries)
		return err
	}
	var all []string
	for i := range 101 {
		all = append(all, fmt.Sprintf(`{"type":"relay","uid":"%d"}`, i))
	}
	wantCode(t, submit("r", 0, jobs(1, wants(all...))), wire.CodeRefused)
	if err := submit("r", 0, jobs(1, wants(all[1:]...))); err != nil {
		t.Fatal(err)
	}
	tagged := jobs(1, wire.Needs{})
	for i := range 101 {
		tagged[0].Needs.Tags = append(tagged[0].Needs.Tags, fmt.Sprint(i))
	}
	wantCode(t, submit("r", 1, tagged), wire.CodeRefused)
	// Each combination of needs costs memory for each host.
	different := jobs(1001, wire.Needs{})
	for i := range different {
		different[i].Needs.Memory = int64(i + 1)
	}
	wantCode(t, submit("many", 0, different), wire.CodeRefused)
	if err := submit("many", 0, different[:600]); err != nil {
		t.Fatal(err)
	}
	if err := submit("many", 600, different[:600]); err != nil {
		t.Fatal(err)
	}
	wantCode(t, submit("many", 1200, different[600:]), wire.CodeRefused)
}

package schedule_test

import (
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

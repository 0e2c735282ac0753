package schedule_test

import (
	"fmt"
	"testing"

	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
)

func TestPriorityComesFirst(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 2))
	f.submit("ada", "usual", jobs(3, wire.Needs{})...)
	f.run("bob", wire.Run{ID: "urgent", Kind: wire.Tests, Priority: 1}, jobs(3, wire.Needs{})...)
	wantList(t, given(f.place()), "urgent/0 lab-1", "urgent/1 lab-1")
	f.check()
}

func TestUsersAndTheirRunsShareTheCores(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8))
	f.submit("ada", "a1", jobs(20, wire.Needs{})...)
	f.submit("ada", "a2", jobs(20, wire.Needs{})...)
	f.submit("bob", "b1", jobs(20, wire.Needs{})...)
	of := map[string]int{}
	for _, e := range f.place() {
		of[e.Run]++
	}
	if of["a1"] != 2 || of["a2"] != 2 || of["b1"] != 4 {
		t.Fatalf("wanted half of the cores for each user, got %v", of)
	}
}

func TestLateSmallUserIsNotStarved(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 4))
	f.submit("ada", "big", jobs(10_000, wire.Needs{})...)
	first := f.place()
	if len(first) != 4 {
		t.Fatalf("wanted 4 claims, got %d", len(first))
	}
	f.submit("bob", "small", jobs(1, wire.Needs{})...)
	f.result("big", first[0].Job, passed)
	wantList(t, given(f.place()), "small/0 lab-1")
}

func TestUsersTakeTurnsOnOneCore(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 1))
	f.submit("ada", "a", jobs(4, wire.Needs{})...)
	f.submit("bob", "b1", jobs(4, wire.Needs{})...)
	f.submit("bob", "b2", jobs(4, wire.Needs{})...)
	var runs []string
	for range 6 {
		e := f.place()[0]
		runs = append(runs, e.Run)
		f.result(e.Run, e.Job, passed)
	}
	wantList(t, runs, "a", "b1", "a", "b2", "a", "b1")
}

func TestWideAndLongJobsComeFirst(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8, relays(2)...))
	list := []wire.Job{
		{Name: "short", Seconds: 1}, {Name: "long", Seconds: 9}, {Name: "unknown"},
		{Name: "wide", Needs: wants("relay", "relay"), Seconds: 1},
		{Name: "cores", Needs: wire.Needs{Cores: 3}, Seconds: 1},
	}
	f.submit("ada", "r", list...)
	wantList(t, given(f.place()), "r/3 lab-1", "r/4 lab-1", "r/2 lab-1", "r/1 lab-1", "r/0 lab-1")
}

func TestTimesAreRecorded(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 2))
	f.submit("ada", "one", wire.Job{Name: "quick"}, wire.Job{Name: "slow"})
	f.place()
	f.result("one", 0, wire.Outcome{Status: wire.Done, Passed: true, Seconds: 2})
	f.result("one", 1, wire.Outcome{Status: wire.Done, Passed: true, Seconds: 20})
	f.submit("ada", "two", wire.Job{Name: "quick"}, wire.Job{Name: "slow"})
	wantList(t, given(f.place()), "two/1 lab-1", "two/0 lab-1")
}

func TestQuota(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8))
	f.do(f.s.Quota("root", wire.Quota{User: "ada", Cores: 3}, f.now))
	f.submit("ada", "r", jobs(8, wire.Needs{Cores: 2})...)
	if n := len(f.place()); n != 1 {
		t.Fatalf("wanted one job of 2 cores in a quota of 3, got %d", n)
	}
	if why := f.s.Lab(f.view, f.now).Queue[0].Why; why != "quota of ada: 2 of 3 cores are used" {
		t.Fatal(why)
	}
	f.do(f.s.Quota("root", wire.Quota{User: "ada"}, f.now))
	if n := len(f.place()); n != 3 {
		t.Fatalf("wanted 3 more jobs without a quota, got %d", n)
	}
	// A quota holds for all priorities together.
	f.do(f.s.Quota("root", wire.Quota{User: "bob", Cores: 1}, f.now))
	f.beat(host("lab-2", 8))
	f.run("bob", wire.Run{ID: "b1", Kind: wire.Tests, Priority: 1}, jobs(2, wire.Needs{})...)
	f.run("bob", wire.Run{ID: "b2", Kind: wire.Tests}, jobs(2, wire.Needs{})...)
	of := map[string]int{}
	for _, e := range f.place() {
		of[e.Run]++
	}
	if of["b1"]+of["b2"] != 1 {
		t.Fatalf("wanted one job in a quota of 1, got %v", of)
	}
	f.check()
}

func TestExclusiveHost(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 4))
	f.submit("ada", "alone", jobs(1, wire.Needs{Exclusive: true})...)
	f.submit("bob", "others", jobs(2, wire.Needs{})...)
	wantList(t, given(f.place()), "alone/0 lab-1")
	f.result("alone", 0, passed)
	if n := len(f.place()); n != 2 {
		t.Fatalf("wanted 2 claims, got %d", n)
	}
	f.submit("ada", "again", jobs(1, wire.Needs{Exclusive: true})...)
	wantList(t, given(f.place()))
	f.result("others", 0, passed)
	wantList(t, given(f.place()))
	f.result("others", 1, passed)
	wantList(t, given(f.place()), "again/0 lab-1")
	f.check()
}

func TestTagsAndMemory(t *testing.T) {
	f := newFleet(t)
	old, young := host("old", 4), host("young", 4)
	old.Tags, young.Tags = []string{"os=debian11"}, []string{"os=debian12", "net"}
	young.Memory, young.Free = 4<<30, 3<<30
	f.beat(old)
	f.beat(young)
	f.submit("ada", "r", jobs(1, wire.Needs{Tags: []string{"os=debian12"}, Memory: 2 << 30})...)
	wantList(t, given(f.place()), "r/0 young")
	f.submit("ada", "more", jobs(1, wire.Needs{Tags: []string{"net"}, Memory: 3 << 30})...)
	wantList(t, given(f.place())) // 2 of 4 GB are promised
	f.submit("ada", "much", jobs(1, wire.Needs{Memory: 7 << 30})...)
	wantList(t, given(f.place()), "much/0 old")
	f.check()
}

func TestJobsAreSpread(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8))
	f.beat(host("lab-2", 8))
	f.beat(host("relays", 8, relays(2)...))
	f.submit("ada", "r", jobs(4, wire.Needs{})...)
	of := map[string]int{}
	for _, e := range f.place() {
		of[e.Host]++
	}
	if of["lab-1"] != 2 || of["lab-2"] != 2 {
		t.Fatalf("wanted the jobs spread over the hosts without equipment, got %v", of)
	}
}

// streamed starts a small job for a relay whenever one has ended, and reports after how many
// seconds the wide job has started.
func streamed(f *fleet, wide string, most int) (seconds int) {
	type end struct {
		job int
		at  float64
	}
	var ends []end
	for seconds = range most {
		for _, e := range f.place() {
			switch e.Run {
			case wide:
				return seconds
			case "small":
				ends = append(ends, end{e.Job, f.now + 3 + float64(e.Job%4)})
			}
		}
		f.now++
		var left []end
		for _, e := range ends {
			if e.at > f.now {
				left = append(left, e)
				continue
			}
			f.result("small", e.job, passed)
		}
		ends = left
	}
	return most
}

func TestWideRequestsStartWithinABound(t *testing.T) {
	for name, needs := range map[string]wire.Needs{
		"pieces": wants("relay", "relay"), "cores": {Cores: 4}, "exclusive": {Exclusive: true}, "memory": {Memory: 8 << 30},
		"one picky": wants(`{"type":"relay","uid":"r-2"}`),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t)
			// The user of the wide job has more cores than the other, so fairness does not help.
			f.beat(host("lab-2", 9))
			f.submit("ada", "many", jobs(9, wire.Needs{})...)
			f.place()
			lab := host("lab-1", 4, relays(2)...)
			lab.Tags = []string{"relays"}
			f.beat(lab)
			needs.Tags = lab.Tags
			small := jobs(2000, wants("relay"))
			for i := range small {
				small[i].Seconds = 0
				small[i].Needs.Cores = 2
				small[i].Needs.Memory = 1 << 30
			}
			f.submit("bob", "small", small...)
			f.submit("ada", "wide", jobs(1, needs)...)
			if n := streamed(f, "wide", 100); n > 12 {
				t.Fatalf("wanted the start within 12 seconds, got %d", n)
			}
			f.check()
		})
	}
}

func TestKeptEquipmentIsLentToShortJobs(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8, relays(2)...))
	long := wire.Job{Name: "long", Needs: wants("relay"), Seconds: 100}
	f.submit("bob", "long", long)
	f.place()
	f.submit("ada", "wide", jobs(1, wants("relay", "relay"))...)
	f.now += 5
	f.place()
	short, tooLong, unknown := long, long, long
	short.Seconds, tooLong.Seconds, unknown.Seconds, unknown.Name = 10, 99, 0, "unknown"
	f.submit("cleo", "others", short, tooLong, unknown)
	wantList(t, given(f.place()), "others/0 lab-1")
	f.now += 10
	f.result("others", 0, passed)
	wantList(t, given(f.place()))
	f.now += 90
	f.result("long", 0, passed)
	wantList(t, given(f.place()), "wide/0 lab-1")
	f.check()
}

func TestNothingIsKeptForWhatNeverEnds(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8, relays(2)...))
	f.run("bob", wire.Run{ID: "hold", Kind: wire.Hold}, jobs(1, wants("relay"))...)
	f.place()
	f.submit("ada", "wide", jobs(1, wants("relay", "relay"))...)
	f.now += 60
	f.submit("cleo", "small", jobs(1, wants("relay"))...)
	wantList(t, given(f.place()), "small/0 lab-1")
}

func TestImpossibleBlocksNobody(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 2, relays(1)...))
	patient := wire.Run{ID: "patient", Kind: wire.Tests, Priority: 5, Patience: 100}
	f.run("ada", patient, jobs(1, wants("relay", "relay"))...)
	f.submit("bob", "possible", jobs(1, wants("relay"))...)
	wantList(t, given(f.place()), "possible/0 lab-1")
}

func TestMostIsRespected(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 50))
	f.submit("ada", "r", jobs(50, wire.Needs{})...)
	if n := len(f.s.Place(f.view, f.now, 7)); n != 7 {
		t.Fatalf("wanted 7 claims, got %d", n)
	}
	before, _ := f.s.Snapshot()
	f.s.Place(f.view, f.now, 100)
	if after, _ := f.s.Snapshot(); string(after) != string(before) {
		t.Fatal("Place has changed the state")
	}
}

func TestHostsThatGetNoJobs(t *testing.T) {
	f := newFleet(t)
	for i, spoil := range []func(b *wire.Beat, s *schedule.Sight){
		func(_ *wire.Beat, s *schedule.Sight) { s.State = schedule.Silent },
		func(_ *wire.Beat, s *schedule.Sight) { s.Beat.Incarnation = "other" },
		func(_ *wire.Beat, s *schedule.Sight) { s.Beat.Leaving = true },
	} {
		b := host(fmt.Sprintf("lab-%d", i), 4)
		f.beat(b)
		spoil(&b, f.view[b.Host])
	}
	f.beat(host("drained", 4))
	f.do(f.s.Drain("root", wire.Drain{Host: "drained", Reason: "new disk"}, f.now))
	f.beat(host("unseen", 4))
	delete(f.view, "unseen")
	f.submit("ada", "r", jobs(1, wire.Needs{})...)
	wantList(t, given(f.place()))
	f.do(f.s.Drain("root", wire.Drain{Host: "drained", Off: true}, f.now))
	wantList(t, given(f.place()), "r/0 drained")
}

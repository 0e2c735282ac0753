package schedule_test

import (
	"fmt"
	"slices"
	"testing"

	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
)

// uids are the uids of the pieces of a claim, and of the rest of their stacks.
func uids(e schedule.Entry) (list []string) {
	for _, key := range slices.Concat(e.Pieces, []string{"|"}, e.Around) {
		if key == "" || key == "|" {
			list = append(list, key)
			continue
		}
		uid, _ := prof(key).Get("uid")
		list = append(list, string(uid[1:len(uid)-1]))
	}
	return list
}

func TestStacks(t *testing.T) {
	lab := []wire.Piece{
		stacked("phone", "p-1", "one"), stacked("relay", "r-1", "one"), stacked("meter", "m-1", "one"),
		stacked("phone", "p-2", "two"), stacked("relay", "r-2", "two"),
		piece("relay", "r-3"), piece("camera", "c-1"),
	}
	outside := []wire.Piece{stacked("phone", "p-1", "one"), stacked("relay", "r-1", "one"), piece("phone", "p-2"), piece("phone", "p-3")}
	for name, c := range map[string]struct {
		pieces []wire.Piece
		needs  wire.Needs
		uids   []string
	}{
		"a single piece from outside":      {lab, wants("relay"), []string{"r-3", "|"}},
		"or from the smallest stack":       {lab, wants("phone"), []string{"p-2", "|", "r-2"}},
		"several from one stack":           {lab, wants("relay", "phone"), []string{"r-2", "p-2", "|"}},
		"the stack that has all":           {lab, wants("phone", "meter"), []string{"p-1", "m-1", "|", "r-1"}},
		"and others from anywhere":         {lab, wants("phone", "camera"), []string{"p-2", "c-1", "|", "r-2"}},
		"outside if no stack can serve it": {outside, wants("phone", "phone"), []string{"p-2", "p-3", "|"}},
		"wants that overlap": {
			lab, wants("camera", "relay", `{"type":"phone","uid":"p-1"}`), []string{"c-1", "r-1", "p-1", "|", "m-1"},
		},
		"without a type": {lab, wants(`{"uid":"r-2"}`), []string{"r-2", "|", "p-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t)
			f.beat(host("lab-1", 8, c.pieces...))
			f.submit("ada", "r", jobs(1, c.needs)...)
			claims := f.place()
			if len(claims) != 1 {
				t.Fatal("nothing was given")
			}
			wantList(t, uids(claims[0]), c.uids...)
			f.check()
		})
	}
}

func TestAClaimTakesTheWholeStack(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8, stacked("phone", "p-1", "s"), stacked("relay", "r-1", "s")))
	f.submit("ada", "one", jobs(1, wants("phone"))...)
	f.submit("bob", "two", jobs(1, wants("relay"))...)
	wantList(t, given(f.place()), "one/0 lab-1")
	f.result("one", 0, passed)
	wantList(t, given(f.place()), "two/0 lab-1")
	f.check()
}

func TestWantsThatOverlapGetDifferentPieces(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8, relays(3)...))
	f.submit("ada", "r", jobs(1, wants("relay", `{"uid":"r-1"}`, `{"type":"relay","uid":"r-2"}`))...)
	wantList(t, uids(f.place()[0]), "r-3", "r-1", "r-2", "|")
	start := f.orders[0].Order.Start
	if p := start.Pieces[1]; p.Name != "e2" || p.Profile.Key() != `{"type":"relay","uid":"r-1"}` || p.Made {
		t.Fatalf("wanted the second piece complete, got %+v", p)
	}
	f.check()
}

func TestMadeEquipmentIsNotClaimed(t *testing.T) {
	f := newFleet(t)
	b := host("lab-1", 8)
	b.Made = []string{"workspace"}
	f.beat(b)
	f.submit("ada", "r", jobs(3, wants("workspace", "workspace"))...)
	claims := f.place()
	if len(claims) != 3 {
		t.Fatalf("wanted 3 claims, got %d", len(claims))
	}
	wantList(t, uids(claims[0]), "", "", "|")
	if p := f.orders[0].Order.Start.Pieces[0]; !p.Made || p.Profile.Key() != `{"type":"workspace"}` {
		t.Fatalf("wanted a piece that is made, got %+v", p)
	}
	f.check()
}

func TestPiecesOfOthersAreTaken(t *testing.T) {
	f := newFleet(t)
	b := host("lab-1", 8, relays(2)...)
	b.Pieces[0].State, b.Pieces[0].Holder, b.Pieces[0].Since = "leased", "eve", begin
	f.beat(b)
	f.submit("ada", "r", jobs(2, wants("relay"))...)
	claims := f.place()
	if len(claims) != 1 {
		t.Fatalf("wanted one claim, got %d", len(claims))
	}
	wantList(t, uids(claims[0]), "r-2", "|")
	// The lease of a claim that has ended does not count: it ends in a moment.
	b = host("lab-1", 8, relays(2)...)
	b.Pieces[1].State, b.Pieces[1].Token = "closing", f.token("r", claims[0].Job)
	b.Pieces[0].State, b.Pieces[0].Holder = "leased", "eve"
	f.beat(b)
	wantList(t, given(f.place()))
	f.result("r", claims[0].Job, passed)
	wantList(t, uids(f.place()[0]), "r-2", "|")
	f.check()
}

func TestBusyPiecesAreLeftAloneForAWhile(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8, relays(1)...))
	f.submit("ada", "r", jobs(1, wants("relay"))...)
	f.place()
	f.result("r", 0, wire.Outcome{Status: wire.Busy, Busy: []string{`{"type":"relay","uid":"r-1"}`}})
	last := f.notes[len(f.notes)-1]
	if last.Kind != wire.NoteReturned || last.Attempt != 1 {
		t.Fatalf("wanted the note that attempt 1 returned, got %+v", last)
	}
	wantList(t, given(f.place()))
	f.now += 2
	wantList(t, given(f.place()), "r/0 lab-1")
	if n := f.notes[len(f.notes)-1]; n.Attempt != 1 {
		t.Fatalf("wanted attempt 1 again, because a busy piece is no attempt, got %d", n.Attempt)
	}
	f.check()
}

func TestBusyWithoutSayingWhat(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8, relays(1)...))
	f.submit("ada", "r", jobs(1, wants("relay"))...)
	f.place()
	f.result("r", 0, wire.Outcome{Status: wire.Busy})
	wantList(t, given(f.place())) // it would come back at once, again and again
	f.now += 2
	wantList(t, given(f.place()), "r/0 lab-1")
}

func TestPausesEndIfTheClockGoesBack(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8, relays(1)...))
	f.submit("ada", "r", jobs(1, wants("relay"))...)
	f.place()
	f.result("r", 0, wire.Outcome{Status: wire.Busy, Busy: []string{`{"type":"relay","uid":"r-1"}`}})
	f.now -= 3600
	wantList(t, given(f.place()), "r/0 lab-1")
}

func TestAside(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8, relays(2)...))
	_, err := f.s.Aside("root", wire.Aside{Host: "lab-1", Piece: "relay"}, f.now)
	wantCode(t, err, wire.CodeUnknown)
	_, err = f.s.Aside("root", wire.Aside{Host: "lab-1", Piece: "phone"}, f.now)
	wantCode(t, err, wire.CodeUnknown)
	aside := wire.Aside{Host: "lab-1", Piece: "r-1", Reason: "sticks"}
	f.do(f.s.Aside("root", aside, f.now))
	if again, err := f.s.Aside("root", aside, f.now); len(again) > 0 || err != nil {
		t.Fatalf("wanted nothing for the same again, got %v %v", again, err)
	}
	f.submit("ada", "r", jobs(1, wants("relay"))...)
	wantList(t, uids(f.place()[0]), "r-2", "|")
	f.submit("bob", "wide", jobs(1, wants("relay", "relay"))...) // it exists
	f.result("r", 0, passed)
	wantList(t, given(f.place()))
	aside.Off = true
	f.do(f.s.Aside("root", aside, f.now))
	wantList(t, given(f.place()), "wide/0 lab-1")
	f.check()
}

func TestABrokenBrokerGivesNothing(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8, relays(1)...))
	b := host("lab-1", 8)
	b.Broker = "it does not answer"
	f.beat(b)
	f.submit("ada", "r", jobs(1, wants("relay"))...) // the equipment still exists
	wantList(t, given(f.place()))
	if why := f.s.Lab(f.view, f.now).Queue[0].Why; why != "1 relay: broker of lab-1: it does not answer" {
		t.Fatal(why)
	}
	f.beat(host("lab-1", 8, relays(1)...))
	wantList(t, given(f.place()), "r/0 lab-1")
}

func TestNoPieceTwiceAfterAChange(t *testing.T) {
	f := newFleet(t)
	f.beat(host("lab-1", 8, relays(1)...))
	f.submit("ada", "r", jobs(2, wants("relay"))...)
	f.place()
	f.beat(host("lab-1", 8))               // the piece disappears
	f.beat(host("lab-1", 8, relays(1)...)) // and comes back, while the job still has it
	wantList(t, given(f.place()))
	b := host("lab-1", 8, relays(1)...)
	b.Incarnation = "lab-1-2"
	f.beat(b)
	if n := len(f.place()); n != 1 {
		t.Fatalf("wanted one claim of the new incarnation, got %d", n)
	}
	f.check()
}

func TestHardAssignment(t *testing.T) {
	// Each want of the first matches many pieces, and each of the last only one.
	f := newFleet(t)
	var pieces []wire.Piece
	for i := range 6 {
		var more string
		for k := range i + 1 {
			more += fmt.Sprintf(`,"p%d":1`, k)
		}
		pieces = append(pieces, wire.Piece{Profile: prof(fmt.Sprintf(`{"type":"x","uid":"%d"%s}`, i, more))})
	}
	f.beat(host("lab-1", 8, pieces...))
	f.submit("ada", "r", jobs(1, wants(`{"p0":1}`, `{"p1":1}`, `{"p2":1}`, `{"p3":1}`, `{"p4":1}`, `{"p5":1}`))...)
	wantList(t, uids(f.place()[0]), "0", "1", "2", "3", "4", "5", "|")
	f.submit("ada", "s", jobs(1, wants(`{"p0":1}`, `{"p0":1}`, `{"p0":1}`, `{"p3":1}`, `{"p3":1}`, `{"p5":1}`))...)
	_, err := f.s.Submit("ada", false, wire.Submit{Run: wire.Run{ID: "t", Kind: wire.Tests}, Last: true, Jobs: jobs(1,
		wants(`{"p4":1}`, `{"p4":1}`, `{"p4":1}`))}, f.now)
	wantCode(t, err, wire.CodeUnmet)
}

package schedule_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
)

// longest is how long a job takes at most in TestBounds.
const longest = 5

// TestBounds keeps random fleets busy with small jobs that never run out, and submits other
// jobs in between. Each of these must start within a bound that depends on how long jobs
// run, and not on how many small ones there are.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFleet(t)
		hosts := rapid.IntRange(1, 3).Draw(t, "hosts")
		for i := range hosts {
			f.beat(host(fmt.Sprintf("lab-%d", i), rapid.IntRange(2, 6).Draw(t, "cores"), relays(rapid.IntRange(2, 4).Draw(t, "relays"))...))
		}
		recorded := rapid.Bool().Draw(t, "recorded")
		for i, user := range []string{"u1", "u2"} {
			small := jobs(400, wire.Needs{})
			for k := range small {
				if k%3 > 0 {
					small[k].Needs = wants("relay")
				}
				small[k].Seconds = 0
				if recorded {
					small[k].Seconds = float64(1 + k%longest)
				}
			}
			f.submit(user, fmt.Sprintf("small%d", i), small...)
		}
		w := &waiting{f: f, since: map[string]float64{}}
		late := 0
		for range rapid.IntRange(1, 4).Draw(t, "others") {
			for range rapid.IntRange(0, 10).Draw(t, "pause") {
				w.second()
			}
			needs := rapid.SampledFrom([]wire.Needs{
				{}, {Cores: 2}, {Exclusive: true}, {Memory: 8 << 30}, wants("relay", "relay"), wants(`{"type":"relay","uid":"r-1"}`),
				{Cores: 2, Equipment: wants("relay", "relay").Equipment},
			}).Draw(t, "needs")
			user := rapid.SampledFrom([]string{"u1", "late1", "late2", "late3"}).Draw(t, "user")
			id := fmt.Sprintf("late%d", late)
			late++
			f.submit(user, id, wire.Job{Name: id, Needs: needs, Seconds: 1})
			w.since[id] = f.now
		}
		// Each waits for its turn, and then for the jobs that run, one after the other.
		bound := float64(2 + (late+1)*(2*longest+2))
		for len(w.since) > 0 {
			w.second()
			for id, since := range w.since {
				if f.now-since > bound {
					t.Fatalf("%s waits for more than %v seconds: %+v", id, bound, f.s.Lab(f.view, f.now).Queue)
				}
			}
		}
		f.check()
	})
}

// waiting is a fleet that works, and the runs that wait, with the time since when.
type waiting struct {
	f     *fleet
	since map[string]float64
}

// second starts what can start, and ends what has run long enough.
func (w *waiting) second() {
	for _, e := range w.f.place() {
		delete(w.since, e.Run)
	}
	for _, h := range w.f.s.Lab(schedule.View{}, w.f.now).Hosts {
		for _, j := range h.Jobs {
			if w.f.now-j.Since >= float64(1+j.Index%longest) {
				w.f.do(w.f.s.Result(h.Name, wire.Result{Run: j.Run, Job: j.Index, Token: j.Token, Outcome: passed}, w.f.now))
			}
		}
	}
	w.f.now++
}

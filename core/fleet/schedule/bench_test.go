package schedule_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"testing"

	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
)

// crowd is a fleet of n hosts with 4 cores. Every tenth host has 2 relays.
func crowd(t failer, n int) *fleet {
	f := newFleet(t)
	for i := range n {
		b := host(fmt.Sprintf("host-%04d", i), 4)
		b.Tags = []string{"os=debian12"}
		if i%10 == 0 {
			b.Pieces = relays(2)
		}
		f.beat(b)
	}
	return f
}

// crowdJobs are jobs as people submit them: most need nothing special.
func crowdJobs(n int) []wire.Job {
	list := make([]wire.Job, n)
	for i := range list {
		list[i] = wire.Job{
			Name: fmt.Sprintf("tests/test_some_feature_%d.lua", i),
			Work: json.RawMessage(fmt.Sprintf(`{"file":"tests/test_some_feature_%d.lua"}`, i)),
		}
		switch i % 20 {
		case 3:
			list[i].Needs = wants("relay")
		case 7:
			list[i].Needs = wants("relay", "relay")
		case 11:
			list[i].Needs = wire.Needs{Tags: []string{"os=debian12"}, Cores: 2}
		}
	}
	return list
}

// submitParts submits a run in parts of 1,000 jobs.
func (f *fleet) submitParts(user, id string, list []wire.Job) {
	for first := 0; first < len(list); first += 1000 {
		end := min(first+1000, len(list))
		f.do(f.s.Submit(user, true, wire.Submit{
			Run: wire.Run{ID: id, Kind: wire.Tests}, First: first, Jobs: list[first:end], Last: end == len(list),
		}, f.now))
	}
}

// BenchmarkJobs gives jobs to 1,000 hosts and takes their results, with 100,000 jobs in the
// queue. An operation is a job: its claim and its result are decided and folded.
func BenchmarkJobs(b *testing.B) {
	for _, batch := range []int{16, 256} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			f := crowd(b, 1000)
			runs := 0
			fill := func() {
				for _, user := range []string{"ada", "bob", "cleo", "dan"} {
					f.submitParts(user, fmt.Sprintf("r%d", runs), crowdJobs(25_000))
					runs++
				}
			}
			fill()
			var going []wire.Token
			left := 100_000
			place := func(most int) {
				entries := f.s.Place(f.view, f.now, most)
				f.seq++
				f.s.Apply(f.seq, 0, entries)
				f.s.Orders()
				for i := range entries {
					going = append(going, wire.Token{Seq: f.seq, Index: uint32(i)})
					at[going[len(going)-1]] = entries[i]
				}
				left -= len(entries)
			}
			place(5000)
			b.ResetTimer()
			for done := 0; done < b.N; {
				for range min(batch, len(going)) {
					token := going[0]
					going = going[1:]
					e := at[token]
					delete(at, token)
					end, err := f.s.Result(e.Host, wire.Result{Run: e.Run, Job: e.Job, Token: token, Outcome: passed}, f.now)
					if err != nil {
						b.Fatal(err)
					}
					f.seq++
					f.s.Apply(f.seq, 0, end)
					done++
				}
				place(batch)
				f.now += 0.01
				if left < 10_000 {
					b.StopTimer()
					fill()
					left += 100_000
					b.StartTimer()
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
		})
	}
}

var at = map[wire.Token]schedule.Entry{}

// BenchmarkIdle is what a round costs in which nothing can start: all hosts have free cores,
// and 200 groups of 20 users wait for equipment that somebody keeps.
func BenchmarkIdle(b *testing.B) {
	f := crowd(b, 1000)
	for i := range 100 {
		f.run("eve", wire.Run{ID: fmt.Sprintf("hold%d", i), Kind: wire.Hold}, jobs(1, wants("relay", "relay"))...)
	}
	f.place()
	for i := range 200 {
		needs := wants("relay", "relay")
		needs.Memory = int64(i) << 20
		f.submit(fmt.Sprintf("u%d", i%20), fmt.Sprintf("r%d", i), jobs(20, needs)...)
	}
	f.now += 10
	for b.Loop() {
		f.s.Place(f.view, f.now, 100)
	}
}

// BenchmarkManyRuns is what a round costs in which nothing can start, with 2,000 runs of one
// user that wait for equipment that somebody keeps.
func BenchmarkManyRuns(b *testing.B) {
	f := crowd(b, 100)
	for i := range 20 {
		f.run("eve", wire.Run{ID: fmt.Sprintf("hold%d", i), Kind: wire.Hold}, jobs(1, wants("relay"))...)
	}
	f.place()
	for i := range 2000 {
		f.submit("ci", fmt.Sprintf("r%d", i), jobs(1, wants("relay"))...)
	}
	for b.Loop() {
		f.s.Place(f.view, f.now, 100)
	}
}

// BenchmarkSnapshot saves and restores 100,000 waiting jobs.
func BenchmarkSnapshot(b *testing.B) {
	f := crowd(b, 1000)
	f.submitParts("ada", "r", crowdJobs(100_000))
	for b.Loop() {
		snapshot, err := f.s.Snapshot()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := schedule.Restore(snapshot); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(snapshot)), "bytes")
	}
}

// TestMemoryOfWaitingJobs: 100,000 waiting jobs must take less than 60 MB.
func TestMemoryOfWaitingJobs(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	s := schedule.New()
	b := host("lab-1", 4, relays(2)...)
	s.Apply(1, 0, s.Seen(b, begin))
	list := crowdJobs(1000)
	for i := range list {
		if list[i].Needs.Cores > 0 {
			list[i].Needs = wire.Needs{}
		}
	}
	for part := range 100 {
		text, err := json.Marshal(wire.Submit{
			Run: wire.Run{ID: "r", Kind: wire.Tests}, First: part * len(list), Jobs: list, Last: part == 99,
		})
		if err != nil {
			t.Fatal(err)
		}
		var m wire.Submit
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		entries, err := s.Submit("ada", false, m, begin)
		if err != nil {
			t.Fatal(err)
		}
		s.Apply(uint64(part+2), 0, entries)
	}
	took := heap() - before
	if lab := s.Lab(schedule.View{}, begin); lab.Users[0].Waiting != 100_000 {
		t.Fatalf("wanted 100,000 waiting jobs, got %d", lab.Users[0].Waiting)
	}
	if took > 60<<20 {
		t.Fatalf("wanted at most 60 MB for 100,000 waiting jobs, got %d", took)
	}
	t.Logf("100,000 waiting jobs take %d KB", took>>10)
}

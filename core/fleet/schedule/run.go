package schedule

import (
	"math"
	"slices"
	"sort"

	"avescript/core/fleet/wire"
)

// run is a run with its jobs.
type run struct {
	wire.Run
	owner     *user
	submitted float64 // when the last part came
	ended     float64
	whole     bool // all parts have come
	over      bool // all jobs have their outcome
	cancelled bool
	by        string // who cancelled
	reason    string

	jobs    []job
	groups  map[string]*group
	board   board
	waiting int        // jobs
	running int        // jobs
	share   int        // of running jobs, as claim.go counts it
	last    wire.Token // of the last claim
	done    int
	bad     int // of done
	deaths  int // attempts that were lost
}

// job is a job of a run. There are many, so it is small.
type job struct {
	name, work string
	group      *group
	token      wire.Token // of the last claim
	seconds    float32    // how long it took in the past; 0 is unknown
	state      jobState
	deaths     uint8
	answered   bool // its last claim has ended by a result of its host
}

type jobState uint8

const (
	waiting jobState = iota
	running
	finished
)

// group is the jobs of a run that have the same needs.
type group struct {
	run   *run
	key   string // in run.groups
	shape *shape
	needs wire.Needs
	queue []int32 // waiting jobs: unknown times first, then the longest first
	since float64 // since when jobs wait and nothing was given to a host
	mark  uint64  // how many claims there had been then
}

// before is the order of the queue.
func (r *run) before(a, b int32) bool {
	x, y := length(r.jobs[a].seconds), length(r.jobs[b].seconds)
	if x != y {
		return x > y
	}
	return a < b
}

// length is a time for comparisons: a job of unknown length may be the longest.
func length(seconds float32) float64 {
	if seconds == 0 {
		return math.Inf(1)
	}
	return float64(seconds)
}

// wait puts a job into the queue of its group.
func (s *State) wait(r *run, index int, time float64) {
	g, at := r.jobs[index].group, int32(index)
	if len(g.queue) == 0 {
		g.since, g.mark = time, s.claimed
	}
	place := sort.Search(len(g.queue), func(i int) bool { return r.before(at, g.queue[i]) })
	g.queue = slices.Insert(g.queue, place, at)
	r.jobs[index].state = waiting
	r.waiting++
	s.active[r] = true
}

// unwait takes a job out of the queue.
func (s *State) unwait(r *run, index int) {
	g, at := r.jobs[index].group, int32(index)
	place := sort.Search(len(g.queue), func(i int) bool { return !r.before(g.queue[i], at) })
	if place == len(g.queue) || g.queue[place] != at {
		return
	}
	if place == 0 {
		g.queue = g.queue[1:] // without moving the others
	} else {
		g.queue = slices.Delete(g.queue, place, place+1)
	}
	r.waiting--
	if r.waiting == 0 {
		delete(s.active, r)
	}
}

func (s *State) foldSubmitted(e *Entry) {
	m := e.Submit
	r := s.runs[m.Run.ID]
	if r == nil {
		r = &run{Run: m.Run, groups: map[string]*group{}, owner: s.user(m.Run.User)}
		r.owner.runs++
		s.runs[r.ID] = r
	}
	if r.whole || m.First != len(r.jobs) {
		return
	}
	r.jobs = slices.Grow(r.jobs, len(m.Jobs))
	r.owner.jobs += len(m.Jobs)
	for i := range m.Jobs {
		s.addJob(r, &m.Jobs[i], e.Time)
	}
	r.submitted = e.Time
	if m.Last {
		s.complete(r, e.Time)
	}
}

func (s *State) addJob(r *run, j *wire.Job, time float64) {
	g := s.group(r, &j.Needs, time)
	seconds := j.Seconds
	if seconds <= 0 {
		seconds = s.times.of(j.Name)
	}
	g.queue = append(g.queue, int32(len(r.jobs)))
	r.jobs = append(r.jobs, job{name: j.Name, work: string(j.Work), group: g, seconds: float32(seconds)})
}

// group finds the group for needs, or makes it.
func (s *State) group(r *run, n *wire.Needs, time float64) *group {
	key := keyOf(n, r.Kind, true)
	g := r.groups[key]
	if g == nil {
		g = &group{run: r, key: key, shape: s.shape(n, r.Kind, time), needs: *n}
		g.shape.groups++
		r.groups[key] = g
	}
	return g
}

// complete lets the jobs of a run start.
func (s *State) complete(r *run, time float64) {
	r.whole = true
	for _, g := range r.groups {
		sort.Slice(g.queue, func(i, k int) bool { return r.before(g.queue[i], g.queue[k]) })
		g.since, g.mark = time, s.claimed
	}
	r.waiting = len(r.jobs)
	if r.waiting > 0 {
		s.active[r] = true
	}
	s.note(wire.Note{Kind: wire.NoteSubmitted, Run: r.ID, Jobs: len(r.jobs), User: r.User, Title: r.Title}, time)
	s.settle(r, time)
}

func (s *State) foldCancelled(e *Entry, r *run) {
	if r.over || r.cancelled {
		return
	}
	r.cancelled, r.by, r.reason = true, e.By, e.Reason
	s.note(wire.Note{Kind: wire.NoteCancelled, Run: r.ID, By: e.By, Reason: e.Reason}, e.Time)
	for _, g := range r.groups {
		for _, index := range g.queue {
			r.jobs[index].state = finished
			r.done++
			r.bad++
			s.done++
		}
		g.queue = nil
	}
	r.waiting = 0
	delete(s.active, r)
	r.whole = true
	for i := range r.jobs {
		if c := s.claims[r.jobs[i].token]; c != nil {
			s.order(c.host, c.incarnation, wire.Order{Stop: c.stop(r.why())})
		}
	}
	s.settle(r, e.Time)
}

// why says why the jobs of a cancelled run are stopped.
func (r *run) why() string {
	if r.reason != "" {
		return r.reason
	}
	return "cancelled by " + r.by
}

// settle ends a run of which all jobs have their outcome.
func (s *State) settle(r *run, time float64) {
	if r.over || !r.whole || r.waiting > 0 || r.running > 0 {
		return
	}
	r.over, r.ended = true, time
	s.note(wire.Note{Kind: wire.NoteOver, Run: r.ID, Jobs: len(r.jobs)}, time)
	s.leaveBoard(r)
	s.strip(r)
}

// strip frees what a run that is over does not need. Only the tokens of its jobs are kept,
// because results can come again: runs are remembered for long.
func (s *State) strip(r *run) {
	for _, g := range r.groups {
		s.unshape(g.shape)
	}
	r.groups = nil
	for i, j := range r.jobs {
		r.jobs[i] = job{token: j.token, state: j.state, answered: j.answered}
	}
}

func (s *State) drop(r *run) {
	for _, g := range r.groups {
		s.unshape(g.shape)
	}
	delete(s.runs, r.ID)
	delete(s.active, r)
	r.owner.runs--
	r.owner.jobs -= len(r.jobs)
	s.leave(r.owner)
}

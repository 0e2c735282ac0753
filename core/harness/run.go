package harness

import "time"

// Run is one run of tests. The code that runs the tests sends events to it; it adds
// times, counts, and passes the events to another reporter. Files can run at the same
// time, each in a worker. A Run must be used by one goroutine only.
type Run struct {
	reporter  Reporter
	stopwatch Stopwatch
	total     tally
	files     map[place]*tally
}

// place is a file in a worker: a repeated file may run in two workers at the same time.
type place struct {
	file   string
	worker int
}

// tally is what was counted since a point in time.
type tally struct {
	Totals
	since time.Time
}

func (t *tally) finished(kind Kind, at place) Event {
	return Event{Kind: kind, File: at.file, Worker: at.worker, Seconds: time.Since(t.since).Seconds(), Totals: &t.Totals}
}

// Start begins a run of this number of test files.
func Start(r Reporter, files int) *Run { return StartShuffled(r, files, 0) }

// StartShuffled begins a run whose order was made from a seed.
func StartShuffled(r Reporter, files, seed int) *Run {
	return start(r, Event{Files: files, Seed: seed})
}

// StartAgain begins a run that has begun at a time, in seconds since the epoch, and is
// reported again or from now on.
func StartAgain(r Reporter, files int, at float64) *Run {
	return start(r, Event{Files: files, Time: at})
}

func start(r Reporter, e Event) *Run {
	run := &Run{reporter: r, total: tally{since: time.Now()}, files: map[place]*tally{}}
	e.Kind = RunStarted
	run.pass(e)
	return run
}

func (r *Run) pass(e Event) { r.reporter.Report(r.stopwatch.Time(e)) }

// UseClock has the time of tests taken by a clock, which may stand still meanwhile. Nil is
// one that does not.
func (r *Run) UseClock(c *Clock) { r.stopwatch.Clock = c }

// StartFile begins a test file in a worker, 0 if there is only one process.
func (r *Run) StartFile(name string, worker int) {
	r.files[place{name, worker}] = &tally{since: time.Now()}
	r.pass(Event{Kind: FileStarted, File: name, Worker: worker})
}

// Report counts an event of a file, and passes it on.
func (r *Run) Report(e Event) {
	if file := r.files[place{e.File, e.Worker}]; file != nil {
		file.count(e)
	}
	r.total.count(e)
	r.pass(e)
}

// Replay passes on an event that has happened elsewhere, with the times that it has. Of a
// file, first comes its FileStarted, and at last its FileFinished, which gets the totals.
func (r *Run) Replay(e Event) {
	at := place{e.File, e.Worker}
	switch e.Kind {
	case FileStarted:
		r.files[at] = &tally{}
	case FileFinished:
		if file := r.files[at]; file != nil {
			e.Totals = &file.Totals
		}
	default:
		r.Report(e)
		return
	}
	r.pass(e)
}

// FinishFile ends a file in a worker.
func (r *Run) FinishFile(name string, worker int) {
	at := place{name, worker}
	if file := r.files[at]; file != nil {
		r.pass(file.finished(FileFinished, at))
	}
}

// Totals counts what has finished in the run so far.
func (r *Run) Totals() Totals { return r.total.Totals }

// Finish ends the run.
func (r *Run) Finish() Totals {
	r.pass(r.total.finished(RunFinished, place{}))
	return r.total.Totals
}

// FinishAfter ends a run that has taken this many seconds.
func (r *Run) FinishAfter(seconds float64) Totals {
	e := r.total.finished(RunFinished, place{})
	e.Seconds = seconds
	r.pass(e)
	return r.total.Totals
}

// Stopwatch adds times to events: when they happened, and how long a finished test
// took. Times that are already set do not change. The zero value is ready to use, by
// one goroutine only.
type Stopwatch struct {
	// Clock, if it is not nil, is the one that measures how long tests take.
	Clock *Clock
	began map[int]time.Duration // the test of each worker
}

// Time returns the event with its times.
func (s *Stopwatch) Time(e Event) Event {
	if e.Time == 0 {
		e.Time = float64(time.Now().UnixMicro()) / 1e6
	}
	switch e.Kind {
	case TestStarted:
		if s.began == nil {
			s.began = map[int]time.Duration{}
		}
		s.began[e.Worker] = s.clock().Now()
	case TestFinished:
		if began, known := s.began[e.Worker]; known && e.Seconds == 0 {
			e.Seconds = (s.clock().Now() - began).Seconds()
		}
	}
	return e
}

func (s *Stopwatch) clock() *Clock {
	if s.Clock == nil {
		s.Clock = new(Clock)
	}
	return s.Clock
}

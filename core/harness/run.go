package harness

import "time"

// Run is one run of tests: it completes the events with times and totals on
// their way to the reporter. Times that an event has already are left alone.
// Files can run at once, each in a worker. It belongs to one goroutine.
type Run struct {
	reporter Reporter
	total    tally
	files    map[place]*tally
	tests    map[int]time.Time // when the test of each worker began
	last     place             // that was started last
}

// place is a file in a worker: a file that is repeated may run in two at once.
type place struct {
	file   string
	worker int
}

// tally is what has been counted since a point in time.
type tally struct {
	Totals
	since time.Time
}

func (t tally) finished(kind Kind, at place) Event {
	return Event{Kind: kind, File: at.file, Worker: at.worker, Seconds: time.Since(t.since).Seconds(), Totals: &t.Totals}
}

// Start begins a run of so many test files.
func Start(r Reporter, files int) *Run { return StartShuffled(r, files, 0) }

// StartShuffled begins a run whose order was made of a seed.
func StartShuffled(r Reporter, files, seed int) *Run {
	run := &Run{reporter: r, total: tally{since: time.Now()}, files: map[place]*tally{}, tests: map[int]time.Time{}}
	run.report(Event{Kind: RunStarted, Files: files, Seed: seed})
	return run
}

func (r *Run) report(e Event) {
	if e.Time == 0 {
		e.Time = float64(time.Now().UnixMicro()) / 1e6
	}
	r.reporter.Report(e)
}

// StartFile begins a test file. Events that name no file belong to the one that
// was started last, until it has finished.
func (r *Run) StartFile(name string) { r.StartFileIn(name, 0) }

// StartFileIn begins a test file in a worker.
func (r *Run) StartFileIn(name string, worker int) {
	r.last = place{name, worker}
	r.files[r.last] = &tally{since: time.Now()}
	r.report(Event{Kind: FileStarted, File: name, Worker: worker})
}

// Send passes on what happens in a file.
func (r *Run) Send(e Event) {
	if e.File == "" {
		e.File, e.Worker = r.last.file, r.last.worker
	}
	switch {
	case e.Kind == TestStarted:
		r.tests[e.Worker] = time.Now()
	case e.Kind == TestFinished && e.Seconds == 0:
		e.Seconds = time.Since(r.tests[e.Worker]).Seconds()
	}
	if file := r.files[place{e.File, e.Worker}]; file != nil {
		file.count(e)
	}
	r.total.count(e)
	r.report(e)
}

// FinishFile ends the file that was started last.
func (r *Run) FinishFile() { r.FinishFileIn(r.last.file, r.last.worker) }

// FinishFileIn ends a file in a worker.
func (r *Run) FinishFileIn(name string, worker int) {
	at := place{name, worker}
	if file := r.files[at]; file != nil {
		r.report(file.finished(FileFinished, at))
	}
	if r.last == at {
		r.last = place{}
	}
}

// File counts what has finished so far in the file that was started last.
func (r *Run) File() Totals { return r.files[r.last].Totals }

// FileIn counts what has finished so far in a file in a worker.
func (r *Run) FileIn(name string, worker int) Totals {
	if file := r.files[place{name, worker}]; file != nil {
		return file.Totals
	}
	return Totals{}
}

// Totals counts what has finished in the run so far.
func (r *Run) Totals() Totals { return r.total.Totals }

// Finish ends the run.
func (r *Run) Finish() Totals {
	r.report(r.total.finished(RunFinished, place{}))
	return r.total.Totals
}

package harness

import "time"

// Run is one run of tests: it completes the events with times and totals on
// their way to the reporter. Times that an event has already are left alone.
// It belongs to one goroutine.
type Run struct {
	reporter Reporter
	total    tally
	file     tally
	test     time.Time
	name     string // of the file that is running
}

// tally is what has been counted since a point in time.
type tally struct {
	Totals
	since time.Time
}

func (t tally) finished(kind Kind, file string) Event {
	return Event{Kind: kind, File: file, Seconds: time.Since(t.since).Seconds(), Totals: &t.Totals}
}

// Start begins a run of so many test files.
func Start(r Reporter, files int) *Run {
	run := &Run{reporter: r, total: tally{since: time.Now()}}
	run.report(Event{Kind: RunStarted, Files: files})
	return run
}

func (r *Run) report(e Event) {
	if e.Time == 0 {
		e.Time = float64(time.Now().UnixMicro()) / 1e6
	}
	r.reporter.Report(e)
}

// StartFile begins a test file. Events that name no file belong to it.
func (r *Run) StartFile(name string) {
	r.name, r.file = name, tally{since: time.Now()}
	r.report(Event{Kind: FileStarted, File: name})
}

// Send passes on what happens in a file.
func (r *Run) Send(e Event) {
	if e.File == "" {
		e.File = r.name
	}
	switch {
	case e.Kind == TestStarted:
		r.test = time.Now()
	case e.Kind == TestFinished && e.Seconds == 0:
		e.Seconds = time.Since(r.test).Seconds()
	}
	r.file.count(e)
	r.total.count(e)
	r.report(e)
}

// FinishFile ends the file.
func (r *Run) FinishFile() { r.report(r.file.finished(FileFinished, r.name)) }

// File counts what has finished in the file so far.
func (r *Run) File() Totals { return r.file.Totals }

// Totals counts what has finished in the run so far.
func (r *Run) Totals() Totals { return r.total.Totals }

// Finish ends the run.
func (r *Run) Finish() Totals {
	r.report(r.total.finished(RunFinished, ""))
	return r.total.Totals
}

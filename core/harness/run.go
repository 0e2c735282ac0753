package harness

import "time"

// Run is one run of tests: it completes the events with times and totals on
// their way to the reporter. It belongs to one goroutine.
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

// Start begins a run.
func Start(r Reporter) *Run {
	r.Report(Event{Kind: RunStarted})
	return &Run{reporter: r, total: tally{since: time.Now()}}
}

// StartFile begins a test file. Events that name no file belong to it.
func (r *Run) StartFile(name string) {
	r.name, r.file = name, tally{since: time.Now()}
	r.reporter.Report(Event{Kind: FileStarted, File: name})
}

// Send passes on what happens in a file.
func (r *Run) Send(e Event) {
	if e.File == "" {
		e.File = r.name
	}
	switch e.Kind {
	case TestStarted:
		r.test = time.Now()
	case TestFinished:
		e.Seconds = time.Since(r.test).Seconds()
	}
	r.file.count(e)
	r.total.count(e)
	r.reporter.Report(e)
}

// FinishFile ends the file.
func (r *Run) FinishFile() { r.reporter.Report(r.file.finished(FileFinished, r.name)) }

// File counts what has finished in the file so far.
func (r *Run) File() Totals { return r.file.Totals }

// Totals counts what has finished in the run so far.
func (r *Run) Totals() Totals { return r.total.Totals }

// Finish ends the run.
func (r *Run) Finish() Totals {
	r.reporter.Report(r.total.finished(RunFinished, ""))
	return r.total.Totals
}

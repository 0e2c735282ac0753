// Package fold makes the events of a test run from what a fleet says about it, so that the
// reports of a run in a fleet are those of a local one.
//
// A run in a fleet is a sequence of notes of the scheduler and of outputs of jobs: see
// package wire. A job may be given to a host more than once, because hosts are lost. So
// the events of a job are kept until the scheduler has said which claim counts, and then
// passed on together, as those of one file in one worker. Until then what runs is only
// shown. Of a claim that was lost nothing counts; the test that was running is reported as
// an attempt, and its next attempt is numbered after it.
//
// Notes can come twice. An output can come before the note that its job has started,
// because two programs send them.
package fold

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/harness/workers"
)

// Options say what is known of a run, and where things go. All of them may be missing.
type Options struct {
	Jobs []wire.Job        // as they were submitted
	Name map[string]string // how the user has named a file, if it is not as on the hosts

	Live     func(harness.Event)                                         // shows what runs and does not count yet
	Say      func(string)                                                // for people: about a job that was lost
	Artifact func(claim wire.Token, a harness.Artifact) harness.Artifact // where an artifact is on this machine
}

// Fold is one run. It must be used by one goroutine.
type Fold struct {
	Options
	run     *harness.Run
	jobs    map[int]*job
	claims  map[wire.Token]*claim
	slots   []bool  // the numbers of workers that are in use, from 1
	since   float64 // when the run was submitted, or the time of the first note that is kept
	count   int     // how many jobs the run has, if that is known
	until   float64 // when it was over
	last    wire.Token
	at      map[string]bool // the notes of last
	quiet   bool            // see Stop
	over    bool
	because string // the run was cancelled
}

// job is a job of the run.
type job struct {
	index  int
	name   string
	file   string
	needs  wire.Needs
	since  float64 // when it began to wait
	waited float64 // seconds, before the last claim
	worker int
	claim  *claim // the last one
	lost   []*lost
	said   string // about claims that were lost while no test was running
	done   bool
}

// lost is an attempt of the test that was running when a claim was lost.
type lost struct {
	harness.Event
	claim  wire.Token
	passed bool
}

// claim is a job on a host.
type claim struct {
	token   wire.Token
	host    string
	started float64
	pieces  []string
	next    int // the number of the next output
	missing int // how many outputs have not come
	events  []harness.Event
	running *harness.Event
	kept    int  // how many of the events count if the run was stopped without a failure; -1 is all
	gone    bool // it has ended, and the job went back into the queue
	log     strings.Builder
}

// New folds a run into the events of a harness.Run.
func New(run *harness.Run, o Options) *Fold {
	return &Fold{Options: o, run: run, jobs: map[int]*job{}, claims: map[wire.Token]*claim{}}
}

// Over reports whether all jobs have their outcome.
func (f *Fold) Over() bool { return f.over }

// Seconds is how long the run has taken, from its submission to its end.
func (f *Fold) Seconds() float64 { return max(0, f.until-f.since) }

// Cancelled says by whom and why the run was cancelled, or "".
func (f *Fold) Cancelled() string { return f.because }

// Cancel says that this process has cancelled the run, and why: that is what the tests that
// were running say, if their hosts do not.
func (f *Fold) Cancel(why string) { f.because = why }

// Stop says that the run is stopped without a failure: what happens from now on does not
// count, except that something could not be cleaned up.
func (f *Fold) Stop() {
	f.quiet = true
	for _, c := range f.claims {
		if c.kept < 0 {
			c.kept = len(c.events)
		}
	}
}

// Note takes a note of the scheduler.
func (f *Fold) Note(n wire.Note) {
	if f.seen(n) {
		return
	}
	f.count = max(f.count, n.Jobs)
	if f.since == 0 {
		f.since = n.Time
	}
	switch n.Kind {
	case wire.NoteStarted:
		f.started(n)
	case wire.NoteReturned:
		f.returned(n)
	case wire.NoteFinished:
		f.finished(n)
	case wire.NoteCancelled:
		if f.because == "" {
			f.because = cancelled(n)
		}
	case wire.NoteOver:
		f.until = n.Time
		f.reportMissing()
		f.over = true
	}
}

// seen reports whether a note has come before. Notes come in the order of the ledger, and
// after a gap the hub sends some of them again.
func (f *Fold) seen(n wire.Note) bool {
	if n.Place.Less(f.last) {
		return true
	}
	if n.Place != f.last || f.at == nil {
		f.last, f.at = n.Place, map[string]bool{}
	}
	key := fmt.Sprintf("%s %d", n.Kind, n.Job)
	if f.at[key] {
		return true
	}
	f.at[key] = true
	return false
}

func cancelled(n wire.Note) string {
	switch {
	case n.Reason == "":
		return "cancelled by " + n.By
	case n.By == "":
		return n.Reason
	}
	return fmt.Sprintf("cancelled by %s: %s", n.By, n.Reason)
}

func (f *Fold) job(index int, name string) *job {
	j := f.jobs[index]
	if j == nil {
		j = &job{index: index, since: f.since}
		f.jobs[index] = j
		if index < len(f.Jobs) {
			known := f.Jobs[index]
			j.name, j.needs = known.Name, known.Needs
			var work workers.Job
			if json.Unmarshal(known.Work, &work) == nil {
				j.file = work.File
			}
		}
	}
	if j.name == "" {
		j.name = name
	}
	if j.file == "" && j.name != "" {
		j.file = withoutLine(j.name)
	}
	return j
}

// withoutLine is the file of FILE:LINE.
func withoutLine(name string) string {
	file, isLine := strings.CutSuffix(strings.TrimRight(name, "0123456789"), ":")
	if !isLine || strings.HasSuffix(name, ":") {
		return name
	}
	return file
}

func (j *job) String() string {
	if j.name == "" {
		return fmt.Sprintf("job %d", j.index)
	}
	return j.name
}

func (f *Fold) claim(token wire.Token, host string) *claim {
	c := f.claims[token]
	if c == nil {
		c = &claim{token: token, kept: -1}
		if f.quiet {
			c.kept = 0
		}
		f.claims[token] = c
	}
	if c.host == "" {
		c.host = host
	}
	return c
}

func (f *Fold) started(n wire.Note) {
	j := f.job(n.Job, n.Name)
	c := f.claim(n.Token, n.Host)
	c.started, c.pieces = n.Time, n.Pieces
	j.waited = n.Time - cmp.Or(j.since, f.since)
	f.begin(j, c)
}

// begin makes a claim that of the job.
func (f *Fold) begin(j *job, c *claim) {
	if j.done || j.claim == c || j.claim != nil && c.token.Less(j.claim.token) {
		return
	}
	if j.claim != nil {
		delete(f.claims, j.claim.token)
	}
	j.claim = c
	if j.worker == 0 {
		j.worker = f.take()
	}
}

// take takes the lowest number of a worker that is free.
func (f *Fold) take() int {
	for i, used := range f.slots {
		if !used {
			f.slots[i] = true
			return i + 1
		}
	}
	f.slots = append(f.slots, true)
	return len(f.slots)
}

func (f *Fold) free(j *job) {
	if j.worker > 0 {
		f.slots[j.worker-1] = false
	}
	j.worker = 0
}

// Output takes what a job has said.
func (f *Fold) Output(said wire.Said) {
	j := f.job(said.Job, "")
	if j.done || j.claim != nil && said.Token.Less(j.claim.token) {
		return // of a host that was cut off
	}
	c := f.claim(said.Token, said.Host)
	if c.gone || said.N < c.next {
		return // it came too late, or twice
	}
	c.missing += said.N - c.next // the hub keeps them for some time only
	c.next = said.N + 1
	f.begin(j, c)
	c.log.WriteString(said.Log)
	for _, e := range said.Events {
		f.happened(j, c, e)
	}
}

func (f *Fold) happened(j *job, c *claim, e harness.Event) {
	switch e.Kind {
	case harness.RunStarted, harness.RunFinished:
		return
	case harness.TestStarted:
		c.running = &e
	case harness.TestFinished:
		c.running = nil
	}
	if j.file == "" {
		j.file = e.File
	}
	c.events = append(c.events, e)
	if f.Live != nil {
		switch e.Kind {
		case harness.TestStarted, harness.TestFinished:
			f.Live(f.placed(j, c, e))
		}
	}
}

// placed is an event with the file, the worker and the host that reports show.
func (f *Fold) placed(j *job, c *claim, e harness.Event) harness.Event {
	e.File, e.Worker, e.Host = f.fileOf(j), j.worker, ""
	if c != nil {
		e.Host = c.host
	}
	return e
}

func (f *Fold) fileOf(j *job) string {
	if name, ok := f.Name[j.file]; ok {
		return name
	}
	return j.file
}

func (f *Fold) say(format string, args ...any) {
	if f.Say != nil {
		f.Say(fmt.Sprintf(format, args...))
	}
}

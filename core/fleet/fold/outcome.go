package fold

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/harness/workers"
)

// leastWait is how long, in seconds, a job must have waited for equipment for the report to
// say so.
const leastWait = 0.5

// returned takes a job back into the queue.
func (f *Fold) returned(n wire.Note) {
	j := f.job(n.Job, n.Name)
	c := f.claim(n.Token, n.Host)
	j.since = n.Time
	if j.done || c.gone || j.claim != nil && j.claim != c {
		return
	}
	c.gone = true
	outcome := outcomeOf(n)
	if outcome.Status != wire.Busy {
		f.say("%s: %s", j, why(c.host, outcome))
		if c.running != nil {
			e := lostAttempt(c, n.Time, why(c.host, outcome))
			e.Attempt = 1 + j.lostBefore(e)
			j.lost = append(j.lost, &lost{Event: e, claim: c.token})
		} else {
			j.said += why(c.host, outcome) + "\n"
		}
	}
	if f.Live != nil && c.running != nil {
		f.Live(f.placed(j, c, harness.Event{Kind: harness.TestFinished, Attempt: 1}))
	}
	f.free(j)
}

func outcomeOf(n wire.Note) wire.Outcome {
	if n.Outcome == nil {
		return wire.Outcome{}
	}
	return *n.Outcome
}

// why says what happened to a job that runs again.
func why(host string, o wire.Outcome) string {
	what := o.Message
	switch o.Status {
	case wire.Lost:
		return fmt.Sprintf("host %s was lost; the job was given to another host", host)
	case wire.Died:
		what = "the process of the job died"
	case wire.Broken:
		what = "the job could not be started"
	}
	if o.Message != "" && what != o.Message {
		what += ": " + o.Message
	}
	return fmt.Sprintf("on host %s %s; the job was given away again", host, cmp.Or(what, "the job did not end"))
}

// lostAttempt is the attempt of the test that was running when its claim was lost. It does
// not count.
func lostAttempt(c *claim, at float64, message string) harness.Event {
	e := c.running.Broken(message)
	e.Last, e.Died, e.Host = false, true, c.host
	e.Time, e.Seconds = at, max(0, at-c.running.Time)
	return e
}

// lostBefore is how many attempts of a test were lost.
func (j *job) lostBefore(e harness.Event) (n int) {
	for _, l := range j.lost {
		if l.Key() == e.Key() {
			n++
		}
	}
	return n
}

// finished passes on the events of a job.
func (f *Fold) finished(n wire.Note) {
	j := f.job(n.Job, n.Name)
	if j.done {
		return
	}
	j.done = true
	o := outcomeOf(n)
	c := j.claim
	if known := f.claims[n.Token]; known != nil && !n.Token.IsZero() {
		c = known
	}
	if events := f.result(j, c, o); len(events) > 0 {
		f.pass(j, c, n, events)
	}
	f.free(j)
	if c != nil {
		delete(f.claims, c.token)
	}
	j.claim, j.lost = nil, nil
}

// result is what a job has done, by its outcome: events without a place. It is empty if the
// job has not begun and this does not count as a failure.
func (f *Fold) result(j *job, c *claim, o wire.Outcome) []harness.Event {
	var events []harness.Event
	if c != nil {
		events = slices.Clone(c.events)
		if c.kept >= 0 {
			uncleaned := slices.DeleteFunc(slices.Clone(c.events[c.kept:]), func(e harness.Event) bool { return !e.Uncleaned })
			events = append(events[:c.kept:c.kept], uncleaned...)
		}
	}
	bad := slices.ContainsFunc(events, harness.Event.Bad)
	switch {
	case o.Status == wire.Done && c != nil && c.missing > 0 && !f.quiet:
		return append(events, incomplete("%d messages of host %s are not kept any more: the results are incomplete", c.missing, c.host))
	case o.Status == wire.Done && (c == nil || c.next == 0) && !f.quiet: // a job says at least that its file has begun
		return append(events, incomplete("what this job has said is not kept any more: the results are missing"))
	case o.Status == wire.Done && !o.Passed && !bad && !f.quiet:
		o.Message = cmp.Or(o.Message, "the host says that tests have failed, but does not say which")
		return append(events, f.broken(j, c, o))
	case o.Status == wire.Done, f.quiet:
		return events
	case o.Status == wire.Stopped && (c == nil || len(c.events) == 0):
		return nil
	case o.Status == wire.Stopped && c.running == nil:
		return events
	}
	return append(events, f.broken(j, c, o))
}

// incomplete is the failure of a job, or of the run, of which not all is kept.
func incomplete(format string, args ...any) harness.Event {
	message := fmt.Sprintf(format, args...)
	return harness.Event{Kind: harness.BlockFailed, Status: harness.Error, Problems: []harness.Problem{{Message: message}}}
}

// reportMissing reports the jobs whose outcome has not come, though the run is over: the hub
// keeps what is said for some time only. Of a run that was cancelled, jobs that have not
// begun have none.
func (f *Fold) reportMissing() {
	if f.over || f.because != "" || f.quiet {
		return
	}
	nameless := 0
	for index := range f.count {
		j := f.job(index, "")
		switch {
		case j.done:
		case j.file == "":
			nameless++
		default:
			j.done = true
			f.pass(j, nil, wire.Note{Time: f.until}, []harness.Event{incomplete("the result of this job is not kept any more")})
			f.free(j)
		}
	}
	if nameless > 0 {
		f.run.Report(incomplete("the results of %d of %d jobs are not kept any more", nameless, f.count))
	}
}

// broken is the failure of a job that did not end by itself: of the test that was running,
// or else of the rest of the file.
func (f *Fold) broken(j *job, c *claim, o wire.Outcome) harness.Event {
	message := cmp.Or(o.Message, "the job did not end: "+o.Status)
	switch o.Status {
	case wire.SetAside:
		message = "the job was set aside: " + cmp.Or(o.Message, fmt.Sprintf("it was lost with its host or its process %d times", wire.MostDeaths))
	case wire.Stopped:
		message = (&workers.End{Why: cmp.Or(o.Message, f.because, "the run was cancelled")}).Message() + "; " + workers.NotCleaned
	}
	e := harness.Event{Kind: harness.BlockFailed, Status: harness.Error, Problems: []harness.Problem{{Message: message}}}
	if c == nil {
		return e
	}
	if c.running != nil {
		e = c.running.Broken(message)
		j.lost = slices.DeleteFunc(j.lost, func(l *lost) bool { return l.claim == c.token }) // this one counts
	}
	e.Output, e.Died = harness.Text(c.log.String()), true
	return e
}

// pass passes on the events of a job as those of a file.
func (f *Fold) pass(j *job, c *claim, n wire.Note, events []harness.Event) {
	if j.worker == 0 {
		j.worker = f.take()
	}
	began, ended := f.span(c, n, events)
	f.run.Replay(f.placed(j, c, harness.Event{Kind: harness.FileStarted, Time: began}))
	before := j.said + f.waited(j, c)
	for _, e := range events {
		if e.Kind == harness.FileStarted || e.Kind == harness.FileFinished {
			continue
		}
		f.passLost(j, e)
		e = f.numbered(j, e)
		if e.Kind == harness.TestFinished && before != "" {
			e.Output, before = before+e.Output, ""
		}
		for i, a := range e.Artifacts {
			if i == 0 {
				e.Artifacts = slices.Clone(e.Artifacts)
			}
			if f.Artifact != nil && c != nil {
				e.Artifacts[i] = f.Artifact(c.token, a)
			}
		}
		f.run.Replay(f.placed(j, c, e))
	}
	f.run.Replay(f.placed(j, c, harness.Event{Kind: harness.FileFinished, Time: ended, Seconds: max(0, ended-began)}))
}

// span is when a job began and ended, by the clock of its host if that has said so.
func (f *Fold) span(c *claim, n wire.Note, events []harness.Event) (began, ended float64) {
	if c == nil {
		return n.Time, n.Time
	}
	began, ended = cmp.Or(c.started, n.Time), n.Time
	if o := outcomeOf(n); o.Seconds > 0 {
		began = ended - o.Seconds
	}
	for _, e := range events {
		switch {
		case e.Time == 0:
		case e.Kind == harness.FileStarted:
			began = e.Time
		case e.Kind == harness.FileFinished:
			ended = e.Time
		}
	}
	return began, max(began, ended)
}

// passLost passes on the attempts of a test that were lost, before its own.
func (f *Fold) passLost(j *job, e harness.Event) {
	if e.Kind != harness.TestStarted || e.Attempt > 1 {
		return
	}
	for _, l := range j.lost {
		if l.passed || l.Key() != e.Key() {
			continue
		}
		l.passed = true
		attempt := l.Event
		attempt.File, attempt.Worker = f.fileOf(j), j.worker
		began := attempt
		began.Kind, began.Status, began.Problems, began.Died = harness.TestStarted, "", nil, false
		began.Time, began.Seconds = attempt.Time-attempt.Seconds, 0
		f.run.Replay(began)
		f.run.Replay(attempt)
	}
}

// numbered counts the attempts of a test from those that were lost on.
func (f *Fold) numbered(j *job, e harness.Event) harness.Event {
	if e.Kind != harness.TestStarted && e.Kind != harness.TestFinished {
		return e
	}
	if lost := j.lostBefore(e); lost > 0 {
		e.Last = e.Kind == harness.TestFinished && e.Counts()
		e.Attempt = max(1, e.Attempt) + lost
	}
	return e
}

// waited says what a job has waited for, as the first line of the output of its first test.
func (f *Fold) waited(j *job, c *claim) string {
	if c == nil || j.waited < leastWait {
		return ""
	}
	what := c.pieces
	if len(j.needs.Equipment) > 0 {
		what = nil
		for _, want := range j.needs.Equipment {
			what = append(what, want.Name)
		}
	}
	if len(what) == 0 {
		return ""
	}
	return fmt.Sprintf("waited %.1f s for %s on %s\n", j.waited, strings.Join(what, ", "), c.host)
}

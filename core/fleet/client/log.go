package client

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/printable"
)

// LogOptions say what of a run is printed.
type LogOptions struct {
	Run    string // its ID
	Job    string // the name of a job, or its number; "" is all
	Follow bool   // go on until the run is over
}

// Log prints what was said about a run as text, in the order in which it was said: the
// decisions of the scheduler, the tests with their output, and what the hosts say.
func Log(ctx context.Context, l *link.Link, o LogOptions, to io.Writer) error {
	if err := checkKnown(ctx, l, o.Run); err != nil {
		return err
	}
	p := &logPrinter{to: to, job: o.Job, names: map[int]string{}, said: map[saidNote]bool{}, next: map[wire.Token]int{}}
	return Follow(ctx, l, o.Run, func(t Told) bool {
		over := p.told(t)
		return !over && (o.Follow || t.Pending > 0)
	})
}

// logPrinter prints what is told.
type logPrinter struct {
	to    io.Writer
	job   string
	names map[int]string // of the jobs
	begun bool
	said  map[saidNote]bool  // a leader that takes over says some things again
	next  map[wire.Token]int // the number of the next output of a claim
}

type saidNote struct {
	place wire.Token
	kind  string
	job   int
}

func (p *logPrinter) told(t Told) (over bool) {
	for _, n := range t.Notes {
		if !p.begun && n.Kind != wire.NoteSubmitted {
			fmt.Fprintln(p.to, "the beginning is not kept any more")
		}
		p.begun = true
		if n.Name != "" {
			p.names[n.Job] = n.Name
		}
		key := saidNote{n.Place, n.Kind, n.Job}
		if !p.said[key] {
			p.note(n)
		}
		p.said[key] = true
		over = over || n.Kind == wire.NoteOver
	}
	if t.Output != nil && p.wants(t.Output.Job) {
		p.output(*t.Output)
	}
	return over
}

func (p *logPrinter) wants(job int) bool {
	return p.job == "" || p.job == fmt.Sprint(job) || p.job == p.names[job]
}

func (p *logPrinter) nameOf(job int) string {
	if name := p.names[job]; name != "" {
		return printable.Line(name)
	}
	return fmt.Sprintf("job %d", job)
}

func (p *logPrinter) note(n wire.Note) {
	var text string
	switch n.Kind {
	case wire.NoteSubmitted:
		text = strings.Replace(fmt.Sprintf("submitted by %s: %d jobs", cmp.Or(n.User, "somebody"), n.Jobs), " 1 jobs", " 1 job", 1)
	case wire.NoteCancelled:
		text = strings.TrimSuffix(fmt.Sprintf("cancelled by %s: %s", n.By, printable.Line(n.Reason)), ": ")
	case wire.NoteOver:
		text = "over"
	case wire.NoteStarted, wire.NoteReturned, wire.NoteFinished:
		if !p.wants(n.Job) {
			return
		}
		text = p.nameOf(n.Job) + ": " + p.decided(n)
	default:
		return
	}
	fmt.Fprintf(p.to, "%s %s\n", clock(n.Time), text)
}

func (p *logPrinter) decided(n wire.Note) string {
	if n.Kind == wire.NoteStarted {
		text := "given to " + n.Host
		if n.Attempt > 1 {
			text += fmt.Sprintf(", attempt %d", n.Attempt)
		}
		for _, piece := range n.Pieces {
			text += ", with " + printable.Line(piece)
		}
		return text
	}
	text := "finished"
	if n.Kind == wire.NoteReturned {
		text = "goes back into the queue"
	}
	if n.Outcome == nil {
		return text
	}
	text += ": " + n.Outcome.Status
	if n.Outcome.Status == wire.Done && !n.Outcome.Passed {
		text += ", tests have failed"
	}
	if n.Outcome.Message != "" {
		text += ": " + printable.Lines(n.Outcome.Message, "  ")
	}
	return text
}

func (p *logPrinter) output(said wire.Said) {
	if missing := said.N - p.next[said.Token]; missing > 0 {
		fmt.Fprintf(p.to, "%s on %s: %d messages are not kept any more\n", p.nameOf(said.Job), said.Host, missing)
	}
	p.next[said.Token] = max(p.next[said.Token], said.N+1)
	if said.Log != "" {
		fmt.Fprintf(p.to, "%s on %s: %s\n", p.nameOf(said.Job), said.Host, printable.Lines(strings.TrimRight(said.Log, "\n"), "  "))
	}
	for _, e := range said.Events {
		p.event(said, e)
	}
}

func (p *logPrinter) event(said wire.Said, e harness.Event) {
	if e.Kind != harness.TestFinished && e.Kind != harness.BlockFailed {
		return
	}
	name := e.FullName()
	if name == "" {
		name = p.nameOf(said.Job)
	}
	fmt.Fprintf(p.to, "%s %s on %s: %s\n", clock(e.Time), p.nameOf(said.Job), said.Host, strings.TrimSpace(fmt.Sprintf("%s %s", e.Status, printable.Line(name))))
	for _, problem := range e.Problems {
		fmt.Fprintf(p.to, "  %s\n", printable.Lines(problem.Message, "  "))
	}
	if e.Output != "" {
		fmt.Fprintf(p.to, "  | %s\n", printable.Lines(strings.TrimRight(e.Output, "\n"), "  | "))
	}
}

// clock is a time of day.
func clock(seconds float64) string {
	return time.UnixMicro(int64(seconds * 1e6)).Format("15:04:05")
}

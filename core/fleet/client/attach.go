package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"avescript/core/fleet/fold"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/harness/report"
	"avescript/core/printable"
)

// AttachOptions say what is made of a run that somebody else has submitted, or this user
// earlier.
type AttachOptions struct {
	Run       string // its ID
	Reports   []string
	Artifacts string // directory that artifacts are copied to; "" leaves them at the hub
	Stdout    io.Writer
	Stderr    io.Writer
	View      report.View // of Stdout
}

// ErrFailed means that tests of the run have failed, or that it was cancelled. The report
// has said so.
var ErrFailed = errors.New("the run has failed")

// Attach shows a run from its beginning, and goes on until it is over. When ctx ends, it
// leaves the run, which goes on.
func Attach(ctx context.Context, l *link.Link, o AttachOptions) error {
	if o.Artifacts != "" {
		if err := os.MkdirAll(o.Artifacts, 0o777); err != nil {
			return fmt.Errorf("directory for artifacts: %w", err)
		}
	}
	if err := checkKnown(ctx, l, o.Run); err != nil {
		return err
	}
	a := &attached{AttachOptions: o, downloads: downloader{link: l, dir: o.Artifacts}, places: map[string]wire.Saved{}}
	err := Follow(ctx, l, o.Run, func(t Told) bool { return a.told(ctx, t) })
	if a.reports != nil {
		if a.fold.Over() {
			err = errors.Join(err, a.finish())
		}
		if closed := a.reports.Close(); closed != nil {
			err = errors.Join(err, closed)
		}
	}
	return errors.Join(err, a.wrong)
}

// attached is a run that is shown. Its reports are opened when it is known how many jobs
// there are.
type attached struct {
	AttachOptions
	downloads downloader
	places    map[string]wire.Saved
	reports   *report.Set
	run       *harness.Run
	fold      *fold.Fold
	early     []wire.Said // what has come before the first note
	wrong     error
}

func (a *attached) told(ctx context.Context, t Told) (more bool) {
	for _, n := range t.Notes {
		if a.fold == nil {
			if a.wrong = a.begin(n); a.wrong != nil {
				return false
			}
		}
		if a.fold.Note(n); a.fold.Over() {
			return false
		}
	}
	if t.Output == nil {
		return true
	}
	for _, saved := range a.downloads.get(ctx, *t.Output) {
		a.places[saved.Token.String()+" "+saved.Path] = saved
	}
	if a.fold == nil {
		a.early = append(a.early, *t.Output)
	} else {
		a.fold.Output(*t.Output)
	}
	return true
}

// begin opens the reports at the first note.
func (a *attached) begin(n wire.Note) (err error) {
	if n.Kind != wire.NoteSubmitted {
		fmt.Fprintf(a.Stderr, "the beginning of run %s is not kept any more: its reports are incomplete\n", a.Run)
	}
	if a.reports, err = report.Open(a.Reports, a.Stdout, a.View); err != nil {
		return err
	}
	a.run = harness.StartAgain(a.reports, n.Jobs, n.Time)
	a.fold = fold.New(a.run, fold.Options{Live: a.reports.Live, Say: a.reports.Say, Artifact: a.artifact})
	for _, said := range a.early {
		a.fold.Output(said)
	}
	a.early = nil
	return nil
}

func (a *attached) artifact(claim wire.Token, artifact harness.Artifact) harness.Artifact {
	saved, ok := a.places[claim.String()+" "+artifact.Path]
	switch {
	case !ok && a.Artifacts == "":
	case !ok:
		artifact.Missing = "it did not come from the host"
	case saved.Error != "":
		artifact.Missing = saved.Error
	default:
		artifact.Path = saved.Local
	}
	return artifact
}

func (a *attached) finish() error {
	cancelled := a.fold.Cancelled()
	if a.run.Totals().Tests() == 0 && cancelled == "" {
		a.run.Report(harness.Event{Kind: harness.BlockFailed, Status: harness.Error, Problems: []harness.Problem{{Message: harness.NothingToRun}}})
	}
	passed := a.run.FinishAfter(a.fold.Seconds()).Bad() == 0
	if cancelled != "" {
		fmt.Fprintln(a.Stderr, "the run was "+printable.Line(cancelled))
		passed = false
	}
	if !passed {
		return ErrFailed
	}
	return nil
}

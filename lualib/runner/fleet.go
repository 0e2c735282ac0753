package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"avescript/core/coverage"
	"avescript/core/fleet/fold"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/harness/history"
	"avescript/core/harness/report"
	"avescript/core/harness/workers"
	"avescript/core/printable"
	"avescript/lualib/script"
	"avescript/lualib/suite"
)

// Fleet says how tests run on the hosts of a lab.
type Fleet struct {
	// Submit is a program that submits a run, as wire.Submission says: "avelab submit".
	Submit func() (*exec.Cmd, error)

	Data     []string // more files and directories that go along
	Detach   bool     // leave the run when it is submitted
	Priority int      // higher is earlier
	Patience float64  // seconds to wait for equipment that no host has now; 0 is not to wait
	Version  string   // of this program
}

// checkFleet returns errors for options that do not go together with a fleet.
func (o *Options) checkFleet() (wrong []error) {
	if o.Fleet == nil {
		return nil
	}
	for _, flag := range []struct {
		name string
		set  bool
	}{
		{"--list", o.List}, {"--debug-on-failure", o.Debug}, {"--update", o.Update}, {"--watch", o.Watch},
	} {
		if flag.set {
			wrong = append(wrong, fmt.Errorf("%s cannot be used with --fleet: remove one", flag.name))
		}
	}
	return wrong
}

// fleetRun is a run on the hosts of a lab.
type fleetRun struct {
	*runner
	opts    suite.Options
	sent    wire.Submission
	names   map[string]string // of the files, as the user named them
	harness *harness.Run      // nil until the run is submitted
	fold    *fold.Fold
	reports *report.Set
	saved   map[string]wire.Saved
	places  map[string]string // where copies of artifacts have gone
}

// runInFleet runs the jobs on the hosts of a lab.
func (r *runner) runInFleet(ctx context.Context, jobs []workers.Job, opts suite.Options, reports *report.Set, past *history.History) (passed bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := &fleetRun{runner: r, opts: opts, reports: reports, saved: map[string]wire.Saved{}, places: map[string]string{}}
	if err := f.prepare(ctx, jobs, past); err != nil {
		return false, err
	}
	if f.sent.Artifacts, err = os.MkdirTemp("", "avefleet"); err != nil {
		return false, err
	}
	defer os.RemoveAll(f.sent.Artifacts)
	if r.Fleet.Detach {
		return f.detach(ctx)
	}
	if opts.FailFast {
		f.opts.Reporter = harness.Reporters{opts.Reporter, reporterFunc(func(e harness.Event) {
			if e.Bad() {
				cancel(workers.ErrStopped)
			}
		})}
	}
	submitter, err := f.start()
	if err != nil {
		return false, f.problem(ctx, err)
	}
	defer submitter.end()
	if err = f.follow(ctx, submitter); err != nil && f.harness == nil {
		return false, f.problem(ctx, err)
	}
	return f.finish(ctx, err)
}

// finish completes the reports.
func (f *fleetRun) finish(ctx context.Context, err error) (passed bool, _ error) {
	if f.harness.Totals().Tests() == 0 && err == nil && f.fold.Cancelled() == "" {
		f.harness.Report(harness.Event{Kind: harness.BlockFailed, Status: harness.Error, Problems: []harness.Problem{{Message: harness.NothingToRun}}})
	}
	passed = f.harness.Finish().Bad() == 0
	if why := f.fold.Cancelled(); why != "" && ctx.Err() == nil {
		f.warn("avescript: the run was " + printable.Line(why))
		passed = false
	}
	switch {
	case err == nil, errors.Is(err, workers.ErrStopped):
		return passed, nil
	}
	return false, f.problem(ctx, err)
}

// problem says what went wrong with the fleet: it is no mistake on the command line.
func (f *fleetRun) problem(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	f.warn("avescript: " + err.Error())
	return script.ErrFailed
}

// prepare makes what is submitted.
func (f *fleetRun) prepare(ctx context.Context, jobs []workers.Job, past *history.History) error {
	c, err := f.codeOf(jobs, f.opts, f.warn)
	if err != nil {
		return err
	}
	defer c.modules.Close()
	if f.sent.Jobs, err = f.fleetJobs(ctx, jobs, f.opts, past, c); err != nil {
		return err
	}
	f.names = map[string]string{}
	for _, j := range jobs {
		file, err := c.below(j.File)
		if err != nil {
			return err
		}
		f.names[file] = j.File
	}
	f.opts.Line, f.opts.Workspaces = os.Args, ""
	setup, err := json.Marshal(f.opts)
	if err != nil {
		return err
	}
	f.sent.Root, f.sent.Files, f.sent.Program = c.root, c.list(), fmt.Sprintf("/proc/%d/exe", os.Getpid())
	f.sent.Run = wire.Run{
		ID: wire.NewRunID(), Kind: wire.Tests, Title: title(c.root),
		Priority: f.Fleet.Priority, Patience: f.Fleet.Patience, Version: f.Fleet.Version, Setup: setup,
	}
	if dir := os.Getenv(coverage.Variable); dir != "" {
		choice, err := coverage.ChoiceOf(dir)
		if err != nil {
			return err
		}
		choice.Root = "."
		f.sent.Run.Measure = true
		f.sent.Run.Coverage, err = json.Marshal(choice)
		return err
	}
	return nil
}

// begin begins the reports when the run is submitted.
func (f *fleetRun) begin() {
	f.harness = harness.StartShuffled(f.opts.Reporter, len(f.sent.Jobs), f.opts.Seed)
	f.fold = fold.New(f.harness, fold.Options{
		Jobs: f.sent.Jobs, Name: f.names, Live: f.reports.Live, Say: f.reports.Say, Artifact: f.artifact,
	})
}

// detach submits the run and leaves it.
func (f *fleetRun) detach(ctx context.Context) (passed bool, err error) {
	f.sent.Detach, f.sent.Artifacts = true, ""
	submitter, err := f.start()
	if err != nil {
		return false, f.problem(ctx, err)
	}
	defer submitter.end()
	for {
		select {
		case line, ok := <-submitter.lines:
			if !ok {
				return false, f.problem(ctx, submitter.failed())
			}
			if line.Error != "" {
				return false, f.problem(ctx, errors.New(printable.Lines(line.Error, "")))
			}
			if line.Note != nil && line.Note.Kind == wire.NoteSubmitted {
				fmt.Fprintf(f.Stdout, "%s\n", f.sent.Run.ID)
				return true, nil
			}
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
}

// follow takes what the submitter says until the run is over, or somebody wants to leave.
// When ctx ends, the run is cancelled, and the hosts clean up.
func (f *fleetRun) follow(ctx context.Context, s *submitter) error {
	ended := ctx.Done()
	for f.harness == nil || !f.fold.Over() {
		select {
		case line, ok := <-s.lines:
			if !ok {
				return s.failed()
			}
			if line.Error != "" {
				return errors.New(printable.Lines(line.Error, ""))
			}
			f.take(line)
		case <-ended:
			ended = nil
			end := workers.EndOf(ctx)
			if f.harness != nil {
				f.fold.Cancel(end.Why)
			}
			if f.harness != nil && end.Quiet {
				f.fold.Stop()
			}
			s.cancel(wire.Cancel{Run: f.sent.Run.ID, Reason: end.Why})
		case <-f.opts.AtOnce:
			f.warn(fmt.Sprintf("\navescript: left run %s, whose hosts clean up; follow it by 'avescript lab attach %s'", f.sent.Run.ID, f.sent.Run.ID))
			return context.Cause(ctx)
		}
	}
	return context.Cause(ctx)
}

// title is what people see of a run in a list: the project and the command line.
func title(root string) string {
	return filepath.Base(root) + ": " + strings.Join(os.Args[min(1, len(os.Args)):], " ")
}

// take takes what was said about the run.
func (f *fleetRun) take(line wire.Line) {
	if (line.Note != nil || line.Output != nil) && f.harness == nil { // an output may come before all notes
		f.begin()
	}
	switch {
	case line.Note != nil:
		f.fold.Note(*line.Note)
	case line.Output != nil:
		f.fold.Output(*line.Output)
	case line.Say != "":
		f.reports.Say(line.Say)
	}
	for _, saved := range line.Kept {
		if saved.Kind == wire.ArtifactCoverage {
			f.mergeCoverage(saved)
			continue
		}
		f.saved[savedKey(saved.Token, saved.Path)] = saved
	}
}

func savedKey(claim wire.Token, path string) string { return claim.String() + " " + path }

// mergeCoverage adds what was counted on a host to what is counted here.
func (f *fleetRun) mergeCoverage(saved wire.Saved) {
	dir := os.Getenv(coverage.Variable)
	if dir == "" {
		return
	}
	problem := saved.Error
	if problem == "" {
		if err := coverage.Merge(dir, saved.Local); err != nil {
			problem = err.Error()
		}
	}
	if problem != "" {
		f.reports.Say("the coverage of a job is missing: " + problem)
	}
}

// artifact puts the copy of an artifact where it is after a local run.
func (f *fleetRun) artifact(claim wire.Token, a harness.Artifact) harness.Artifact {
	key := savedKey(claim, a.Path)
	saved, ok := f.saved[key]
	switch {
	case !ok:
		a.Missing = cmp.Or(a.Missing, "it did not come from the host")
		return a
	case saved.Error != "":
		a.Missing = cmp.Or(a.Missing, saved.Error)
		return a
	}
	if f.places[key] == "" {
		place, err := f.placeFor(a)
		if err == nil {
			err = moveInto(saved.Local, place)
		}
		if err != nil {
			a.Missing = cmp.Or(a.Missing, err.Error())
			return a
		}
		f.places[key] = place
	}
	a.Path = f.places[key]
	return a
}

// placeFor makes a place for an artifact: in the directory for recordings, or else in a new
// one, as for the workspace of a failed test.
func (f *fleetRun) placeFor(a harness.Artifact) (string, error) {
	name := filepath.Base(a.Path)
	if f.Record == "" || a.Kind != "recording" {
		dir, err := os.MkdirTemp("", "avefleet-")
		return filepath.Join(dir, name), err
	}
	if err := os.MkdirAll(f.Record, 0o777); err != nil {
		return "", err
	}
	base, ext := strings.TrimSuffix(name, filepath.Ext(name)), filepath.Ext(name)
	for n := 1; ; n++ {
		place := filepath.Join(f.Record, name)
		if _, err := os.Lstat(place); errors.Is(err, os.ErrNotExist) {
			return place, nil
		}
		name = fmt.Sprintf("%s-%d%s", base, n, ext)
	}
}

// moveInto moves a file or a directory, also to another file system.
func moveInto(from, to string) error {
	err := os.Rename(from, to)
	if err == nil {
		return nil
	}
	info, statErr := os.Stat(from)
	if statErr != nil {
		return statErr
	}
	if info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o666)
}

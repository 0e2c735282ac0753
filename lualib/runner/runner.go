// Package runner is what the command "avescript test" does, and what a script does that
// has registered tests: it chooses tests, runs them, has the reports written and
// remembers what became of them. It stands on top of the packages that each do a part of
// that:
//
//	core/harness/plan     which files and tests, in which order
//	lualib/suite          runs the files, and the tests in each
//	core/harness/workers  the processes that the files run in
//	core/harness/report   what is written of it
//	core/harness/history  what the next run has to know
//	core/harness/watch    when files change
//
// A command line is options and nothing else here, so a Go program, such as a test, can
// do all that, too.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"avescript/core/collector"
	"avescript/core/harness"
	"avescript/core/harness/history"
	"avescript/core/harness/plan"
	"avescript/core/harness/report"
	"avescript/core/harness/workers"
	"avescript/lualib/repl"
	"avescript/lualib/script"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

// Options say which tests are run and how. They are those of the command line; times are
// in seconds, and 0 is without limit.
type Options struct {
	// Which tests. For values that are nil or "", the file .busted decides.
	Paths  []string // files, directories and FILE:LINE
	Choice plan.Choice
	Helper string // runs before each test file
	Failed bool   // tests that failed in the last run
	Shard  string // a part of the files, such as "2/5"

	// How they run.
	Workers         int     // 0 runs all tests in this process
	Repeat          int     // how often
	Shuffle         string  // "any", or the seed of an order; "" is the order that takes the least time
	Timeout         float64 // of a test
	HookTimeout     float64
	RunTimeout      float64
	TeardownTimeout float64
	Leaks           []string // WHAT or KIND=WHAT, see [suite.Severities.Set]
	Quarantine      []string // see [plan.ReadQuarantine]
	FailFast        bool
	Debug           bool // holds each test that fails, and opens a prompt there
	List            bool // list the tests instead
	Watch           bool // run the tests again whenever files change, until the context ends

	// What is written.
	Reports []string // NAME or NAME=FILE, see [report.Open]
	Record  string   // directory for recordings of tests that fail
	Update  bool     // write the files that tests compare with

	// Fleet runs the tests on the hosts of a lab; nil is this host.
	Fleet *Fleet

	// What they run in.
	New     func() *vm.VM    // makes an interpreter with the words of tests
	Command func() *exec.Cmd // a worker: a program that calls [Work]

	// What a prompt is connected to in this process: see [repl.Config].
	Stdin   *os.File
	Streams []*repl.Stream
	Stdout  io.Writer
	Stderr  io.Writer
}

// Defaults returns the options of a command line without flags.
func Defaults() Options {
	return Options{
		Workers: runtime.NumCPU(), Repeat: 1, Timeout: 60, HookTimeout: 60, TeardownTimeout: suite.DefaultTeardown,
		Stdout: os.Stdout, Stderr: os.Stderr, Stdin: os.Stdin,
	}
}

// Check returns an error for options that make no sense or outputs that cannot be
// written. [Run] does this too; call it to check before other work.
func (o *Options) Check() error {
	var wrong []error
	if o.List && o.Watch {
		wrong = append(wrong, errors.New("--list and --watch cannot be used together: remove one"))
	}
	switch {
	case o.Debug && o.List:
		wrong = append(wrong, errors.New("--list and --debug-on-failure cannot be used together: remove one"))
	case o.Debug && (!script.IsTerminal(os.Stdin) || !script.IsTerminal(os.Stdout)):
		wrong = append(wrong, errors.New("--debug-on-failure needs a terminal: standard input or output is redirected"))
	}
	wrong = append(wrong, o.checkFleet()...)
	for _, spec := range o.Reports {
		_, file, _ := strings.Cut(spec, "=")
		wrong = append(wrong, script.RefuseScript("report", file))
	}
	return errors.Join(append(wrong, script.CheckDirectory("record", o.Record))...)
}

// runner runs tests; with Watch, more than once.
type runner struct {
	Options
	known map[string]bool // all test files so far, by absolute path
}

// Run runs tests. The error is [script.ErrFailed] if tests have failed, the cause
// of ctx's end, or a mistake in the options or in .busted.
func Run(ctx context.Context, o Options) error {
	if err := o.Check(); err != nil {
		return err
	}
	collector.StartRarely()
	r := &runner{Options: o, known: map[string]bool{}}
	if o.Watch {
		return r.watch(ctx)
	}
	return r.run(ctx, nil)
}

func (o *Options) warn(text string) { fmt.Fprintln(o.Stderr, text) }

// run runs the chosen tests that depend on files that have changed; nil means all
// files.
func (r *runner) run(ctx context.Context, changed []string) error {
	jobs, opts, err := r.find(ctx, r.warn)
	if err == nil {
		err = r.set(ctx, &opts)
	}
	if err != nil {
		return err
	}
	past := history.Open(".")
	selection := plan.Selection{Failed: r.Failed, Shard: r.Shard, Repeat: r.Repeat, Seed: opts.Seed, Wanted: r.affected(jobs, changed)}
	jobs, err = selection.Of(jobs, past)
	switch {
	case errors.Is(err, plan.ErrNothing):
		r.warn(err.Error())
		return nil
	case err != nil:
		return err
	case r.List:
		return r.list(ctx, jobs, opts)
	case opts.Seed != 0:
		r.warn(fmt.Sprintf("to repeat this order: --shuffle=%d", opts.Seed))
	}
	return r.runJobs(ctx, jobs, opts, past)
}

// set sets how tests run in the options of the suite.
func (o *Options) set(ctx context.Context, opts *suite.Options) (err error) {
	opts.New, opts.Command, opts.Workers = o.standing(ctx), o.Command, o.Workers
	opts.Record, opts.Update, opts.FailFast = o.Record, o.Update, o.FailFast
	opts.Timeout, opts.HookTimeout, opts.TeardownTimeout = o.Timeout, o.HookTimeout, o.TeardownTimeout
	opts.Workspaces = os.TempDir()
	opts.Leaks = suite.DefaultSeverities()
	for _, leak := range o.Leaks {
		if wrong := opts.Leaks.Set(leak); wrong != nil {
			err = errors.Join(err, fmt.Errorf("--leaks: %w", wrong))
		}
	}
	names, wrong := plan.ReadQuarantine(o.Quarantine)
	opts.Quarantine = names
	if o.Shuffle != "" && err == nil {
		opts.Seed, err = plan.ParseSeed(o.Shuffle)
	}
	return errors.Join(err, wrong)
}

// runJobs runs tests, makes the reports and records the results for the next run.
func (r *runner) runJobs(ctx context.Context, jobs []workers.Job, opts suite.Options, past *history.History) error {
	reports, err := report.Open(r.Reports, r.Stdout, view(r.Stdout))
	if err != nil {
		return err
	}
	again, over := script.Testing(ctx)
	defer over()
	defer announceEnd(ctx, r.TeardownTimeout, r.Stderr)()
	opts.AtOnce = again
	opts.Reporter = uncut{harness.Reporters{reports, past}, ctx}
	if r.Fleet != nil {
		opts.Reporter = uncut{harness.Reporters{reports, inParts{past, r.Repeat, map[string]float64{}}}, ctx}
	}
	clock := new(harness.Clock)
	opts.Clock = clock
	if r.Debug {
		end, err := r.debug(ctx, &opts, reports, clock)
		if err != nil {
			return err
		}
		defer end()
	}
	limited, cancel := r.limit(ctx, clock)
	defer cancel(nil)
	var passed bool
	if r.Fleet != nil {
		passed, err = r.runInFleet(limited, jobs, opts, reports, past)
	} else {
		passed, err = suite.RunFiles(limited, jobs, opts)
	}
	if err == nil && limited.Err() == nil && (passed || !r.FailFast) {
		completed(past, jobs, opts.Choice)
	}
	if !written(reports, r.Stderr) && err == nil {
		passed = false
	}
	if unsaved := past.Save(); unsaved != nil {
		r.warn("avescript: " + unsaved.Error())
	}
	if isOverdue(limited) || suite.IsAsked(err) || err == nil && !passed {
		return script.ErrFailed // the report has said so
	}
	return err
}

// limit returns a context that also ends at the time limit of the run.
func (o *Options) limit(ctx context.Context, clock *harness.Clock) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	if o.RunTimeout <= 0 {
		return ctx, cancel
	}
	cause := &workers.End{Why: fmt.Sprintf("the run did not end within %g s", o.RunTimeout), Overdue: true}
	timer := clock.AfterFunc(time.Duration(o.RunTimeout*float64(time.Second)), func() { cancel(cause) })
	return ctx, func(cause error) {
		timer.Stop()
		cancel(cause)
	}
}

// isOverdue tells whether the time of a run was over.
func isOverdue(run context.Context) bool {
	end, ok := errors.AsType[*workers.End](context.Cause(run))
	return ok && end.Overdue
}

// completed tells the history which files were run completely.
func completed(past *history.History, jobs []workers.Job, choice plan.Choice) {
	for _, j := range jobs {
		if choice.IsAll() && j.IsWhole() {
			past.Complete(j.File)
		}
	}
}

// list shows the tests that would run.
func (r *runner) list(ctx context.Context, jobs []workers.Job, opts suite.Options) error {
	for _, spec := range r.Reports {
		if name, _, _ := strings.Cut(spec, "="); name != "json" {
			return fmt.Errorf("--list supports only --report json, got %s", spec)
		}
	}
	reports, err := report.Open(r.Reports, r.Stdout, report.View{Listing: r.Stderr})
	if err != nil {
		return err
	}
	opts.List, opts.Reporter = true, reports
	passed, err := suite.RunFiles(ctx, jobs, opts)
	if complete := written(reports, r.Stderr); err == nil && (!passed || !complete) {
		return script.ErrFailed
	}
	return err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"avescript/core/harness"
	"avescript/core/harness/history"
	"avescript/core/harness/report"
	"avescript/lualib"
	"avescript/lualib/measure"
	"avescript/lualib/script"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

func newTest() *cobra.Command {
	t := &testCommand{}
	c := &cobra.Command{
		Use:   "test [PATHS...]",
		Short: "Run test files, and those in directories",
		Long: `Runs test files, each in a Lua state of its own, in several processes. In a
directory, and all below it, these are test_*.lua, *_test.lua and *_spec.lua.
Without PATHS it is the directory that you are in. FILE:LINE is the test or
block that is there. The file .busted may have options of busted's.`,
		Example: `  avescript test
  avescript test tests/ more/test_rack.lua
  avescript test tests/test_rack.lua:42
  avescript test --filter 'broker leases' --list
  avescript test --tags 'network and not slow'
  avescript test --watch
  avescript test --report junit=junit.xml --report html=report.html`,
	}
	groupFlags(c, []flagGroup{
		{"Which tests run", t.chosen.flags},
		{"How they run", t.how.flags},
		{"What is written", t.outputFlags},
		{"What is measured", t.measuring.flags},
	})
	_ = c.RegisterFlagCompletionFunc("report", cobra.FixedCompletions(report.Names(), cobra.ShellCompDirectiveNoSpace))
	c.RunE = func(c *cobra.Command, args []string) error {
		t.warn, t.chosen.paths = c.PrintErrln, args
		return t.do(c.Context())
	}
	return c
}

// testCommand is the command "avescript test".
type testCommand struct {
	chosen    chosenTests
	how       howToTest
	measuring measuring
	reports   []string
	record    string
	update    bool

	stdin *os.File
	warn  func(...any)
	known map[string]bool // the test files that there have been, by absolute path
}

func (t *testCommand) outputFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&t.reports, "report", nil,
		"write a report, `NAME[=FILE]`: "+strings.Join(report.Names(), ", ")+"; may be given more than once")
	f.StringVar(&t.record, "record", "", "record all commands on terminals, and keep the recordings of tests that fail in `DIR`")
	f.BoolVar(&t.update, "update", false, "write the files that tests compare with what they see, and accept it")
}

func (t *testCommand) do(ctx context.Context) error {
	if err := errors.Join(t.how.check(), checkDirectory("record", t.record)); err != nil {
		return err
	}
	return t.measuring.around(func(*measure.Measurement) error {
		t.stdin = script.OpenStdin()
		ctx, stop := untilSignal(ctx, t.stdin)
		defer stop()
		if t.how.watch {
			return t.watch(ctx)
		}
		return t.run(ctx, nil)
	})
}

// run runs the tests that are chosen and that depend on files which have changed; nil
// stands for all files.
func (t *testCommand) run(ctx context.Context, changed []string) error {
	jobs, opts, err := t.chosen.find(ctx, t.warn)
	if err == nil {
		err = t.how.set(&opts)
	}
	if err != nil {
		return err
	}
	opts.Record, opts.Update = t.record, t.update
	opts.New = func() *vm.VM { return lualib.New(vm.Stdio{In: t.stdin}) }
	past := history.Open(".")
	selection := suite.Selection{Failed: t.chosen.failed, Shard: t.chosen.shard, Repeat: t.how.repeat, Seed: opts.Seed, Wanted: t.affected(jobs, changed)}
	jobs, err = selection.Of(jobs, past)
	switch {
	case errors.Is(err, suite.ErrNothing):
		t.warn(err)
		return nil
	case err != nil:
		return err
	case t.how.list:
		return t.list(ctx, jobs, opts)
	case opts.Seed != 0:
		t.warn(fmt.Sprintf("in the order of --shuffle=%d", opts.Seed))
	}
	return t.runJobs(ctx, jobs, opts, past)
}

// runJobs runs tests, makes the reports and remembers what became of them.
func (t *testCommand) runJobs(ctx context.Context, jobs []suite.Job, opts suite.Options, past *history.History) error {
	set, err := report.Open(t.reports, os.Stdout, view())
	if err != nil {
		return err
	}
	opts.Reporter = uncut{harness.Reporters{set, past}, ctx}
	plan := suite.Plan{Workers: t.how.workers, Jobs: jobs, FailFast: t.how.failFast, Command: workerCommand}
	limited, cancel := suite.Until(ctx, t.how.runTimeout)
	defer cancel()
	passed, err := suite.Distribute(limited, plan, opts)
	if limited.Err() == nil && (passed || !t.how.failFast) {
		completed(past, jobs, opts.Choice)
	}
	if unwritten := set.Close(); unwritten != nil {
		return unwritten
	}
	if unsaved := past.Save(); unsaved != nil {
		t.warn("avescript: " + unsaved.Error())
	}
	if errors.Is(limited.Err(), context.DeadlineExceeded) || err == nil && !passed {
		return script.ErrTestsFailed // the report has said so
	}
	return err
}

// completed tells the history which files were run to their ends.
func completed(past *history.History, jobs []suite.Job, choice suite.Choice) {
	for _, j := range jobs {
		if choice.IsAll() && j.IsWhole() {
			past.Complete(j.File)
		}
	}
}

// list shows the tests that would run.
func (t *testCommand) list(ctx context.Context, jobs []suite.Job, opts suite.Options) error {
	for _, spec := range t.reports {
		if name, _, _ := strings.Cut(spec, "="); name != "json" {
			return fmt.Errorf("--list: wanted --report json or none, got %s", spec)
		}
	}
	set, err := report.Open(t.reports, os.Stdout, report.View{Listing: os.Stderr})
	if err != nil {
		return err
	}
	opts.List, opts.Reporter = true, set
	complete, err := suite.Distribute(ctx, suite.Plan{Workers: t.how.workers, Jobs: jobs, Command: workerCommand}, opts)
	if unwritten := set.Close(); unwritten != nil {
		return unwritten
	}
	if err == nil && !complete {
		return script.ErrTestsFailed
	}
	return err
}

// howToTest are the flags that say how tests run, and how often.
type howToTest struct {
	workers, repeat      int
	timeout, hookTimeout float64
	runTimeout           float64
	leaks, quarantine    []string
	shuffle              string
	failFast             bool
	list, watch          bool
}

func (h *howToTest) flags(f *pflag.FlagSet) {
	f.BoolVarP(&h.list, "list", "l", false, "list the tests instead of running them")
	f.BoolVar(&h.watch, "watch", false, "run tests again whenever Lua files change, until Ctrl-C")
	f.BoolVar(&h.failFast, "fail-fast", false, "end the run when a test has failed")
	h.workers, h.repeat, h.timeout, h.hookTimeout = runtime.NumCPU(), 1, 60, 60
	f.Var(countFrom(1, &h.repeat), "repeat", "run everything so many `TIMES`")
	f.StringVar(&h.shuffle, "shuffle", "", "run tests in another order each time, or in that of `SEED`")
	f.Lookup("shuffle").NoOptDefVal = "any"
	f.VarP(countFrom(0, &h.workers), "jobs", "j", "use `N` worker processes; 0 runs all tests in this one")
	f.Var(seconds(&h.timeout), "timeout", "how many `SECONDS` a test may take; 0 is for ever")
	f.Var(seconds(&h.hookTimeout), "hook-timeout", "how many `SECONDS` a hook may take; 0 is for ever")
	f.Var(seconds(&h.runTimeout), "run-timeout", "how many `SECONDS` all tests together may take; 0 is for ever")
	f.StringSliceVar(&h.leaks, "leaks", nil,
		"what to do when a test leaves something behind, `[KIND=]WHAT`: fail, warn or off; KIND is process, pty, port, descriptor or file")
	f.StringArrayVar(&h.quarantine, "quarantine", nil, "tests with `TEXT` in their full name do not spoil the run, nor do those with the tag #quarantine; @FILE has a text on each line")
}

// check refuses what means nothing.
func (h *howToTest) check() error {
	if h.list && h.watch {
		return errors.New("--list runs no tests, and --watch runs them again: wanted one of them, got both")
	}
	return nil
}

// set puts the flags into the options.
func (h *howToTest) set(opts *suite.Options) (err error) {
	opts.Timeout, opts.HookTimeout = h.timeout, h.hookTimeout
	opts.Leaks = suite.DefaultSeverities()
	for _, leak := range h.leaks {
		if wrong := opts.Leaks.Set(leak); wrong != nil {
			err = errors.Join(err, fmt.Errorf("--leaks: %w", wrong))
		}
	}
	opts.Workspaces = os.TempDir()
	names, wrong := suite.ReadQuarantine(h.quarantine)
	opts.Quarantine = names
	if h.shuffle != "" && err == nil {
		opts.Seed, err = suite.ParseSeed(h.shuffle)
	}
	return errors.Join(err, wrong)
}

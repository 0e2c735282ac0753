package main

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

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
	chosen, how, measuring := chosenTests{}, howToTest{}, measuring{}
	var reports []string
	c := &cobra.Command{
		Use:   "test [PATHS...]",
		Short: "Run test files, and those in directories",
		Long: `Runs test files, each in a Lua state of its own, in several processes. In a
directory, and all below it, these are test_*.lua, *_test.lua and *_spec.lua.
Without PATHS it is the directory that you are in. FILE:LINE is the test or block
that is there. The file .busted may have options of busted's.`,
		Example: `  avescript test
  avescript test tests/ more/test_rack.lua
  avescript test tests/test_rack.lua:42
  avescript test tests/ --filter 'broker leases'
  avescript test tests/ --tags 'network and not slow'
  avescript test tests/test_shell.lua --update
  avescript test tests/ --report junit=junit.xml --report html=report.html`,
	}
	chosen.flags(c)
	how.flags(c)
	measuring.flags(c.Flags())
	c.Flags().StringArrayVar(&reports, "report", nil,
		"write a report, `NAME[=FILE]`: "+strings.Join(report.Names(), ", ")+"; may be given more than once")
	_ = c.RegisterFlagCompletionFunc("report", cobra.FixedCompletions(report.Names(), cobra.ShellCompDirectiveNoSpace))
	c.RunE = func(c *cobra.Command, args []string) error {
		jobs, opts, err := chosen.find(c, args)
		if err == nil {
			err = how.set(c, &opts)
		}
		if err != nil {
			return err
		}
		return measuring.around(func(*measure.Measurement) error { return how.report(c, reports, jobs, opts) })
	}
	return c
}

// howToTest are the flags that say how tests run, and how many of the files.
type howToTest struct {
	suite.Selection

	workers              int
	timeout, hookTimeout float64
	runTimeout           float64
	leaks, quarantine    []string
	shuffle, record      string
	failFast, update     bool
}

func (h *howToTest) flags(c *cobra.Command) {
	f := c.Flags()
	f.IntVarP(&h.workers, "jobs", "j", runtime.NumCPU(), "how many worker processes; 0 runs all tests in this one")
	f.Float64Var(&h.timeout, "timeout", 60, "how many `SECONDS` a test may take; 0 is for ever")
	f.Float64Var(&h.hookTimeout, "hook-timeout", 60, "how many `SECONDS` a hook may take; 0 is for ever")
	f.Float64Var(&h.runTimeout, "run-timeout", 0, "how many `SECONDS` all tests together may take; 0 is for ever")
	f.StringSliceVar(&h.leaks, "leaks", nil,
		"what to do when a test leaves something behind, `[KIND=]fail|warn|off`; a KIND is process, pty, port, descriptor or file")
	f.StringArrayVar(&h.quarantine, "quarantine", nil, "tests with `TEXT` in their full name do not spoil the run, like those with the tag #quarantine; @FILE has one on each line")
	f.StringVar(&h.shuffle, "shuffle", "", "run tests in another order each time, or in that of `SEED`")
	f.Lookup("shuffle").NoOptDefVal = "any"
	f.StringVar(&h.Shard, "shard", "", "run only a part of the files, `NUMBER/PARTS`, that takes as long as the others")
	f.IntVar(&h.Repeat, "repeat", 1, "run everything so many `TIMES`")
	f.StringVar(&h.record, "record", "", "record all commands on terminals, and keep the recordings of tests that fail in `DIR`")
	f.BoolVar(&h.Failed, "failed", false, "run only the tests that failed the last time")
	f.BoolVar(&h.failFast, "fail-fast", false, "end the run when a test has failed")
	f.BoolVar(&h.update, "update", false, "write the files that tests compare with what they see, and accept it")
}

// set puts the flags into the options.
func (h *howToTest) set(c *cobra.Command, opts *suite.Options) (err error) {
	opts.Timeout, opts.HookTimeout, opts.Update, opts.Record = h.timeout, h.hookTimeout, h.update, h.record
	opts.Leaks = suite.DefaultSeverities()
	for _, leak := range h.leaks {
		err = errors.Join(err, opts.Leaks.Set(leak))
	}
	opts.Workspaces = os.TempDir()
	names, wrong := suite.ReadQuarantine(h.quarantine)
	opts.Quarantine = names
	if err = errors.Join(err, wrong); err != nil || h.shuffle == "" {
		return err
	}
	opts.Seed, err = suite.ParseSeed(h.shuffle)
	if err == nil {
		c.PrintErrf("in the order of --shuffle=%d\n", opts.Seed)
	}
	return err
}

// report runs the jobs that are selected, and makes the reports.
func (h *howToTest) report(c *cobra.Command, reports []string, jobs []suite.Job, opts suite.Options) error {
	past := history.Open(".")
	jobs, err := h.Of(jobs, past)
	if errors.Is(err, suite.ErrNoneFailed) {
		c.Println(err)
		return nil
	}
	if err != nil {
		return err
	}
	set, err := report.Open(reports, os.Stdout, view())
	if err != nil {
		return err
	}
	opts.Reporter = harness.Reporters{set, past}
	err = h.run(c.Context(), jobs, opts)
	if unwritten := set.Close(); unwritten != nil {
		return unwritten
	}
	if unsaved := past.Save(); unsaved != nil {
		c.PrintErrln("avescript: " + unsaved.Error())
	}
	return err
}

func (h *howToTest) run(ctx context.Context, jobs []suite.Job, opts suite.Options) error {
	stdin := script.OpenStdin()
	ctx, stop := untilSignal(ctx, stdin)
	defer stop()
	ctx, cancel := suite.Until(ctx, h.runTimeout)
	defer cancel()
	opts.New = func() *vm.VM { return lualib.New(vm.Stdio{In: stdin}) }
	plan := suite.Plan{Workers: h.workers, Jobs: jobs, FailFast: h.failFast, Command: workerCommand}
	passed, err := suite.Distribute(ctx, plan, opts)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || err == nil && !passed {
		return script.ErrTestsFailed // the report has said so
	}
	return err
}

// chosenTests are the flags that say which tests run, and with what around them.
type chosenTests struct {
	filter, helper    string
	tags, excludeTags []string
}

func (t *chosenTests) flags(c *cobra.Command) {
	c.Flags().StringVar(&t.filter, "filter", "", "run only tests with `TEXT` in their full name; it may be a Lua pattern")
	c.Flags().StringSliceVar(&t.tags, "tags", nil, "run only tests that have one of these `TAGS`, which are words like #slow in names, joined by and, or, not and parentheses")
	c.Flags().StringSliceVar(&t.excludeTags, "exclude-tags", nil, "leave out tests that have one of these `TAGS`")
	c.Flags().StringVar(&t.helper, "helper", "", "run a Lua `FILE` before each test file; its hooks are around the tests")
}

// find lists the test files. What the command line leaves open is as .busted has
// it.
func (t *chosenTests) find(c *cobra.Command, paths []string) ([]suite.Job, suite.Options, error) {
	settings, err := suite.ReadSettings(c.Context(), suite.DotFile, func() *vm.VM { return lualib.New(vm.Stdio{}) })
	if err != nil {
		return nil, suite.Options{}, err
	}
	if len(settings.Ignored) > 0 {
		c.PrintErrf("%s: these options mean nothing here: %s\n", suite.DotFile, strings.Join(settings.Ignored, ", "))
	}
	opts := suite.Options{Choice: settings.Choice, Helper: settings.Helper, Path: settings.Path}
	if t.filter != "" {
		opts.Choice.Filters = []string{t.filter}
	}
	if t.helper != "" {
		opts.Helper = t.helper
	}
	if t.tags != nil {
		opts.Choice.Tags = t.tags
	}
	if t.excludeTags != nil {
		opts.Choice.ExcludeTags = t.excludeTags
	}
	for _, expression := range t.tags {
		if err := suite.CheckTags(expression); err != nil {
			return nil, opts, err
		}
	}
	if len(paths) == 0 {
		paths = settings.Roots
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	jobs, err := suite.FindJobs(paths, settings.IsTest(script.IsTestName))
	return jobs, opts, err
}

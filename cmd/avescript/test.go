package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"avescript/core/flags"
	"avescript/core/harness/report"
	"avescript/lualib"
	"avescript/lualib/measure"
	"avescript/lualib/repl"
	"avescript/lualib/runner"
	"avescript/lualib/script"
	"avescript/lualib/vm"
)

func newTest() *cobra.Command {
	t := &testFlags{Options: runner.Defaults()}
	c := &cobra.Command{
		Use:   "test [PATHS...]",
		Short: "Run test files, or all test files in directories",
		Long: `Runs test files in several processes, each file in its own Lua state. In and
below a directory, test files are test_*.lua, *_test.lua and *_spec.lua. Without
PATHS, the working directory is searched. FILE:LINE runs that test or block.
Options can also be set in a file .busted, as for busted.`,
		Example: `  avescript test
  avescript test tests/ more/test_rack.lua
  avescript test tests/test_rack.lua:42
  avescript test --filter 'broker leases' --list
  avescript test --tags 'network and not slow'
  avescript test --watch
  avescript test --fleet tests/
  avescript test --report junit=junit.xml --report html=report.html`,
	}
	groupFlags(c, []flagGroup{
		{"Which tests run", t.choosing},
		{"How they run", t.running},
		{"Where they run", t.fleet.flags},
		{"What is written", t.writing},
		{"What is measured", t.measuring.flags},
	})
	_ = c.RegisterFlagCompletionFunc("report", cobra.FixedCompletions(report.Names(), cobra.ShellCompDirectiveNoSpace))
	c.RunE = func(c *cobra.Command, args []string) error { return t.run(c.Context(), args) }
	return c
}

func (t *testFlags) run(ctx context.Context, paths []string) error {
	if err := errors.Join(t.fleet.choose(t), t.Check()); err != nil {
		return err
	}
	return measure.Around(measure.Options(t.measuring), os.Stderr, func(*measure.Measurement) error {
		stdin := script.OpenStdin()
		ctx, stop := untilSignal(ctx, stdin)
		defer stop()
		t.connect(stdin, paths)
		t.Command = func() *exec.Cmd { return workerCommand(t.memory) }
		return runner.Run(ctx, t.Options)
	})
}

// connect sets the paths, and connects interpreters in this process to its streams.
func (t *testFlags) connect(stdin *os.File, paths []string) {
	stdout, stderr := repl.NewStream(os.Stdout), repl.NewStream(os.Stderr)
	t.Paths, t.Stdin, t.Streams = paths, stdin, []*repl.Stream{stdout, stderr}
	t.New = func() *vm.VM { return t.memory.limit(lualib.New(vm.Stdio{In: stdin, Out: stdout, Err: stderr})) }
}

// testFlags are the flags of the command test.
type testFlags struct {
	runner.Options
	measuring measuring
	memory    memoryLimit
	fleet     fleetFlags
}

func (t *testFlags) choosing(f *pflag.FlagSet) {
	f.StringArrayVar(&t.Choice.Filters, "filter", nil, "run only tests with `TEXT` in their full name; TEXT may be a Lua pattern")
	f.StringArrayVar(&t.Choice.FilterOut, "filter-out", nil, "leave out tests and blocks with `TEXT` in their full name")
	f.StringSliceVarP(&t.Choice.Tags, "tags", "t", nil, "run only tests with `TAGS`: words like #slow in their names, combined with and, or, not and parentheses; a comma means or")
	f.StringSliceVar(&t.Choice.ExcludeTags, "exclude-tags", nil, "leave out tests with `TAGS`, written as for --tags")
	f.BoolVar(&t.Failed, "failed", false, "run only tests that failed in the last run")
	f.StringVar(&t.Shard, "shard", "", "run one part of the files, `NUMBER/PARTS`, such as 2/5; all parts take about the same time")
	f.StringVar(&t.Helper, "helper", "", "run the Lua `FILE` before each test file; its hooks apply to all tests")
}

func (t *testFlags) running(f *pflag.FlagSet) {
	f.BoolVarP(&t.List, "list", "l", false, "list the tests instead of running them")
	f.BoolVar(&t.Watch, "watch", false, "run the tests again when Lua files change, until Ctrl-C")
	f.BoolVar(&t.FailFast, "fail-fast", false, "stop the run when a test fails")
	f.BoolVar(&t.Debug, "debug-on-failure", false, "hold each test that fails, before it is cleaned up, and open a prompt there")
	f.Var(flags.CountFrom(1, &t.Repeat), "repeat", "run all tests this many `TIMES`")
	f.StringVar(&t.Shuffle, "shuffle", "", "run the tests in random order; with `SEED`, in the order of an earlier run")
	f.Lookup("shuffle").NoOptDefVal = "any"
	f.VarP(flags.CountFrom(0, &t.Workers), "jobs", "j", "use `N` worker processes; 0 runs all tests in this process")
	f.Lookup("jobs").DefValue = "one per processor" // so the help is the same on all machines
	f.Var(flags.Seconds(&t.Timeout), "timeout", "stop a test after `SECONDS`; 0 means no limit")
	f.Var(flags.Seconds(&t.HookTimeout), "hook-timeout", "stop a hook after `SECONDS`; 0 means no limit")
	f.Var(flags.Seconds(&t.RunTimeout), "run-timeout", "stop the run after `SECONDS`; 0 means no limit")
	f.Var(flags.Seconds(&t.TeardownTimeout), "teardown-timeout",
		"when a run is stopped early, give its hooks `SECONDS` to clean up; 0 means no limit")
	t.memory.flags(f)
	f.StringSliceVar(&t.Leaks, "leaks", nil,
		"what to do if a test leaves something behind, `[KIND=]ACTION`: fail, warn or off; KIND is process, pty, port, descriptor or file")
	f.StringArrayVar(&t.Quarantine, "quarantine", nil, "tests with `TEXT` in their full name, and tests with the tag #quarantine, do not make the run fail; @FILE contains one TEXT per line")
}

func (t *testFlags) writing(f *pflag.FlagSet) {
	f.StringArrayVar(&t.Reports, "report", nil,
		"write a report, `NAME[=FILE]`: "+strings.Join(report.Names(), ", ")+"; can be given more than once")
	f.StringVar(&t.Record, "record", "", "record all commands on terminals, and keep the recordings of failed tests in `DIR`")
	f.BoolVar(&t.Update, "update", false, "accept what tests see now: rewrite the files that they compare it with")
}

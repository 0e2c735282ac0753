package main

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"avescript/core/harness/report"
	"avescript/lualib"
	"avescript/lualib/measure"
	"avescript/lualib/script"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

func newTest() *cobra.Command {
	chosen, measuring := chosenTests{}, measuring{}
	var record string
	var reports []string
	c := &cobra.Command{
		Use:   "test [PATHS...]",
		Short: "Run test files, and those in directories",
		Long: `Runs test files, each in a Lua state of its own. In a directory, and all below
it, these are test_*.lua, *_test.lua and *_spec.lua. Without PATHS it is the
directory that you are in. The file .busted in it may have options of busted's.`,
		Example: `  avescript test
  avescript test tests/ more/test_rack.lua
  avescript test tests/ --filter 'broker leases'
  avescript test tests/test_shell.lua --update
  avescript test tests/ --report junit=junit.xml --report html=report.html`,
	}
	chosen.flags(c)
	c.Flags().StringVar(&record, "record", "", "record all commands on terminals, and keep the recordings of tests that fail in `DIR`")
	measuring.flags(c.Flags())
	c.Flags().StringArrayVar(&reports, "report", nil,
		"write a report, `NAME[=FILE]`: "+strings.Join(report.Names(), ", ")+"; may be given more than once")
	_ = c.RegisterFlagCompletionFunc("report", cobra.FixedCompletions(report.Names(), cobra.ShellCompDirectiveNoSpace))
	c.RunE = func(c *cobra.Command, args []string) error {
		files, opts, err := chosen.find(c, args)
		if err != nil {
			return err
		}
		set, err := report.Open(reports, os.Stdout, view())
		if err != nil {
			return err
		}
		opts.Record, opts.Reporter = record, set
		err = measuring.around(func(*measure.Measurement) error { return runTests(c.Context(), files, opts) })
		if unwritten := set.Close(); unwritten != nil {
			return unwritten
		}
		return err
	}
	return c
}

func runTests(ctx context.Context, files []string, opts suite.Options) error {
	stdin := script.OpenStdin()
	ctx, stop := untilSignal(ctx, stdin)
	defer stop()
	opts.New = func() *vm.VM { return lualib.New(vm.Stdio{In: stdin}) }
	passed, err := suite.Main(ctx, files, opts)
	if err == nil && !passed {
		err = script.ErrTestsFailed
	}
	return err
}

// chosenTests are the flags that say which tests run, and with what around them.
type chosenTests struct {
	filter, helper    string
	tags, excludeTags []string
	update            bool
}

func (t *chosenTests) flags(c *cobra.Command) {
	c.Flags().StringVar(&t.filter, "filter", "", "run only tests with `TEXT` in their full name; it may be a Lua pattern")
	c.Flags().StringSliceVar(&t.tags, "tags", nil, "run only tests that have one of these `TAGS`, which are words like #slow in names")
	c.Flags().StringSliceVar(&t.excludeTags, "exclude-tags", nil, "leave out tests that have one of these `TAGS`")
	c.Flags().BoolVar(&t.update, "update", false, "write the files that tests compare with what they see, and accept it")
	c.Flags().StringVar(&t.helper, "helper", "", "run a Lua `FILE` before each test file; its hooks are around the tests")
}

// find lists the test files. What the command line leaves open is as .busted has
// it.
func (t *chosenTests) find(c *cobra.Command, paths []string) ([]string, suite.Options, error) {
	settings, err := suite.ReadSettings(c.Context(), suite.DotFile, func() *vm.VM { return lualib.New(vm.Stdio{}) })
	if err != nil {
		return nil, suite.Options{}, err
	}
	if len(settings.Ignored) > 0 {
		c.PrintErrf("%s: these options mean nothing here: %s\n", suite.DotFile, strings.Join(settings.Ignored, ", "))
	}
	opts := suite.Options{Choice: settings.Choice, Helper: settings.Helper, Path: settings.Path, Update: t.update}
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
	if len(paths) == 0 {
		paths = settings.Roots
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	files, err := script.FindTests(paths, settings.IsTest(script.IsTestName))
	return files, opts, err
}

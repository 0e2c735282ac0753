package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"avescript/lualib"
	"avescript/lualib/script"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

// chosenTests are the arguments that say which tests run, and what is around them.
type chosenTests struct {
	paths              []string
	filters, filterOut []string
	tags, excludeTags  []string
	failed             bool
	shard, helper      string
}

func (t *chosenTests) flags(f *pflag.FlagSet) {
	f.StringArrayVar(&t.filters, "filter", nil, "tests with `TEXT` in their full name; it may be a Lua pattern")
	f.StringArrayVar(&t.filterOut, "filter-out", nil, "no tests or blocks with `TEXT` in their full name")
	f.StringSliceVarP(&t.tags, "tags", "t", nil, "tests with `TAGS`, which are words like #slow in names, joined by and, or, not and parentheses; a comma is an or")
	f.StringSliceVar(&t.excludeTags, "exclude-tags", nil, "no tests with `TAGS`, likewise")
	f.BoolVar(&t.failed, "failed", false, "tests that failed the last time")
	f.StringVar(&t.shard, "shard", "", "a part of the files, `NUMBER/PARTS`, that takes as long as the others")
	f.StringVar(&t.helper, "helper", "", "run a Lua `FILE` before each test file; its hooks are around the tests")
}

// find lists the test files. What the command line leaves open is as .busted has
// it.
func (t *chosenTests) find(ctx context.Context, warn func(...any)) ([]suite.Job, suite.Options, error) {
	settings, err := suite.ReadSettings(ctx, suite.DotFile, func() *vm.VM { return lualib.New(vm.Stdio{}) })
	if err != nil {
		return nil, suite.Options{}, err
	}
	if len(settings.Ignored) > 0 {
		warn(fmt.Sprintf("%s: these options mean nothing here: %s", suite.DotFile, strings.Join(settings.Ignored, ", ")))
	}
	opts := suite.Options{Choice: settings.Choice, Helper: settings.Helper, Path: settings.Path}
	if t.helper != "" {
		opts.Helper = t.helper
	}
	for _, list := range []struct {
		said []string
		of   *[]string
	}{
		{t.filters, &opts.Choice.Filters},
		{t.filterOut, &opts.Choice.FilterOut},
		{t.tags, &opts.Choice.Tags},
		{t.excludeTags, &opts.Choice.ExcludeTags},
	} {
		if list.said != nil {
			*list.of = list.said
		}
	}
	if err := errors.Join(opts.Choice.Check(), opts.CheckHelper()); err != nil {
		return nil, opts, err
	}
	paths := t.paths
	if len(paths) == 0 {
		paths = settings.Roots
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	jobs, err := suite.FindJobs(paths, settings.IsTest(script.IsTestName))
	return jobs, opts, err
}

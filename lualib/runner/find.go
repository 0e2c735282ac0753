package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"avescript/core/harness/plan"
	"avescript/core/harness/workers"
	"avescript/lualib/script"
	"avescript/lualib/suite"
)

// find lists the test files. The .busted file decides what the options leave open.
func (o *Options) find(ctx context.Context, warn func(string)) ([]workers.Job, suite.Options, error) {
	settings, err := suite.ReadSettings(ctx, suite.DotFile, o.New)
	if err != nil {
		return nil, suite.Options{}, err
	}
	if len(settings.Ignored) > 0 {
		warn(fmt.Sprintf("%s: these options are ignored: %s", suite.DotFile, strings.Join(settings.Ignored, ", ")))
	}
	opts := suite.Options{
		Choice: settings.Choice, Helper: settings.Helper, HelperArguments: settings.HelperArguments, Path: settings.Path,
	}
	if o.Helper != "" {
		opts.Helper = o.Helper
	}
	for _, list := range []struct {
		said []string
		of   *[]string
	}{
		{o.Choice.Filters, &opts.Choice.Filters},
		{o.Choice.FilterOut, &opts.Choice.FilterOut},
		{o.Choice.Tags, &opts.Choice.Tags},
		{o.Choice.ExcludeTags, &opts.Choice.ExcludeTags},
	} {
		if list.said != nil {
			*list.of = list.said
		}
	}
	if err := errors.Join(opts.Choice.Check(), opts.CheckHelper()); err != nil {
		return nil, opts, err
	}
	paths := o.Paths
	if len(paths) == 0 {
		paths = settings.Roots
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	jobs, err := plan.Find(paths, settings.IsTest, testNames())
	return jobs, opts, err
}

// testNames returns the names of test files, in words.
func testNames() string {
	last := len(script.TestNames) - 1
	return strings.Join(script.TestNames[:last], ", ") + " or " + script.TestNames[last]
}

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"avescript/lualib/measure"
	"avescript/lualib/script"
)

// measuring are the flags that say what is measured.
type measuring struct {
	opts measure.Options
}

const coverageDir = "coverage"

func (m *measuring) flags(f *pflag.FlagSet) {
	f.StringVar(&m.opts.Coverage, "coverage", "", "count which lines are executed, and report it in `DIR`")
	f.Lookup("coverage").NoOptDefVal = coverageDir
	f.StringArrayVar(&m.opts.Include, "coverage-include", nil,
		"count the files that match `PATTERN`, also those that are never loaded; without it, all that are loaded but tests")
	f.StringArrayVar(&m.opts.Exclude, "coverage-exclude", nil, "do not count the files that match `PATTERN`")
	f.Var(percentage(&m.opts.Minimum.Total), "coverage-min", "fail if less than `PERCENT` of the lines are executed")
	f.Var(percentage(&m.opts.Minimum.File), "coverage-min-file", "fail if less than `PERCENT` of the lines of a file are executed")
	f.StringVar(&m.opts.Profile, "profile", "", "sample the stacks of Lua, and write a profile for pprof to `FILE`")
}

// around measures what run does. The interpreters that it makes take part, and
// none that were made before.
func (m *measuring) around(run func(*measure.Measurement) error) error {
	o := &m.opts
	if o.Coverage == "" && (o.Include != nil || o.Exclude != nil || o.Minimum.Total > 0 || o.Minimum.File > 0) {
		o.Coverage = coverageDir // who asks for more about it asks for it
	}
	err := errors.Join(checkFile("profile", o.Profile), checkDirectory("coverage", o.Coverage))
	if err != nil {
		return err
	}
	measurement, err := measure.Start(*o)
	if err != nil {
		return err
	}
	err = run(measurement)
	var interrupted *script.Interrupted
	if err != nil && !hasFailed(err) && !errors.As(err, &interrupted) {
		measurement.Discard() // nothing has run
		return err
	}
	// Another report may have standard output for itself.
	measured := measurement.Finish(os.Stderr)
	if measured != nil && !errors.Is(measured, measure.ErrBelow) {
		fmt.Fprintf(os.Stderr, "avescript: %v\n", measured)
	}
	if err == nil && measured != nil {
		return errShown
	}
	return err
}

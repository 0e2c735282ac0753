package main

import (
	"github.com/spf13/pflag"

	"avescript/core/flags"
	"avescript/lualib/measure"
)

// measuring are the flags for coverage and profiles.
type measuring measure.Options

func (m *measuring) flags(f *pflag.FlagSet) {
	f.StringVar(&m.Coverage, "coverage", "", "count executed lines, and write a report to `DIR`")
	f.Lookup("coverage").NoOptDefVal = measure.Directory
	f.StringArrayVar(&m.Include, "coverage-include", nil,
		"count the files that match `PATTERN`, even if they are never loaded; without this flag, count all loaded files except tests")
	f.StringArrayVar(&m.Exclude, "coverage-exclude", nil, "do not count the files that match `PATTERN`")
	f.Var(flags.Percentage(&m.Minimum.Total), "coverage-min", "fail if less than `PERCENT` of the lines are executed")
	f.Var(flags.Percentage(&m.Minimum.File), "coverage-min-file", "fail if less than `PERCENT` of the lines of a file are executed")
	f.StringVar(&m.Profile, "profile", "", "sample the Lua stacks, and write a profile for pprof to `FILE`")
}

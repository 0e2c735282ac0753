package profiling

import (
	"fmt"
	"io"
	"time"

	"github.com/google/pprof/profile"
)

// Write writes the profile of all samples so far, gzipped, for pprof. "cpu" is the time
// for which code ran, and is the default in pprof; "wall" includes the time for which
// it waited.
func (r *Run) Write(w io.Writer) error {
	files, err := r.files()
	if err != nil {
		return err
	}
	b := builder{functions: map[function]*profile.Function{}, locations: map[location]*profile.Location{}}
	b.profile = profile.Profile{
		SampleType: []*profile.ValueType{
			{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}, {Type: "wall", Unit: "nanoseconds"},
		},
		DefaultSampleType: "cpu",
		PeriodType:        &profile.ValueType{Type: "wall", Unit: "nanoseconds"},
		Period:            int64(Period),
		TimeNanos:         r.started.UnixNano(),
		DurationNanos:     int64(time.Since(r.started)),
	}
	for _, path := range files {
		totals, err := readTotals(path)
		if err != nil {
			return err
		}
		for _, t := range totals {
			b.add(t)
		}
	}
	if err := b.profile.CheckValid(); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return b.profile.Write(w)
}

// function identifies a function: by the place of its definition, because Lua functions
// have no names, or for Go functions by the field or variable through which it was
// called.
type function struct {
	file  string
	begin int
	name  string
}

type location struct {
	function *profile.Function
	line     int
}

type builder struct {
	profile   profile.Profile
	functions map[function]*profile.Function
	locations map[location]*profile.Location
}

func (b *builder) add(t *total) {
	if t.samples == 0 {
		return
	}
	s := &profile.Sample{Value: []int64{t.samples, int64(t.running), int64(t.wall)}}
	for _, f := range t.stack {
		s.Location = append(s.Location, b.location(f))
	}
	b.profile.Sample = append(b.profile.Sample, s)
}

func (b *builder) location(f Frame) *profile.Location {
	key := location{b.function(f), f.Line}
	l, ok := b.locations[key]
	if !ok {
		l = &profile.Location{
			ID:   uint64(len(b.locations) + 1),
			Line: []profile.Line{{Function: key.function, Line: int64(f.Line)}},
		}
		b.locations[key] = l
		b.profile.Location = append(b.profile.Location, l)
	}
	return l
}

func (b *builder) function(f Frame) *profile.Function {
	key := function{file: f.File, begin: f.Begin}
	if f.File == "" {
		key.name = f.Name
	}
	fn, ok := b.functions[key]
	if !ok {
		fn = &profile.Function{
			ID:       uint64(len(b.functions) + 1),
			Name:     nameOf(f),
			Filename: f.File, StartLine: int64(f.Begin),
		}
		fn.SystemName = fn.Name
		b.functions[key] = fn
		b.profile.Function = append(b.profile.Function, fn)
	}
	return fn
}

// nameOf is the name in a profile: "lib.lua:12 parse", or "[Go] sleep".
func nameOf(f Frame) string {
	where := "[Go]"
	switch {
	case f.File != "" && f.Begin == 0:
		return f.File + " (main chunk)"
	case f.File != "":
		where = fmt.Sprintf("%s:%d", f.File, f.Begin)
	}
	if f.Name == "" {
		return where
	}
	return where + " " + f.Name
}

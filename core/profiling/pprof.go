package profiling

import (
	"fmt"
	"io"
	"time"
)

// Write writes the profile of all samples so far, gzipped, for pprof. "cpu" is the time
// for which code ran, and is the default in pprof; "wall" includes the time for which
// it waited.
func (r *Run) Write(w io.Writer) error {
	files, err := r.files()
	if err != nil {
		return err
	}
	b := builder{newProfile(), map[function]int64{}, map[location]int64{}}
	b.valueType(1, "samples", "count")
	b.valueType(1, "cpu", "nanoseconds")
	b.valueType(1, "wall", "nanoseconds")
	b.number(9, r.started.UnixNano())
	b.number(10, int64(time.Since(r.started)))
	b.valueType(11, "wall", "nanoseconds") // of the period
	b.number(12, int64(Period))
	b.number(14, b.string("cpu")) // what is shown first
	for _, path := range files {
		totals, err := readTotals(path)
		if err != nil {
			return err
		}
		for _, t := range totals {
			b.add(t)
		}
	}
	return b.write(w)
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
	function int64 // its number
	line     int
}

type builder struct {
	*profile
	functions map[function]int64
	locations map[location]int64
}

func (b *builder) add(t *total) {
	if t.samples == 0 {
		return
	}
	stack := make([]int64, len(t.stack))
	for i, f := range t.stack {
		stack[i] = b.locate(f)
	}
	b.sample(stack, []int64{t.samples, int64(t.running), int64(t.wall)})
}

// locate is the number of a location.
func (b *builder) locate(f Frame) int64 {
	key := location{b.define(f), f.Line}
	id, ok := b.locations[key]
	if !ok {
		id = int64(len(b.locations) + 1)
		b.locations[key] = id
		b.location(id, key.function, f.Line)
	}
	return id
}

// define is the number of a function.
func (b *builder) define(f Frame) int64 {
	key := function{file: f.File, begin: f.Begin}
	if f.File == "" {
		key.name = f.Name
	}
	id, ok := b.functions[key]
	if !ok {
		id = int64(len(b.functions) + 1)
		b.functions[key] = id
		b.function(id, nameOf(f), f.File, f.Begin)
	}
	return id
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

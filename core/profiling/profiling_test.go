package profiling

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	pprof "github.com/google/pprof/profile"
)

var (
	mainChunk = Frame{Name: "ignored", File: "a.lua", Line: 9}
	parse     = Frame{Name: "parse", File: "a.lua", Begin: 2, Line: 4}
	unnamed   = Frame{File: "a.lua", Begin: 6, Line: 7}
	sleep     = Frame{Name: "sleep"}
)

func start(t *testing.T) *Run {
	t.Helper()
	run, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Remove() })
	return run
}

func record(t *testing.T, run *Run, samples ...Sample) {
	t.Helper()
	r, err := Open(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, s := range samples {
		r.Record([]Sample{s})
	}
}

// lines are those that the functions execute.
var lines = map[string]int64{"a.lua (main chunk)": 9, "a.lua:2 parse": 4, "a.lua:6": 7}

// stacks reads the profile: values by the functions and lines of the stack.
func stacks(t *testing.T, run *Run) map[string][]int64 {
	t.Helper()
	var b bytes.Buffer
	if err := run.Write(&b); err != nil {
		t.Fatal(err)
	}
	p, err := pprof.Parse(&b)
	if err == nil {
		err = p.CheckValid()
	}
	if err != nil {
		t.Fatal(err)
	}
	if p.DefaultSampleType != "cpu" || p.SampleType[1].Type != "cpu" || p.SampleType[2].Type != "wall" {
		t.Errorf("got the types %v with the default %s", p.SampleType, p.DefaultSampleType)
	}
	if p.TimeNanos != run.started.UnixNano() || p.DurationNanos <= 0 || p.Period != int64(Period) || *p.PeriodType != *p.SampleType[2] {
		t.Errorf("got the time %d, duration %d and period %d of %v", p.TimeNanos, p.DurationNanos, p.Period, p.PeriodType)
	}
	found := map[string][]int64{}
	for _, s := range p.Compact().Sample { // Compact adds up equal stacks
		var names []string
		for _, l := range s.Location {
			names = append(names, l.Line[0].Function.Name)
			if at := l.Line[0]; at.Line != lines[at.Function.Name] || !strings.HasPrefix(at.Function.Name, at.Function.Filename) {
				t.Errorf("%s is in line %d of %s", at.Function.Name, at.Line, at.Function.Filename)
			}
		}
		found[strings.Join(names, " < ")] = s.Value
	}
	return found
}

func TestProfileOfTwoProcesses(t *testing.T) {
	run := start(t)
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	record(t, run,
		Sample{[]Frame{parse, mainChunk}, true, ms(10)},
		Sample{[]Frame{unnamed, mainChunk}, true, ms(11)},
		Sample{[]Frame{parse, mainChunk}, true, ms(12)},
		Sample{nil, true, ms(99)},
	)
	record(t, run,
		Sample{[]Frame{sleep, mainChunk}, false, ms(20)},
		Sample{[]Frame{parse, mainChunk}, true, ms(30)},
	)
	want := map[string][]int64{
		"a.lua:2 parse < a.lua (main chunk)": {3, 52e6, 52e6},
		"a.lua:6 < a.lua (main chunk)":       {1, 11e6, 11e6},
		"[Go] sleep < a.lua (main chunk)":    {1, 0, 20e6},
	}
	if diff := cmp.Diff(want, stacks(t, run)); diff != "" {
		t.Error(diff)
	}
}

func TestSamplesOfAKilledProcess(t *testing.T) {
	run := start(t)
	record(t, run, Sample{[]Frame{parse}, true, 1}, Sample{[]Frame{parse}, true, 2})
	files, err := run.files()
	if err != nil || len(files) != 1 {
		t.Fatalf("wanted one file, got %v, %v", files, err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if err := os.WriteFile(files[0], whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run.Write(&bytes.Buffer{}); err != nil {
			t.Errorf("cut off after %d bytes: %v", n, err)
		}
	}
	if err := os.WriteFile(files[0], []byte(`{"id":7}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run.Write(&bytes.Buffer{}); err == nil {
		t.Error("wanted an error from a file that no recorder has written")
	}
}

func TestEmptyProfile(t *testing.T) {
	if got := stacks(t, start(t)); len(got) != 0 {
		t.Errorf("wanted nothing, got %v", got)
	}
}

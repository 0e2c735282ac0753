package measure

import (
	"os"
	"strings"
	"sync"

	"avescript/core/coverage"
	"avescript/core/profiling"
	"avescript/lualib/vm"
)

// Interpreter starts to measure an interpreter if the process is part of a measured
// run that has not ended.
func Interpreter(v *vm.VM) {
	if dir := os.Getenv(coverage.Variable); dir != "" {
		if r, err := recorders.open(dir); err == nil {
			v.Count(func(chunk *vm.Chunk, lines []int32) []uint64 {
				return r.Counters(chunk.Name, chunk.Source, lines)
			})
		}
	}
	if dir := os.Getenv(profiling.Variable); dir != "" {
		if r, err := profiling.Open(dir); err == nil {
			stop := v.Sample(profiling.Period, func(samples []vm.Sample) { r.Record(profiled(samples)) })
			v.OnClose(func() {
				stop()
				r.Close()
			})
		}
	}
}

// recorders belong to the process, because all interpreters add to the same
// counters.
var recorders coverageRecorders

type coverageRecorders struct {
	mu    sync.Mutex
	byDir map[string]*coverage.Recorder
}

func (c *coverageRecorders) open(dir string) (*coverage.Recorder, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, ok := c.byDir[dir]; ok {
		return r, nil
	}
	r, err := coverage.Open(dir)
	if err != nil {
		return nil, err
	}
	if c.byDir == nil {
		c.byDir = map[string]*coverage.Recorder{}
	}
	c.byDir[dir] = r
	return r, nil
}

// profiled converts samples for the core.
func profiled(samples []vm.Sample) []profiling.Sample {
	all := make([]profiling.Sample, 0, len(samples))
	for _, s := range samples {
		stack := make([]profiling.Frame, 0, len(s.Stack))
		for _, f := range s.Stack {
			if strings.HasPrefix(f.Name, "<") {
				f.Name = "" // only says where it is defined
			}
			stack = append(stack, profiling.Frame{Name: f.Name, File: strings.TrimPrefix(f.Source, "./"), Begin: f.Begin, Line: f.Line})
		}
		all = append(all, profiling.Sample{Stack: stack, Running: s.Running, Elapsed: s.Elapsed})
	}
	return all
}

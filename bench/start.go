package main

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed start.lua
var startScript string

// starts is how many processes are started per turn.
const starts = 10

// startMeasures measure Process:start with synchronize, and a script that does nothing,
// compared with a program that does nothing, from its start to its end.
func startMeasures(ctx context.Context, b *built) []*measure {
	repeat := func(name string, args ...string) ([]float64, error) {
		begin := time.Now()
		for range starts {
			if err := exec.CommandContext(ctx, name, args...).Run(); err != nil {
				return nil, err
			}
		}
		return []float64{time.Since(begin).Seconds() / starts}, nil
	}
	empty := []rival{{"empty program", func() ([]float64, error) { return repeat(b.empty) }}}
	return []*measure{{
		name:       "start of a process",
		quantities: []quantity{{unit: seconds, goals: map[string]goal{"empty program": atMost(2)}}},
		ours:       func() ([]float64, error) { return measureStart(ctx, b) },
		peers:      empty,
	}, {
		name:       "start and end of an empty script",
		quantities: []quantity{{unit: seconds, goals: map[string]goal{"empty program": atMost(2.5)}}},
		ours: func() ([]float64, error) {
			if err := b.write("empty.lua", ""); err != nil {
				return nil, err
			}
			return repeat(b.avescript, filepath.Join(b.dir, "empty.lua"))
		},
		peers: empty,
	}}
}

// measureStart runs a script that starts processes, one for each line that it reads.
func measureStart(ctx context.Context, b *built) ([]float64, error) {
	var took time.Duration
	err := b.drive(ctx, "start.lua", startScript, func(commands io.Writer, answers *bufio.Scanner) (err error) {
		took, err = timeStarts(commands, answers)
		return err
	})
	return []float64{took.Seconds() / starts}, err
}

// timeStarts is the sum of the times from a line to its answer. The end of each process
// is awaited, but not measured. The first start does not count, because it waits for
// avescript itself.
func timeStarts(commands io.Writer, answers *bufio.Scanner) (sum time.Duration, err error) {
	for i := range starts + 1 {
		begin := time.Now()
		if _, err := fmt.Fprintln(commands, "start"); err != nil {
			return 0, err
		}
		if !answers.Scan() || answers.Text() != "started" {
			return 0, fmt.Errorf("wanted a process to be started, got %q", answers.Text())
		}
		if i > 0 {
			sum += time.Since(begin)
		}
		if !answers.Scan() || answers.Text() != "ended" {
			return 0, fmt.Errorf("wanted the process to end, got %q", answers.Text())
		}
	}
	return sum, nil
}

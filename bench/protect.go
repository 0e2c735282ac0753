package main

import (
	"context"
	_ "embed"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed protect.lua
var protectScript string

// protectMeasures measure the processor time of protected calls and coroutines, compared
// with Lua in C. A panic of Go and a switch between its goroutines take longer than a
// longjmp, so nothing is expected to reach 1.
func protectMeasures(ctx context.Context, b *built) []*measure {
	var all []*measure
	for _, m := range []struct {
		name, kind string
		times      int
		goal       float64
	}{
		{"pcall that succeeds", "ok", 1_000_000, 5},
		{"pcall that fails", "fail", 200_000, 6},
		{"coroutine with two resumes", "coroutine", 200_000, 8},
		{"resume and yield", "switch", 1_000_000, 7},
	} {
		run := func(interpreter string) trial {
			return func() ([]float64, error) {
				if _, err := exec.LookPath(interpreter); err != nil {
					return nil, fmt.Errorf("%w: %w", errSkipped, err)
				}
				return measureProtect(ctx, b, interpreter, m.kind, m.times)
			}
		}
		all = append(all, &measure{
			name:       m.name,
			quantities: []quantity{{unit: seconds, goals: map[string]goal{"lua5.1": atMost(m.goal)}}},
			ours:       run(b.avescript),
			peers:      []rival{{"lua5.1", run("lua5.1")}},
		})
	}
	return all
}

func measureProtect(ctx context.Context, b *built, interpreter, kind string, times int) ([]float64, error) {
	if err := b.write("protect.lua", protectScript); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, interpreter, filepath.Join(b.dir, "protect.lua"), kind, strconv.Itoa(times)).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%.2000s", interpreter, err, out)
	}
	took, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	return []float64{took}, err
}

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The suites are trivial: only the overhead of the runner is measured.
const (
	testLine = `it("t%d", function() assert.are.equal(%[1]d, %[1]d) end)` + "\n"
	testLoop = `for i = 1, %d do it("t" .. i, function() assert.are.equal(i, i) end) end` + "\n"
)

// suiteMeasures measure the time of a whole test run, with all checks for leftovers,
// compared with busted.
func suiteMeasures(ctx context.Context, b *built) []*measure {
	suites := []struct {
		name         string
		files, tests int // tests per file
		text         func(tests int) string
		goal         float64
	}{
		{"10,000 tests in one file", 1, 10_000, lines, 0.25},
		{"10,000 tests made by a loop", 1, 10_000, func(n int) string { return fmt.Sprintf(testLoop, n) }, 0.25},
		{"200 files of 10 tests", 200, 10, lines, 0.5},
	}
	var all []*measure
	for i, s := range suites {
		dir := filepath.Join(b.dir, fmt.Sprintf("suite%d", i))
		run := func(name string, args ...string) trial {
			return func() ([]float64, error) {
				if err := writeSuite(dir, s.files, s.text(s.tests)); err != nil {
					return nil, err
				}
				return measureRun(ctx, name, append(args, dir)...)
			}
		}
		all = append(all, &measure{
			name:       s.name,
			quantities: []quantity{{unit: seconds, goals: map[string]goal{"busted, luajit": atMost(s.goal)}}},
			ours:       run(b.avescript, "test"),
			peers: []rival{
				{"busted, luajit", underBusted(run, "luajit")},
				{"busted, lua5.1", underBusted(run, "lua5.1")},
			},
		})
	}
	return all
}

func lines(tests int) string {
	var text strings.Builder
	for i := range tests {
		fmt.Fprintf(&text, testLine, i)
	}
	return text.String()
}

func writeSuite(dir string, files int, text string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for i := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%d_spec.lua", i)), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// underBusted runs busted with an interpreter that may not be its default.
func underBusted(run func(string, ...string) trial, interpreter string) trial {
	busted, err := exec.LookPath("busted")
	if err == nil {
		busted, err = filepath.EvalSymlinks(busted)
	}
	if err == nil {
		_, err = exec.LookPath(interpreter)
	}
	if err != nil {
		return func() ([]float64, error) { return nil, fmt.Errorf("%w: %w", errSkipped, err) }
	}
	return run(interpreter, busted)
}

// measureRun is how long a program takes.
func measureRun(ctx context.Context, name string, args ...string) ([]float64, error) {
	begin := time.Now()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%.2000s", name, err, out)
	}
	return []float64{time.Since(begin).Seconds()}, nil
}

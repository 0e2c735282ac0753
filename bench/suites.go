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
	const luajit, lua51 = "busted, luajit", "busted, lua5.1"
	suites := []struct {
		name         string
		files, tests int // tests per file
		text         func(tests int) string
		peer         string
		goal         float64
		processor    bool // processor time is measured
		args         []string
	}{
		{name: "10,000 tests in one file", files: 1, tests: 10_000, text: lines, peer: luajit, goal: 0.7},
		{name: "10,000 tests made by a loop", files: 1, tests: 10_000, text: looped, peer: luajit, goal: 0.4},
		{name: "200 files of 10 tests", files: 200, tests: 10, text: lines, peer: luajit, goal: 1.2},
		{name: "12 files that share a module of 800 KB: processor time", files: 12, tests: 1, text: sharing, peer: luajit, goal: 1.5, processor: true},
		{name: "1 test with -j 1: processor time", files: 1, tests: 1, text: lines, peer: lua51, goal: 1.3, processor: true, args: []string{"-j", "1"}},
	}
	var all []*measure
	for i, s := range suites {
		dir := filepath.Join(b.dir, fmt.Sprintf("suite%d", i))
		run := func(name string, args ...string) trial {
			return func() ([]float64, error) {
				if err := writeSuite(dir, s.files, s.text(s.tests)); err != nil {
					return nil, err
				}
				return measureRun(ctx, s.processor, dir, name, append(args, ".")...)
			}
		}
		all = append(all, &measure{
			name:       s.name,
			quantities: []quantity{{unit: seconds, goals: map[string]goal{s.peer: atMost(s.goal)}}},
			ours:       run(b.avescript, append([]string{"test"}, s.args...)...),
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

func looped(tests int) string { return fmt.Sprintf(testLoop, tests) }

// sharing are tests of a module that writeSuite has written.
func sharing(tests int) string {
	return "local shared = require('shared')\nassert(shared.f1(3, 1) == 2)\n" + lines(tests)
}

// sharedModule is a module with many functions.
func sharedModule() string {
	const functions = 6200
	var text strings.Builder
	text.WriteString("local M = {}\n")
	for i := range functions {
		fmt.Fprintf(&text, "function M.f%d(a, b)\n\tlocal t = { a = a, b = b, name = \"n%d\" }\n"+
			"\tif a > b then t.c = a - b else t.c = b - a end\n\treturn t.c\nend\n", i, i)
	}
	text.WriteString("return M\n")
	return text.String()
}

func writeSuite(dir string, files int, text string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "shared.lua"), []byte(sharedModule()), 0o600); err != nil {
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

// measureRun is how long a program takes in a directory, or its processor time with that of
// its children.
func measureRun(ctx context.Context, processor bool, dir, name string, args ...string) ([]float64, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%.2000s", name, err, out)
	}
	took := time.Since(begin)
	if processor {
		took = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	return []float64{took.Seconds()}, nil
}

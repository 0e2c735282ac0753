// Package measure is what the command line offers to measure: which lines of
// scripts are executed, and where their time goes, in this process and in all
// that it starts.
package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/coverage"
	"avescript/core/profiling"
	"avescript/lualib/stdlib"
	"avescript/lualib/syntax"
	"avescript/lualib/vm"
)

// Options say what is measured, and where it goes.
type Options struct {
	Coverage string   // directory of the coverage report; "" is none
	Include  []string // patterns of the files that count; none is all but tests
	Exclude  []string // patterns of the files that don't
	Minimum  coverage.Minimum

	Profile string // file of the profile; "" is none
}

// The files that lcov and people look for.
const (
	lcovName = "lcov.info"
	pageName = "index.html"
)

// tests are the files that do not count unless they are asked for: a test that
// is never executed is not what anybody wants to know of.
var tests = []string{"**/test_*.lua", "**/*_test.lua", "**/*_spec.lua", "**/.*/**"}

// ErrBelow is that less was executed than was wanted, which has been written.
var ErrBelow = errors.New("the coverage is too low")

// Measurement is what is being measured.
type Measurement struct {
	opts     Options
	coverage *coverage.Run  // nil if it is not measured
	profile  *profiling.Run // likewise
	finish   sync.Once
}

// Start has all interpreters measured that this process makes from now on, and
// those of the processes that it starts. Nothing is done if nothing is asked
// for; files are counted below the working directory.
func Start(opts Options) (_ *Measurement, err error) {
	m := &Measurement{opts: opts}
	defer func() {
		if err != nil {
			m.Discard()
		}
	}()
	if opts.Coverage != "" {
		choice := coverage.Choice{Root: ".", Include: opts.Include, Exclude: opts.Exclude}
		if len(choice.Include) == 0 {
			choice.Exclude = append(choice.Exclude[:len(choice.Exclude):len(choice.Exclude)], tests...)
		}
		if m.opts.Coverage, err = filepath.Abs(opts.Coverage); err != nil {
			return nil, err
		}
		if m.coverage, err = coverage.Start(choice); err != nil {
			return nil, err
		}
		if err := os.Setenv(coverage.Variable, m.coverage.Dir); err != nil {
			return nil, err
		}
	}
	if opts.Profile != "" {
		if m.opts.Profile, err = filepath.Abs(opts.Profile); err != nil {
			return nil, err
		}
		if m.profile, err = profiling.Start(); err != nil {
			return nil, err
		}
		if err := os.Setenv(profiling.Variable, m.profile.Dir); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Finish writes the reports, and what people want to know at once to w. It may
// be called from more than one place; the first call does it.
func (m *Measurement) Finish(w io.Writer) (err error) {
	m.finish.Do(func() {
		defer m.Discard()
		if m.profile != nil {
			err = writeFile(m.opts.Profile, m.profile.Write)
		}
		if m.coverage != nil {
			err = errors.Join(err, m.report(w))
		}
	})
	return err
}

// FinishAtExit has os.exit in v finish the measurement, which would otherwise end
// without a report. The exit status stays the script's.
func (m *Measurement) FinishAtExit(v *vm.VM, w io.Writer) {
	_ = v.Do(context.Background(), func(L *lua.LState) error {
		stdlib.OnExit(L, func(_ *lua.LState, abrupt bool) {
			if abrupt {
				_ = m.Finish(w)
			}
		})
		return nil
	})
}

// Discard ends the measurement without a report.
func (m *Measurement) Discard() {
	if m.coverage != nil {
		_ = m.coverage.Remove() // it is temporary
	}
	if m.profile != nil {
		_ = m.profile.Remove()
	}
}

func (m *Measurement) report(w io.Writer) error {
	if err := m.loadIncluded(); err != nil {
		return err
	}
	result, err := m.coverage.Result()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(m.opts.Coverage, 0o755); err != nil {
		return fmt.Errorf("coverage: %w", err)
	}
	page := filepath.Join(m.opts.Coverage, pageName)
	fmt.Fprintf(w, "\nCoverage of lines, see %s\n", page)
	err = errors.Join(
		writeFile(filepath.Join(m.opts.Coverage, lcovName), result.WriteLCOV),
		writeFile(page, result.WriteHTML),
		result.WriteSummary(w),
	)
	if short := result.Check(m.opts.Minimum); err == nil && len(short) > 0 {
		fmt.Fprintln(w, "coverage: "+strings.Join(short, "\ncoverage: "))
		err = ErrBelow
	}
	return err
}

// loadIncluded gives counters to the files that are asked for and that nobody
// has loaded. What is no Lua is left out.
func (m *Measurement) loadIncluded() error {
	files, err := m.coverage.Included()
	if err != nil || len(files) == 0 {
		return err
	}
	recorder, err := coverage.Open(m.coverage.Dir)
	if err != nil {
		return err
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("coverage: %w", err)
		}
		if proto, err := syntax.Compile(source, file); err == nil {
			recorder.Counters(file, source, vm.Lines(proto))
		}
	}
	return nil
}

// writeFile makes a file of what write gives.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

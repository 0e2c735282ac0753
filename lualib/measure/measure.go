// Package measure does the measurements of the command line: which lines of scripts
// are executed, and where their time is spent, in this process and in all that it
// starts.
package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/coverage"
	"avescript/core/profiling"
	"avescript/lualib/script"
	"avescript/lualib/stdlib"
	"avescript/lualib/syntax"
	"avescript/lualib/vm"
)

// Options say what to measure, and where to write the results.
type Options struct {
	Coverage string   // directory of the coverage report; "" is none
	Include  []string // patterns of the files to count; none means all except tests
	Exclude  []string // patterns of files not to count
	Minimum  coverage.Minimum

	Profile string // file of the profile; "" is none
}

// Directory is the default directory of the coverage report.
const Directory = "coverage"

// The files that lcov and people look for.
const (
	lcovName = "lcov.info"
	pageName = "index.html"
)

// tests returns the files that only count if they are asked for: nobody wants to
// know that a test was not executed.
func tests() []string {
	patterns := []string{"**/.*/**"}
	for _, name := range script.TestNames {
		patterns = append(patterns, "**/"+name)
	}
	return patterns
}

// ErrBelow means that less was executed than required. The numbers were printed
// already.
var ErrBelow = errors.New("the coverage is too low")

// Measurement is a running measurement.
type Measurement struct {
	opts     Options
	coverage *coverage.Run  // nil if it is not measured
	profile  *profiling.Run // nil if it is not measured
	finish   sync.Once
}

// Start measures all interpreters that this process makes from now on, and those of
// processes that it starts. It does nothing if nothing is asked for. Files are
// counted below the working directory.
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
			choice.Exclude = slices.Concat(choice.Exclude, tests())
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

// Around measures what run does, a script or tests. It writes the reports even if
// run has failed, but not if nothing has run. Problems with a report are printed to
// stderr; the error is then [script.ErrFailed].
func Around(opts Options, stderr io.Writer, run func(*Measurement) error) error {
	if opts.Coverage == "" && (opts.Include != nil || opts.Exclude != nil || opts.Minimum != coverage.Minimum{}) {
		opts.Coverage = Directory // other coverage options imply --coverage
	}
	err := errors.Join(script.CheckFile("profile", opts.Profile), script.CheckDirectory("coverage", opts.Coverage))
	if err != nil {
		return err
	}
	m, err := Start(opts)
	if err != nil {
		return err
	}
	err = run(m)
	var interrupted *script.Interrupted
	if err != nil && !errors.Is(err, script.ErrFailed) && !errors.As(err, &interrupted) {
		m.Discard()
		return err
	}
	// Another report may use standard output.
	measured := m.Finish(stderr)
	if measured != nil && !errors.Is(measured, ErrBelow) {
		fmt.Fprintf(stderr, "avescript: %v\n", measured)
	}
	if err == nil && measured != nil {
		return script.ErrFailed
	}
	return err
}

// Finish writes the reports, and a summary to w. It may be called from several
// places; the first call does the work.
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

// FinishAtExit makes os.exit in v finish the measurement, which would otherwise end
// without a report. The exit status is that of the script.
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

// loadIncluded gives counters to the chosen files that were not loaded. Files that
// are not valid Lua are left out.
func (m *Measurement) loadIncluded() error {
	files, err := m.coverage.Included(script.IsName)
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

// writeFile writes a file with write.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

package measure_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/pprof/profile"

	"avescript/core/coverage"
	"avescript/core/profiling"
	"avescript/lualib"
	"avescript/lualib/measure"
	"avescript/lualib/script"
	"avescript/lualib/vm"
)

// run runs a script in an interpreter of its own while it is measured.
func run(t *testing.T, opts measure.Options, source string) (summary string, err error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.lua", []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{coverage.Variable, profiling.Variable} {
		t.Setenv(name, "") // and as it was, afterwards
	}
	m, err := measure.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	v := lualib.New(vm.Stdio{})
	if err := script.Run(t.Context(), v, script.File("a.lua"), nil, nil); err != nil {
		t.Fatal(err)
	}
	v.Close()
	var b strings.Builder
	err = m.Finish(&b)
	if again := m.Finish(io.Discard); again != nil {
		t.Errorf("wanted a second end to do nothing, got %v", again)
	}
	for _, name := range []string{coverage.Variable, profiling.Variable} {
		if dir := os.Getenv(name); dir != "" {
			if _, err := os.Stat(dir); err == nil {
				t.Errorf("%s is left", dir)
			}
		}
	}
	return b.String(), err
}

func TestProfile(t *testing.T) {
	_, err := run(t, measure.Options{Profile: "cpu.pb.gz"}, `
		local function busy()
			local deadline = os.clock() + 0.2
			while os.clock() < deadline do end
		end
		busy()
		require("ave.time").sleep(0.2)`)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("cpu.pb.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := profile.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	cpu, wall := map[string]int64{}, map[string]int64{}
	for _, s := range p.Sample {
		name := s.Location[0].Line[0].Function.Name
		cpu[name] += s.Value[1]
		wall[name] += s.Value[2]
	}
	if cpu["a.lua:2 busy"] < 100e6 {
		t.Errorf("wanted busy to take 0.2 s, got %v", cpu)
	}
	if wall["[Go] sleep"] < 100e6 || cpu["[Go] sleep"] > 50e6 {
		t.Errorf("wanted sleep to wait for 0.2 s, got %v of %v", cpu, wall)
	}
}

func TestNothingIsMeasuredUnlessAskedFor(t *testing.T) {
	summary, err := run(t, measure.Options{}, "return 1")
	if err != nil || summary != "" {
		t.Errorf("got %q, %v", summary, err)
	}
	if files, _ := filepath.Glob("*"); len(files) != 1 {
		t.Errorf("these were made: %v", files)
	}
}

func TestReportThatCannotBeWritten(t *testing.T) {
	if _, err := run(t, measure.Options{Coverage: "a.lua/report"}, "return 1"); err == nil || err == measure.ErrBelow {
		t.Errorf("wanted an error, got %v", err)
	}
}

// TestAround: what has run is reported, and what has not leaves nothing.
func TestAround(t *testing.T) {
	mistake := errors.New("there is no such option")
	for name, c := range map[string]struct {
		opts      measure.Options
		ran, want error
		reported  bool
	}{
		"passed":      {measure.Options{Coverage: "coverage"}, nil, nil, true},
		"failed":      {measure.Options{Coverage: "coverage"}, script.ErrFailed, script.ErrFailed, true},
		"never ran":   {measure.Options{Coverage: "coverage"}, mistake, mistake, false},
		"a minimum":   {measure.Options{Minimum: coverage.Minimum{Total: 1}}, nil, script.ErrFailed, true}, // nothing was counted
		"not a place": {measure.Options{Coverage: "a.lua/coverage"}, nil, syscall.ENOTDIR, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv(coverage.Variable, "") // and as it was, afterwards
			if err := os.WriteFile("a.lua", nil, 0o600); err != nil {
				t.Fatal(err)
			}
			var stderr strings.Builder
			err := measure.Around(c.opts, &stderr, func(*measure.Measurement) error { return c.ran })
			if !errors.Is(err, c.want) {
				t.Errorf("wanted %v, got %v", c.want, err)
			}
			_, missing := os.Stat("coverage/lcov.info")
			if c.reported != (missing == nil) || c.reported != strings.Contains(stderr.String(), "Coverage of lines") {
				t.Errorf("wanted a report: %v, got %v and:\n%s", c.reported, missing, &stderr)
			}
			if dir := os.Getenv(coverage.Variable); dir != "" {
				if _, err := os.Stat(dir); err == nil {
					t.Errorf("%s is left", dir)
				}
			}
		})
	}
}

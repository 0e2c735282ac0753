package runner_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/core/harness"
	"avescript/core/harness/plan"
	"avescript/internal/poll"
	"avescript/internal/reexec"
	"avescript/lualib"
	"avescript/lualib/runner"
	"avescript/lualib/script"
	"avescript/lualib/vm"
)

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{
		"worker": func([]string) error { return runner.Work(context.Background(), lualib.New) },
		"submit": func(args []string) error { return submit(args[0]) },
	})
	os.Exit(m.Run())
}

func newVM() *vm.VM { return lualib.New(vm.Stdio{}) }

// screen is what a run writes. Any goroutine may read it.
type screen struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// project is a directory with test files, which is the working directory.
func project(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for name, text := range files {
		write(t, name, text)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs the tests of the project with options that change sets.
func run(t *testing.T, change func(*runner.Options)) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs screen
	o := options(&out, &errs)
	if change != nil {
		change(&o)
	}
	err = runner.Run(t.Context(), o)
	return out.String(), errs.String(), err
}

func options(stdout, stderr *screen) runner.Options {
	o := runner.Defaults()
	o.Workers, o.Stdout, o.Stderr = 2, stdout, stderr
	o.New = newVM
	o.Command = func() *exec.Cmd { return reexec.Command("worker") }
	return o
}

var twoFiles = map[string]string{
	"a_spec.lua": `it("passes", function() print("hello") end)`,
	"b_spec.lua": `describe("a block", function()
		it("fails", function() assert.equal(1, 2) end)
		pending("is not ready")
	end)`,
}

// shape is the events of a file, in their order.
func shape(t *testing.T, events, file string) (list []string) {
	t.Helper()
	for line := range strings.Lines(events) {
		var e harness.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Time == 0 || e.Kind == harness.TestFinished && e.Seconds == 0 && e.Status != harness.Pending {
			t.Errorf("wanted an event with its times, got %s", line)
		}
		if e.File == file {
			list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Kind, e.FullName(), e.Status)))
		}
	}
	return list
}

// TestReportsOfARun: the events of tests get to the reports, whichever process the
// tests run in.
func TestReportsOfARun(t *testing.T) {
	for _, workers := range []int{0, 2} {
		t.Run(fmt.Sprintf("with %d workers", workers), func(t *testing.T) {
			project(t, twoFiles)
			out, _, err := run(t, func(o *runner.Options) {
				o.Workers = workers
				o.Reports = []string{"json=events", "html=page.html"}
			})
			if !errors.Is(err, script.ErrFailed) || !strings.HasSuffix(out, "\n1 passed, 1 failed, 1 skipped\n") {
				t.Errorf("got %v and:\n%s", err, out)
			}
			events, err := os.ReadFile("events")
			if err != nil {
				t.Fatal(err)
			}
			for file, want := range map[string][]string{
				"":           {"run_started", "run_finished"},
				"a_spec.lua": {"file_started", "test_started passes", "test_finished passes passed", "file_finished"},
				"b_spec.lua": {
					"file_started", "test_started a block fails", "test_finished a block fails failed",
					"test_started a block is not ready", "test_finished a block is not ready pending", "file_finished",
				},
			} {
				if diff := cmp.Diff(want, shape(t, string(events), file)); diff != "" {
					t.Errorf("%s -want +got:\n%s", file, diff)
				}
			}
			page, err := os.ReadFile("page.html")
			if err != nil || !strings.Contains(string(page), `"verdict":"1 passed, 1 failed, 1 skipped"`) {
				t.Errorf("got %v and:\n%.500s", err, page)
			}
		})
	}
}

// TestFailedOnly: a run remembers for the next one what has failed.
func TestFailedOnly(t *testing.T) {
	project(t, twoFiles)
	if _, _, err := run(t, nil); !errors.Is(err, script.ErrFailed) {
		t.Fatal(err)
	}
	failed := func(o *runner.Options) { o.Failed = true }
	if out, _, err := run(t, failed); !errors.Is(err, script.ErrFailed) || !strings.HasSuffix(out, "\n0 passed, 1 failed\n") {
		t.Errorf("got %v and:\n%s", err, out)
	}
	write(t, "b_spec.lua", `describe("a block", function() it("fails", function() end) end)`)
	if out, _, err := run(t, failed); err != nil || !strings.HasSuffix(out, "\n1 passed, 0 failed\n") {
		t.Errorf("got %v and:\n%s", err, out)
	}
	if _, errs, err := run(t, failed); err != nil || errs != "nothing to run: no test failed in the last run\n" {
		t.Errorf("got %v and: %s", err, errs)
	}
}

// TestOptionsBeforeSettings: .busted has what the options leave open.
func TestOptionsBeforeSettings(t *testing.T) {
	project(t, twoFiles)
	write(t, ".busted", `return { default = { filter = "fails", ROOT = { "b_spec.lua" }, coverage = true } }`)
	list := func(o *runner.Options) { o.List = true }
	out, errs, err := run(t, list)
	if err != nil || out != "b_spec.lua:2: a block fails\n" || errs != ".busted: these options are ignored: coverage\n" {
		t.Errorf("got %v and:\n%s%s", err, out, errs)
	}
	out, _, err = run(t, func(o *runner.Options) {
		list(o)
		o.Paths, o.Choice = []string{"."}, plan.Choice{Filters: []string{"passes", "ready"}}
	})
	if err != nil || out != "a_spec.lua:1: passes\nb_spec.lua:3: a block is not ready (pending)\n" {
		t.Errorf("got %v and:\n%s", err, out)
	}
}

func TestMistakes(t *testing.T) {
	project(t, twoFiles)
	if err := os.Mkdir("empty", 0o700); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*runner.Options){
		"--list and --watch cannot be used together: remove one":              func(o *runner.Options) { o.List, o.Watch = true, true },
		"--report would overwrite the script b_spec.lua: choose another file": func(o *runner.Options) { o.Reports = []string{"tap=b_spec.lua"} },
		"--record: mkdir a_spec.lua: not a directory":                         func(o *runner.Options) { o.Record = "a_spec.lua" },
		"--list supports only --report json, got tap":                         func(o *runner.Options) { o.List, o.Reports = true, []string{"tap"} },
		"--shard: wanted NUMBER/PARTS such as 2/5, got \"2\"":                 func(o *runner.Options) { o.Shard = "2" },
		"--shuffle: wanted a whole number as seed, 1 or more, got \"x\"":      func(o *runner.Options) { o.Shuffle = "x" },
		"--leaks: wanted fail, warn or off, got \"never\"":                    func(o *runner.Options) { o.Leaks = []string{"never"} },
		"--quarantine: open none: no such file or directory":                  func(o *runner.Options) { o.Quarantine = []string{"@none"} },
		"tags \"(slow\": wanted ), got the end":                               func(o *runner.Options) { o.Choice.Tags = []string{"(slow"} },
		"the helper: cannot read none.lua: no such file or directory":         func(o *runner.Options) { o.Helper = "none.lua" },
		"cannot read missing: no such file or directory":                      func(o *runner.Options) { o.Paths = []string{"missing"} },
		"wanted test_*.lua, *_test.lua or *_spec.lua in empty, found none":    func(o *runner.Options) { o.Paths = []string{"empty"} },
	} {
		out, _, err := run(t, change)
		if err == nil || !strings.Contains(err.Error(), want) || out != "" {
			t.Errorf("wanted %s, got %v and:\n%s", want, err, out)
		}
	}
}

// TestRunTimeout: a run that takes too long has failed, and its report is complete.
func TestRunTimeout(t *testing.T) {
	project(t, map[string]string{"a_spec.lua": `it("hangs", function() while true do end end)`})
	out, _, err := run(t, func(o *runner.Options) { o.RunTimeout = 0.5 })
	if !errors.Is(err, script.ErrFailed) || !strings.Contains(out, "interrupted: the run did not end within 0.5 s") || !strings.HasSuffix(out, "\n0 passed, 1 failed\n") {
		t.Errorf("got %v and:\n%s", err, out)
	}
}

var errEnough = errors.New("enough")

// TestWatch: a file that has changed is run again, until the context ends.
func TestWatch(t *testing.T) {
	project(t, twoFiles)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var out, errs screen
	o := options(&out, &errs)
	o.Watch = true
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx, o) }()
	waits := func(times int) {
		t.Helper()
		poll.Until(t, "it waits for changes", func() bool {
			return strings.Count(errs.String(), "waiting for Lua files to change") >= times
		})
	}
	waits(1)
	write(t, "b_spec.lua", `it("is new", function() end)`)
	waits(2)
	cancel(errEnough)
	if err := <-ended; !errors.Is(err, errEnough) {
		t.Errorf("got %v", err)
	}
	lines := strings.Split(out.String(), "\n")
	totals := slices.DeleteFunc(lines, func(line string) bool { return !strings.Contains(line, " passed, ") || strings.Contains(line, " in ") })
	if diff := cmp.Diff([]string{"1 passed, 1 failed, 1 skipped", "1 passed, 0 failed"}, totals); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !strings.Contains(errs.String(), "changed: b_spec.lua\n") {
		t.Errorf("got:\n%s", errs.String())
	}
}

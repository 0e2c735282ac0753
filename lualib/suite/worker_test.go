package suite_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/harness"
	"avescript/core/harness/workers"
	"avescript/internal/reexec"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

// work is a worker whose interpreters have functions that nothing can interrupt.
func work([]string) error {
	return suite.Work(context.Background(), func() *vm.VM {
		v := newVM()
		_ = v.Do(context.Background(), func(L *lua.LState) error {
			L.SetGlobal("be_stuck", L.NewFunction(func(*lua.LState) int { select {} }))
			L.SetGlobal("be_stuck_until_reported", L.NewFunction(func(*lua.LState) int {
				stacks := make([]byte, 1<<20)
				for !bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("suite.(*deadline).stuck(")) {
					time.Sleep(time.Millisecond)
				}
				return 0
			}))
			return nil
		})
		return v
	}, nil)
}

// verdictsOf runs a file in workers.
func verdictsOf(t *testing.T, source string, opts suite.Options) (lines, messages []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x_spec.lua")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	opts.Reporter = reporter(func(e harness.Event) {
		if e.Kind == harness.TestFinished || e.Kind == harness.BlockFailed {
			lines = append(lines, string(e.Status)+" "+strings.Join(e.Path, " "))
			for _, p := range e.Problems {
				messages = append(messages, p.Message)
			}
		}
	})
	opts.Workers, opts.Command = 1, func() *exec.Cmd { return reexec.Command("worker") }
	if _, err := suite.RunFiles(t.Context(), []workers.Job{{File: file}}, opts); err != nil {
		t.Fatal(err)
	}
	return lines, messages
}

type reporter func(harness.Event)

func (r reporter) Report(e harness.Event) { r(e) }

// TestStuck: a test and a hook in a Go function that nothing interrupts are ended
// with their process, and the rest of the file goes on.
func TestStuck(t *testing.T) {
	const source = `
		it("is before", function() end)
		it("is stuck", { timeout = 0.1, retries = 3 }, function() be_stuck() end)
		describe("a block", function()
			it("is between", function() end)
			teardown(function() be_stuck() end)
		end)
		it("is after", function() end)`
	lines, messages := verdictsOf(t, source, suite.Options{HookTimeout: 0.1})
	want := []string{"passed is before", "error is stuck", "passed a block is between", "error a block", "passed is after"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(messages) != 2 || slices.ContainsFunc(messages, func(m string) bool {
		return !strings.HasPrefix(m, "it did not end within 0.1 s\n\nIt is stuck in a Go function, so its process was ended.\n\n") ||
			!strings.Contains(m, "suite_test.work.func1")
	}) {
		t.Errorf("got %q", messages)
	}
}

// TestStuckNoMore: what goes on after all when its process is being ended is reported
// once, and so is what comes after it.
func TestStuckNoMore(t *testing.T) {
	const source = `
		it("is stuck", { timeout = 0.1 }, function() be_stuck_until_reported() end)
		for i = 1, 100 do it("is after", function() end) end`
	lines, messages := verdictsOf(t, source, suite.Options{})
	want := append([]string{"error is stuck"}, slices.Repeat([]string{"passed is after"}, 100)...)
	if diff := cmp.Diff(want, lines); diff != "" || len(messages) != 1 {
		t.Errorf("-want +got:\n%s%.300q", diff, messages)
	}
}

// TestOrderlyKill: a command that may take its time to end is not stuck.
func TestOrderlyKill(t *testing.T) {
	const source = `
		it("waits", { timeout = 0.1 }, function()
			require("ave.cmd").run({ "sh", "-c", "trap '' TERM; while :; do sleep 1; done" }, { ladder = { { "TERM", 4 } } })
		end)`
	lines, messages := verdictsOf(t, source, suite.Options{})
	if diff := cmp.Diff([]string{"error waits"}, lines); diff != "" || strings.Contains(messages[0], "stuck") {
		t.Errorf("-want +got:\n%s%.300q", diff, messages)
	}
}

// TestManyChildren: what is said of a test that hangs can be read.
func TestManyChildren(t *testing.T) {
	const source = `
		it("hangs", { timeout = 3 }, function()
			os.execute("for i in $(seq 60); do sleep 1000 & done")
			while true do end
		end)`
	_, messages := verdictsOf(t, source, suite.Options{})
	if len(messages) != 1 || strings.Count(messages[0], "sleep 1000\n") != 50 || !strings.Contains(messages[0], "\n  and 10 more") {
		t.Errorf("got %q", messages)
	}
}

// TestLeakAfterDeadline: a test that was overdue and left nothing behind does not
// excuse what the next one leaves.
func TestLeakAfterDeadline(t *testing.T) {
	const source = `
		it("hangs", { timeout = 0.1 }, function() while true do end end)
		it("leaks", function() os.execute("sleep 1000 &") end)`
	lines, messages := verdictsOf(t, source, suite.Options{Leaks: suite.DefaultSeverities()})
	if diff := cmp.Diff([]string{"error hangs", "failed leaks"}, lines); diff != "" {
		t.Errorf("-want +got:\n%s%q", diff, messages)
	}
}

// TestOrphan: a worker ends whose parent dies as soon as it has given a job.
func TestOrphan(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x_spec.lua")
	if err := os.WriteFile(file, []byte(`it("runs", function() end)`), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 8 { // when they notice is up to the scheduler
		t.Run("", func(t *testing.T) {
			t.Parallel()
			worker := orphan(t, fmt.Sprintf("{\"setup\":{}}\n{\"job\":{\"file\":%q}}\n", file))
			killer := time.AfterFunc(30*time.Second, func() { _ = worker.Process.Kill() })
			_ = worker.Wait()
			if !killer.Stop() {
				t.Error("the worker has not ended")
			}
		})
	}
}

// orphan starts a worker whose parent gives orders and is gone.
func orphan(t *testing.T, orders string) *exec.Cmd {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "parent"), os.NewFile(uintptr(fds[1]), "worker")
	defer ours.Close()
	defer theirs.Close()
	journal, err := os.Create(filepath.Join(t.TempDir(), "journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	if _, err := ours.WriteString(orders); err != nil {
		t.Fatal(err)
	}
	worker := reexec.Command("worker")
	worker.ExtraFiles = []*os.File{theirs, journal}
	worker.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	return worker
}

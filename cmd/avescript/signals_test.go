package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"avescript/internal/poll"
)

// hanging is a test file whose second test hangs in a command. The processes that it
// starts ignore the signals of a terminal and belong to two sessions.
const hanging = `
it("passes", function() end)
it("hangs", function()
  io.open(os.getenv("TMPDIR") .. "/file", "w"):close()
  os.execute("trap '' HUP INT TERM; setsid sleep 1000 & sleep 1000; true")
end)
it("never runs", function() end)
`

// interruption is a way to end a run from outside.
type interruption struct {
	args    []string
	end     func(t *testing.T, avescript *exec.Cmd, mark string)
	status  int
	message string // of the tests that were running, "" if there is no report
}

func to(signals ...syscall.Signal) func(*testing.T, *exec.Cmd, string) {
	return func(t *testing.T, avescript *exec.Cmd, _ string) {
		for _, s := range signals {
			if err := avescript.Process.Signal(s); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestInterruptedRun: however a run ends, it leaves no processes and no directories
// behind and, if possible, completes its reports.
func TestInterruptedRun(t *testing.T) {
	for name, c := range map[string]interruption{
		"SIGINT":  {nil, to(syscall.SIGINT), 130, "interrupted"},
		"SIGTERM": {nil, to(syscall.SIGTERM), 143, "interrupted: terminated"},
		"SIGHUP":  {nil, to(syscall.SIGHUP), 129, "interrupted: hangup"},
		"Ctrl-C": {nil, func(t *testing.T, avescript *exec.Cmd, _ string) {
			if err := syscall.Kill(-avescript.Process.Pid, syscall.SIGINT); err != nil {
				t.Error(err)
			}
		}, 130, "interrupted"},
		"SIGKILL":     {nil, to(syscall.SIGKILL), -1, ""},
		"run timeout": {[]string{"--run-timeout", "2"}, func(*testing.T, *exec.Cmd, string) {}, 1, "interrupted: the run did not end within 2 s"},
		"SIGTERM with stopped workers": {nil, func(t *testing.T, avescript *exec.Cmd, mark string) {
			stopWorkers(t, mark)
			to(syscall.SIGTERM)(t, avescript, mark)
		}, 143, "interrupted: terminated"},
		"SIGKILL with stopped workers": {nil, func(t *testing.T, avescript *exec.Cmd, mark string) {
			stopWorkers(t, mark)
			to(syscall.SIGKILL)(t, avescript, mark)
		}, -1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			interrupt(t, c)
		})
	}
}

func interrupt(t *testing.T, c interruption) {
	dir, temp := t.TempDir(), t.TempDir()
	for _, file := range []string{"a_spec.lua", "b_spec.lua", "c_spec.lua"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(hanging), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mark := "AVE_TEST_SIGNALS_MARK=" + dir
	avescript := exec.Command("avescript", append([]string{"test", "-j", "2", "--report", "json=events", "--report", "tap"}, c.args...)...)
	avescript.Dir = dir
	avescript.Env = append(os.Environ(), mark, "TMPDIR="+temp, "XDG_CACHE_HOME="+dir)
	avescript.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out strings.Builder
	avescript.Stdout = &out
	if err := startObedient(avescript); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "both tests hang", func() bool { return len(named(t, mark, "sleep")) == 4 })
	c.end(t, avescript, mark)
	err := avescript.Wait()
	if status := avescript.ProcessState.ExitCode(); status != c.status {
		t.Errorf("wanted exit status %d, got %v", c.status, err)
	}
	poll.Until(t, "all processes have ended", func() bool { return len(named(t, mark)) == 0 })
	poll.Until(t, "there are no temporary files", func() bool {
		left, _ := filepath.Glob(temp + "/*")
		return len(left) == 0
	})
	if c.message == "" {
		return
	}
	events, err := os.ReadFile(filepath.Join(dir, "events"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(events), fmt.Sprintf(`"message":"%s`, c.message)); n != 2 || !strings.Contains(string(events), `"event":"run_finished"`) {
		t.Errorf("%d tests say that they were %s:\n%s", n, c.message, events)
	}
	if !strings.Contains(out.String(), "\n1..4\n# 2 passed, 2 failed") {
		t.Errorf("the report has no end:\n%s", out.String())
	}
}

// stopWorkers suspends the workers, and waits until they are suspended.
func stopWorkers(t *testing.T, mark string) {
	for _, pid := range workersOf(t, mark) {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Error(err)
		}
		poll.Until(t, "the worker is stopped", func() bool {
			stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			return strings.Contains(string(stat), ") T ")
		})
	}
}

func workersOf(t *testing.T, mark string) []int {
	return slices.DeleteFunc(named(t, mark), func(pid int) bool {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		return !strings.Contains(string(line), workerName)
	})
}

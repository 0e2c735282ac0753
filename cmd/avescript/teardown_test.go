package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"avescript/internal/poll"
)

// cleaning is a test file whose hooks record that they run. HANGS says how a test
// hangs, and FAILS which hook fails.
const cleaning = `
local function log(what)
  local f = io.open("log", "a")
  f:write(what, "\n")
  f:close()
  if os.getenv("FAILS") == what then
    io.open("hook", "w"):close()
    while true do pcall(function() while true do end end) end
  end
end
local hang = {
  sleeps = function() require("ave").time.sleep(1000) end,
  loops = function() while true do pcall(function() while true do end end) end end,
  tasks = function()
    require("ave").task.spawn(function() while true do end end)
    require("ave").time.sleep(1000)
  end,
  begins = function()
    require("ave").task.spawn(function() while true do end end)
    while true do end
  end,
  runs = function() require("ave").cmd.run { "sleep", "1000" } end,
  calls = function()
    coroutine.wrap(function() while true do pcall(coroutine.wrap(function() while true do end end)) end end)()
  end,
  waits = function() eventually(function() return false end, { timeout = 1000 }) end,
}
teardown(function() log("file") end)
describe("outer", function()
  setup(function() test.shared("power", function() return "on" end) end)
  teardown(function() log("outer, power " .. test.shared("power", function() return "off" end)) end)
  lazy_setup(function() end)
  lazy_teardown(function() log("lazy") end)
  after_each(function() log("outer each") end)
  describe("inner", function()
    teardown(function() log("inner") end)
    after_each(function() log("inner each") end)
    it("hangs", { retries = 2, xfail = true }, function()
      finally(function() log("finally") end)
      io.open("ready", "w"):close()
      hang[os.getenv("HANGS")]()
    end)
    it("never runs", function() log("never") end)
    describe("never", function() setup(function() log("never") end) it("runs", function() end) end)
  end)
end)
`

const allCleaned = "finally\ninner each\nouter each\ninner\nlazy\nouter, power on\nfile\n"

// ended is a run of [cleaning] that was ended.
type ended struct {
	status      int
	out, events string
	log         string
}

// runCleaning starts avescript with arguments, and calls end as soon as file exists.
func runCleaning(t *testing.T, env []string, file string, end func(avescript *exec.Cmd), args ...string) (e ended) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a_spec.lua"), []byte(cleaning), 0o600); err != nil {
		t.Fatal(err)
	}
	avescript := exec.Command("avescript", args...)
	avescript.Dir = dir
	avescript.Env = append(append(os.Environ(), "TMPDIR="+t.TempDir(), "XDG_CACHE_HOME="+dir), env...)
	avescript.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out strings.Builder
	avescript.Stdout, avescript.Stderr = &out, &out
	if err := startObedient(avescript); err != nil {
		t.Fatal(err)
	}
	killer := time.AfterFunc(100*time.Second, func() { _ = avescript.Process.Kill() })
	poll.Until(t, file, func() bool { _, err := os.Stat(filepath.Join(dir, file)); return err == nil })
	end(avescript)
	_ = avescript.Wait()
	killer.Stop()
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	events, _ := os.ReadFile(filepath.Join(dir, "events"))
	return ended{avescript.ProcessState.ExitCode(), out.String(), string(events), string(log)}
}

func send(t *testing.T, s syscall.Signal) func(*exec.Cmd) {
	return func(avescript *exec.Cmd) {
		if err := syscall.Kill(-avescript.Process.Pid, s); err != nil {
			t.Error(err)
		}
	}
}

// TestTeardown: if a signal or the deadline of the run ends the tests, everything that
// was set up is torn down, in every kind of run and whatever the tests are doing.
func TestTeardown(t *testing.T) {
	inWorkers := []string{"test", "-j", "2", "--report", "json=events"}
	for name, c := range map[string]struct {
		hangs  string
		signal syscall.Signal // 0: none is sent
		args   []string
		status int
		want   string
	}{
		"in workers, Ctrl-C": {"sleeps", syscall.SIGINT, inWorkers, 130, `"status":"error","problems":[{"message":"interrupted","stack":`},
		"in workers, a task": {"tasks", syscall.SIGTERM, inWorkers, 143, "interrupted: terminated"},
		"here, a task":       {"tasks", syscall.SIGINT, []string{"test", "-j", "0"}, 130, "interrupted"},
		"in workers, a task that gets its turn with the hooks": {"begins", syscall.SIGTERM, inWorkers, 143, "interrupted: terminated"},
		"in workers, a loop":     {"loops", syscall.SIGTERM, inWorkers, 143, "interrupted: terminated"},
		"in workers, a command":  {"runs", syscall.SIGTERM, inWorkers, 143, "interrupted: terminated"},
		"in workers, a probe":    {"waits", syscall.SIGTERM, inWorkers, 143, "interrupted: terminated"},
		"in workers, coroutines": {"calls", syscall.SIGHUP, inWorkers, 129, "interrupted: hangup"},
		"in workers, no time": {"loops", 0, append(inWorkers, "--run-timeout", "2"), 1,
			`interrupted: the run did not end within 2 s\n\nLua thread 1 (running):\n  a_spec.lua:13: in function`},
		"here":       {"runs", syscall.SIGTERM, []string{"test", "-j", "0", "--report", "json=events"}, 143, "interrupted: terminated"},
		"here, loop": {"loops", syscall.SIGINT, []string{"test", "-j", "0"}, 130, "interrupted"},
		"here, no time": {"sleeps", 0, []string{"test", "-j", "0", "--run-timeout", "2"}, 1,
			"interrupted: the run did not end within 2 s\n   \n   Lua thread 1 (waiting):"},
		"a script":       {"sleeps", syscall.SIGINT, nil, 130, "interrupted"},
		"a script, loop": {"calls", syscall.SIGTERM, nil, 143, "interrupted: terminated"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			end := func(*exec.Cmd) {}
			if c.signal != 0 {
				end = send(t, c.signal)
			}
			e := runCleaning(t, []string{"HANGS=" + c.hangs}, "ready", end, append(c.args, "a_spec.lua")...)
			if e.status != c.status {
				t.Errorf("wanted exit status %d, got %d", c.status, e.status)
			}
			if e.log != allCleaned {
				t.Errorf("wanted all hooks in their order, got:\n%s", e.log)
			}
			if !strings.Contains(e.out+e.events, c.want) || !strings.Contains(e.out, "\n0 passed, 1 failed\n") {
				t.Errorf("wanted %q in the reports, got:\n%s%s", c.want, e.out, e.events)
			}
		})
	}
}

// TestHangingTeardown: there is a limit for cleaning up, and a second signal cuts it
// short. The reports are complete in both cases.
func TestHangingTeardown(t *testing.T) {
	for name, args := range map[string][]string{
		"in workers": {"test", "-j", "1", "--report", "json=events"},
		"here":       {"test", "-j", "0", "--report", "json=events"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := []string{"HANGS=sleeps", "FAILS=inner each"}
			e := runCleaning(t, env, "ready", send(t, syscall.SIGTERM), append(args, "--teardown-timeout", "2", "a_spec.lua")...)
			if e.status != 143 || e.log != "finally\ninner each\n" {
				t.Errorf("got status %d, log:\n%s", e.status, e.log)
			}
			for _, want := range []string{
				`{"hook":"after_each","message":"it did not end within the 2 s for cleaning up\n\nLua thread 1 (running):\n  a_spec.lua:8: in function`,
				`{"hook":"after_each","message":"it was not run: the 2 s for cleaning up have passed"}`,
				`{"hook":"lazy_teardown","message":"it was not run: the 2 s for cleaning up have passed"}`,
				`"event":"run_finished"`,
			} {
				if !strings.Contains(e.events, want) {
					t.Errorf("wanted %s, got:\n%s", want, e.events)
				}
			}
		})
		t.Run(name+", two signals", func(t *testing.T) {
			t.Parallel()
			env := []string{"HANGS=sleeps", "FAILS=inner each"}
			e := runCleaning(t, env, "ready", func(avescript *exec.Cmd) {
				send(t, syscall.SIGTERM)(avescript)
				poll.Until(t, "a hook hangs", func() bool {
					_, err := os.Stat(filepath.Join(avescript.Dir, "hook"))
					return err == nil
				})
				send(t, syscall.SIGTERM)(avescript)
			}, append(args, "--teardown-timeout", "0", "a_spec.lua")...)
			if e.status != 143 || e.log != "finally\ninner each\n" {
				t.Errorf("got status %d, log:\n%s", e.status, e.log)
			}
			if !strings.Contains(e.events, "its cleanup hooks may not have finished") || !strings.Contains(e.events, `"event":"run_finished"`) {
				t.Errorf("got:\n%s", e.events)
			}
		})
	}
}

// TestFailFastTeardown: a failure ends the other running tests, which do not count, and
// what they have set up is torn down. A hook that fails meanwhile does count.
func TestFailFastTeardown(t *testing.T) {
	for hook, totals := range map[string]string{"nothing": "0 passed, 1 failed", "after each": "0 passed, 2 failed"} {
		t.Run(hook+" fails", func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, source := range map[string]string{
				"a_spec.lua": `
					teardown(function() io.open("a", "w"):close() end)
					it("fails", function()
						eventually(function() return io.open("ready") end, { timeout = 60 })
						error("wrong")
					end)`,
				"b_spec.lua": `
					teardown(function() io.open("b", "w"):close() end)
					after_each(function() if os.getenv("FAILS") == "after each" then error("the power is on") end end)
					it("hangs", function() io.open("ready", "w"):close() while true do end end)`,
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			avescript := exec.Command("avescript", "test", "-j", "2", "--fail-fast")
			avescript.Dir = dir
			avescript.Env = append(os.Environ(), "FAILS="+hook, "XDG_CACHE_HOME="+dir)
			out, _ := avescript.Output()
			if avescript.ProcessState.ExitCode() != 1 || !strings.HasSuffix(string(out), "\n"+totals+"\n") {
				t.Errorf("got:\n%s", out)
			}
			for _, file := range []string{"a", "b"} {
				if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
					t.Errorf("no teardown: %v", err)
				}
			}
		})
	}
}

// TestFailFastNextTest: after a failure no further test begins, not even in the same
// worker.
func TestFailFastNextTest(t *testing.T) {
	for _, workers := range []string{"0", "1"} {
		dir := t.TempDir()
		const source = `
			teardown(function() io.open("cleaned", "w"):close() end)
			it("fails", function() error("wrong") end)
			for n = 1, 20 do it("begins " .. n, function() io.open("begun", "w"):close() end) end`
		if err := os.WriteFile(filepath.Join(dir, "a_spec.lua"), []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		avescript := exec.Command("avescript", "test", "-j", workers, "--fail-fast")
		avescript.Dir = dir
		avescript.Env = append(os.Environ(), "XDG_CACHE_HOME="+dir)
		out, _ := avescript.Output()
		if avescript.ProcessState.ExitCode() != 1 || !strings.HasSuffix(string(out), "\n0 passed, 1 failed\n") {
			t.Errorf("-j %s: got:\n%s", workers, out)
		}
		if _, err := os.Stat(filepath.Join(dir, "begun")); err == nil {
			t.Errorf("-j %s: another test began", workers)
		}
		if _, err := os.Stat(filepath.Join(dir, "cleaned")); err != nil {
			t.Errorf("-j %s: no teardown: %v", workers, err)
		}
	}
}

// TestOrphanTeardown: workers whose parent is killed clean up and end.
func TestOrphanTeardown(t *testing.T) {
	var dir string
	runCleaning(t, []string{"HANGS=loops"}, "ready", func(avescript *exec.Cmd) {
		dir = avescript.Dir
		to(syscall.SIGKILL)(t, avescript, "")
	}, "test", "-j", "1", "a_spec.lua")
	poll.Until(t, "all hooks have run", func() bool {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return string(log) == strings.Replace(allCleaned, "outer, power on\n", "", 1) || string(log) == allCleaned
	})
	poll.Until(t, "the worker has ended", func() bool { return len(named(t, "XDG_CACHE_HOME="+dir)) == 0 })
}

// TestSignalsToAll: a signal that reaches both the workers and their parent, for
// example because it is sent to all processes of a service, counts once.
func TestSignalsToAll(t *testing.T) {
	e := runCleaning(t, []string{"HANGS=sleeps"}, "ready", func(avescript *exec.Cmd) {
		for _, pid := range workersOf(t, "XDG_CACHE_HOME="+avescript.Dir) {
			if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
				t.Error(err)
			}
		}
		send(t, syscall.SIGTERM)(avescript)
	}, "test", "-j", "1", "a_spec.lua")
	if e.status != 143 || e.log != allCleaned || !strings.Contains(e.out, "interrupted: terminated") {
		t.Errorf("got status %d, log:\n%s%s", e.status, e.log, e.out)
	}
}

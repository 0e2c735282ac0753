package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/harness/workers"
	"avescript/core/process"
	"avescript/internal/poll"
)

// hosted is the process of a job, as its host has it.
type hosted struct {
	*testing.T
	cmd   *exec.Cmd
	dir   string
	in    io.Writer
	words chan wire.JobWord
	pings atomic.Int64
	cut   atomic.Int64 // when the host has lost its contact to the hub; 0 if it has not
}

// startJob starts the job with a test file.
func startJob(t *testing.T, text string) *hosted {
	t.Helper()
	h := &hosted{T: t, dir: t.TempDir(), words: make(chan wire.JobWord, 100)}
	if err := os.WriteFile(filepath.Join(h.dir, "a_test.lua"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	h.cmd = exec.Command("avescript", "test-job")
	h.cmd.Dir, h.cmd.Stderr = h.dir, os.Stderr
	h.cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir()) // its host removes what is left there
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := h.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	h.in = in
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killer := time.AfterFunc(100*time.Second, func() { _ = h.cmd.Process.Kill() })
	t.Cleanup(func() {
		killer.Stop()
		in.Close()
		_ = h.cmd.Process.Signal(syscall.SIGCONT)
		_ = h.cmd.Wait()
	})
	go func() {
		defer close(h.words)
		for decoder := json.NewDecoder(bufio.NewReader(out)); ; {
			var w wire.JobWord
			if decoder.Decode(&w) != nil {
				return
			}
			h.words <- w
		}
	}()
	h.tell(wire.JobOrder{Job: &wire.JobSpec{
		Setup: json.RawMessage(`{"Timeout": 100, "TeardownTimeout": 10}`), Work: json.RawMessage(`{"file": "a_test.lua"}`), Directory: h.dir,
	}})
	return h
}

func (h *hosted) tell(o wire.JobOrder) {
	if o.Contact = time.Duration(h.cut.Load()); o.Contact == 0 {
		o.Contact = process.SinceBoot()
	}
	line, err := json.Marshal(o)
	if err != nil {
		h.Fatal(err)
	}
	_, _ = h.in.Write(append(line, '\n'))
}

// ping lets the job live until stop is called.
func (h *hosted) ping() (stop func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			h.tell(wire.JobOrder{Ping: true})
			h.pings.Add(1)
			select {
			case <-over:
				return
			case <-time.After(time.Duration(wire.JobPing * float64(time.Second))):
			}
		}
	}()
	return func() {
		close(over)
		<-ended
	}
}

// next is the next word that is not an answer to a ping, as text; "" at the end.
func (h *hosted) next() string {
	for w := range h.words {
		switch {
		case w.Event != nil && w.Event.Kind == harness.TestStarted:
			return "starts " + w.Event.FullName()
		case w.Event != nil:
			return string(w.Event.Status) + " " + w.Event.FullName()
		case w.Ask != nil:
			return fmt.Sprintf("asks %d %s %s", w.Ask.ID, w.Ask.Verb, w.Ask.Name)
		case w.Done != nil:
			return fmt.Sprintf("done %+v", *w.Done)
		}
	}
	return ""
}

func (h *hosted) want(words ...string) {
	h.Helper()
	for _, want := range words {
		if got := h.next(); got != want {
			h.Fatalf("got %q, wanted %q", got, want)
		}
	}
}

func TestJobForHost(t *testing.T) {
	h := startJob(t, `
it("locks", function() test.exclusive("a") end)
it("makes", function() assert.equal(5, test.shared("v", function() return 5 end)) end)`)
	defer h.ping()() // a host does so until the process has ended
	h.want("starts locks", "asks 1 lock a")
	h.tell(wire.JobOrder{Answer: &workers.Answer{ID: 1, Wait: "another host has it"}})
	h.tell(wire.JobOrder{Answer: &workers.Answer{ID: 1, Yours: true}})
	h.want("passed locks", "asks 0 unlock a", "starts makes", "asks 2 shared v")
	h.tell(wire.JobOrder{Answer: &workers.Answer{ID: 1, Yours: true}}) // comes late
	h.tell(wire.JobOrder{Answer: &workers.Answer{ID: 2, Yours: true}})
	h.want("asks 0 made v", "passed makes", "done {Passed:true Kept:true Error:}")
	h.tell(wire.JobOrder{Over: true})
	h.want("asks 0 lose v", "")
	if err := h.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestJobIsStopped(t *testing.T) {
	h := startJob(t, `
after_each(function() io.open("cleaned", "w"):close() end)
it("sleeps", function() require("ave").time.sleep(1000) end)`)
	stop := h.ping()
	defer stop()
	h.want("starts sleeps")
	h.tell(wire.JobOrder{Stop: &wire.JobStop{Reason: "enough"}})
	h.want("error sleeps", "done {Passed:false Kept:false Error:enough}", "")
	if _, err := os.Stat(filepath.Join(h.dir, "cleaned")); err != nil {
		t.Error(err)
	}
}

// TestJobIsReadLate: a job lives while its host has no time to read what it says.
func TestJobIsReadLate(t *testing.T) {
	h := startJob(t, `for i = 1, 3000 do it("is " .. i, function() end) end`)
	stop := h.ping()
	defer stop()
	poll.Until(t, "the job would end without pings", func() bool { return float64(h.pings.Load())*wire.JobPing > 2*wire.JobFenceAfter })
	last := ""
	for word := h.next(); word != ""; word = h.next() {
		last = word
	}
	if last != "done {Passed:true Kept:false Error:}" {
		t.Errorf("got %q at the end", last)
	}
}

// TestJobWithoutHost: a job that does not hear from its host of a contact ends with
// everything that it has started, without a teardown. That is the first thing after it was
// stopped itself.
func TestJobWithoutHost(t *testing.T) {
	for name, lose := range map[string]func(h *hosted, stop func()){
		"silent": func(_ *hosted, stop func()) { stop() },
		"cut off": func(h *hosted, stop func()) {
			h.cut.Store(int64(process.SinceBoot()))
			h.Cleanup(stop)
		},
		"gone": func(h *hosted, stop func()) {
			stop()
			_ = h.in.(io.Closer).Close()
		},
		"itself stopped": func(h *hosted, stop func()) {
			pid := h.cmd.Process.Pid
			_ = unix.Kill(pid, unix.SIGSTOP)
			h.cut.Store(int64(process.SinceBoot()))
			time.Sleep(time.Duration(wire.JobFenceAfter * float64(time.Second))) // the time itself matters
			stop()
			_ = unix.Kill(pid, unix.SIGCONT)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := startJob(t, `
after_each(function() io.open("cleaned", "w"):close() end)
it("sleeps", function()
	os.execute("setsid sh -c 'echo $$ > daemon; exec sleep 4331' > /dev/null 2>&1 &")
	require("ave").time.sleep(1000)
end)`)
			stop := h.ping()
			h.want("starts sleeps")
			var pid int
			poll.Until(t, "a daemon", func() bool {
				text, _ := os.ReadFile(filepath.Join(h.dir, "daemon"))
				n, _ := fmt.Sscan(strings.TrimSpace(string(text)), &pid)
				return n == 1
			})
			lose(h, stop)
			h.want("")
			if err := h.cmd.Wait(); h.cmd.ProcessState.ExitCode() != 70 {
				t.Errorf("got %v", err)
			}
			if stat, err := process.ReadStat(pid); err == nil && !stat.Dead() {
				t.Error("the daemon is still there")
			}
			if _, err := os.Stat(filepath.Join(h.dir, "cleaned")); err == nil {
				t.Error("it has cleaned up")
			}
		})
	}
}

// TestJobIsKilled: the worker ends together with the process of the job, and does not clean
// up.
func TestJobIsKilled(t *testing.T) {
	h := startJob(t, `
after_each(function() io.open("cleaned", "w"):close() end)
it("sleeps", function()
	local ave = require("ave")
	ave.fs.write("worker", tostring(ave.posix.getpid()))
	ave.time.sleep(1000)
end)`)
	stop := h.ping()
	defer stop()
	var pid int
	poll.Until(t, "a worker", func() bool {
		text, _ := os.ReadFile(filepath.Join(h.dir, "worker"))
		n, _ := fmt.Sscan(string(text), &pid)
		return n == 1
	})
	_ = h.cmd.Process.Kill()
	poll.Until(t, "its end", func() bool {
		stat, err := process.ReadStat(pid)
		return err != nil || stat.Dead()
	})
	if _, err := os.Stat(filepath.Join(h.dir, "cleaned")); err == nil {
		t.Error("it has cleaned up")
	}
}

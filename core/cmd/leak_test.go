package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"avescript/core/pty"
	"avescript/internal/poll"
)

// holdings are resources that a program can leak.
type holdings struct {
	descriptors, goroutines, zombies int
}

func count(t testing.TB) holdings {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	h := holdings{descriptors: len(fds), goroutines: runtime.NumGoroutine()}
	procs, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	ours := fmt.Sprintf("\nPPid:\t%d\n", os.Getpid())
	for _, proc := range procs {
		status, err := os.ReadFile("/proc/" + proc.Name() + "/status")
		if err == nil && strings.Contains(string(status), "State:\tZ") && strings.Contains(string(status), ours) {
			h.zombies++
		}
	}
	return h
}

func TestNothingIsLeftBehind(t *testing.T) {
	dir := t.TempDir() // nohup writes a file
	typed := "hello"
	runAll := func() {
		for _, argv := range [][]string{
			{"true"}, {"sh", "-c", "echo x; exit 1"}, {"no_such"}, {"sh", "-c", "nohup sleep 1000 &"},
		} {
			_, _, _ = Run(context.Background(), argv, Options{Options: pty.Options{Dir: dir}})
		}
		_, _, _ = Run(context.Background(), []string{"sleep", "1000"}, Options{Timeout: time.Millisecond})
		_, _, _ = Run(context.Background(), []string{"true"}, Options{Options: pty.Options{Dir: "/no/such"}})
		_, _, _ = Run(context.Background(), []string{"cat"}, Options{Input: &typed, Output: io.Discard})
		pid, terminal, err := RunBackground([]string{"true"}, pty.Options{}, nil)
		if err == nil {
			_, err = Wait(context.Background(), pid, -1)
			err = errors.Join(err, syscall.Close(terminal))
		}
		if err != nil {
			t.Error(err)
		}
	}
	runAll()
	before := count(t)
	for range 40 {
		runAll()
	}
	wantNoMore(t, before)
}

// wantNoMore waits for what Go frees later.
func wantNoMore(t testing.TB, before holdings) {
	t.Helper()
	var after holdings
	poll.Holds(func() bool {
		after = count(t)
		return after.goroutines <= before.goroutines
	})
	if after != before {
		t.Errorf("got %+v afterwards, %+v before", after, before)
	}
}

// With -benchtime=10000x it shows that many commands leave nothing, either.
func BenchmarkRun(b *testing.B) {
	run := func() {
		if status, _, err := Run(context.Background(), []string{"true"}, Options{}); status != 0 || err != nil {
			b.Fatal(status, err)
		}
	}
	run()
	before := count(b)
	for b.Loop() {
		run()
	}
	b.StopTimer()
	wantNoMore(b, before)
}

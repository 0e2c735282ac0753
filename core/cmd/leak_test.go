package cmd

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// holdings are what a program can lose track of.
type holdings struct {
	descriptors, goroutines, zombies int
}

func count(t *testing.T) holdings {
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
	runAll := func() {
		for _, argv := range [][]string{
			{"true"}, {"sh", "-c", "echo x; exit 1"}, {"no_such"}, {"sh", "-c", "nohup sleep 1000 &"},
		} {
			_, _, _ = Run(context.Background(), argv, Options{Dir: dir})
		}
		_, _, _ = Run(context.Background(), []string{"sleep", "1000"}, Options{Timeout: time.Millisecond})
		_, _, _ = Run(context.Background(), []string{"true"}, Options{Dir: "/no/such"})
	}
	runAll()
	before := count(t)
	for range 50 {
		runAll()
	}
	var after holdings
	eventually(t, "goroutines have ended", func() bool {
		after = count(t)
		return after.goroutines <= before.goroutines
	})
	if after != before {
		t.Errorf("got %+v after 300 runs, %+v before", after, before)
	}
}

package cmd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// childMode makes the test binary a program that the shell cannot be.
const childMode = "AVE_TEST_CMD_CHILD"

// mark is in the environment of the commands of a test, and tells them from all
// else on the machine.
const mark = "AVE_TEST_CMD_MARK"

func TestMain(m *testing.M) {
	switch os.Getenv(childMode) {
	case "":
		goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("avescript/core/process.serveSpawns"))
	case "parent":
		// Runs a command that hangups don't end, and is killed meanwhile.
		os.Unsetenv(childMode)
		_, _, err := Run(context.Background(), []string{"sh", "-c", `trap "" HUP; echo up; while :; do sleep 1; done`},
			Options{Output: os.Stdout})
		fmt.Println(err)
	case "exit":
		// Runs a command, and exits without waiting for it.
		os.Unsetenv(childMode)
		up, r := io.Pipe()
		go Run(context.Background(), []string{"sh", "-c", `trap "" HUP; setsid -w sleep 1000 & sleep 1000 & echo up; wait`}, Options{Output: r})
		_, _ = io.ReadFull(up, make([]byte, len("up")))
		KillAll()
	case "bytes":
		// Every byte there is; the terminal changes only "\n".
		for b := range 256 {
			os.Stdout.Write([]byte{byte(b)})
		}
	}
}

func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !check(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// family is what a test starts, found by its environment.
type family string

func newFamily(t *testing.T) family {
	f := family(mark + "=" + strconv.Itoa(os.Getpid()) + t.TempDir())
	t.Cleanup(func() {
		for _, pid := range f.alive(t) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	return f
}

func (f family) env() []string { return []string{string(f)} }

func (f family) alive(t *testing.T) []int {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, path := range paths {
		env, err := os.ReadFile(path)
		if err == nil && bytes.Contains(env, []byte(string(f)+"\x00")) {
			pid, _ := strconv.Atoi(strings.Split(path, "/")[2])
			found = append(found, pid)
		}
	}
	return found
}

func (f family) wantNobody(t *testing.T) {
	t.Helper()
	if left := f.alive(t); len(left) > 0 {
		t.Errorf("%d processes are left alive, the first is %d", len(left), left[0])
	}
}

// sh runs a script to its end and wants no error.
func sh(t *testing.T, script string, opts Options) (int, string) {
	t.Helper()
	status, out, err := Run(context.Background(), []string{"sh", "-c", script}, opts)
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return status, out
}

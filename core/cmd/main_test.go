package cmd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"avescript/internal/reexec"
)

// mark is in the environment of the commands of a test, and distinguishes them from all
// other processes of the machine.
const mark = "AVE_TEST_CMD_MARK"

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{
		"parent":  runUntilKilled,
		"exit":    exitBesideCommand,
		"signals": showSignals,
		"handler": handleSignal,
		"bytes":   writeBytes,
	})
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("avescript/core/process.serveSpawns"))
}

// runUntilKilled runs a command that ignores hangups, and is killed meanwhile.
func runUntilKilled([]string) error {
	_, _, err := Run(context.Background(), []string{"sh", "-c", `trap "" HUP; echo up; while :; do sleep 1; done`},
		Options{Output: os.Stdout})
	return err
}

// exitBesideCommand runs a command, and exits without waiting for it.
func exitBesideCommand([]string) error {
	up, r := io.Pipe()
	go Run(context.Background(), []string{"sh", "-c", `trap "" HUP; setsid -w sleep 1000 & sleep 1000 & echo up; wait`}, Options{Output: r})
	_, _ = io.ReadFull(up, make([]byte, len("up")))
	KillAll()
	return nil
}

// showSignals shows which signals a command on a terminal ignores and blocks.
func showSignals([]string) error {
	_, out, err := Run(context.Background(), []string{"grep", "-E", "SigBlk|SigIgn", "/proc/self/status"}, Options{})
	fmt.Print(out, err)
	return nil
}

// handleSignal handles a signal that was ignored when it was started, and then runs a
// command.
func handleSignal([]string) error {
	_, _, _ = Run(context.Background(), []string{"true"}, Options{})
	came := make(chan os.Signal, 1)
	signal.Notify(came, syscall.SIGINT)
	_, _, _ = Run(context.Background(), []string{"true"}, Options{})
	_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
	select {
	case s := <-came:
		fmt.Print(s)
	case <-time.After(10 * time.Second):
	}
	signal.Stop(came)
	_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
	_ = syscall.Kill(os.Getpid(), syscall.SIGTSTP)
	fmt.Print(", ignored")
	return nil
}

// writeBytes writes every byte value; the terminal changes only "\n".
func writeBytes([]string) error {
	for b := range 256 {
		os.Stdout.Write([]byte{byte(b)})
	}
	return nil
}

// family finds the processes of a test by their environment.
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

// sh runs a script and checks that there is no error.
func sh(t *testing.T, script string, opts Options) (int, string) {
	t.Helper()
	status, out, err := Run(context.Background(), []string{"sh", "-c", script}, opts)
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return status, out
}

package cmd

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"avescript/core/exceptions"
	"avescript/core/posix"
	"avescript/core/pty"
)

// TestCommandsWithoutThreads runs everything that waits, when no thread is left to wait
// on.
func TestCommandsWithoutThreads(t *testing.T) {
	for {
		release, ok := posix.TryThread()
		if !ok {
			break
		}
		defer release()
	}
	for range 10 {
		if status, out := sh(t, "sleep 0.01; echo up; exit 3", Options{}); status != 3 || out != "up\r\n" {
			t.Errorf("got %d, %q", status, out)
		}
	}
	lines := strings.Repeat("line\n", 20_000) // more than a terminal holds
	var copied bytes.Buffer
	_, out := sh(t, "stty -echo; wc -l", Options{Input: &lines, Output: &copied, Timeout: 30 * time.Second})
	if !strings.HasSuffix(out, "20000\r\n") || copied.String() != out {
		t.Errorf("got %.100q, and as it came %.100q", out, copied.String())
	}
	f := newFamily(t)
	_, _, err := Run(context.Background(), []string{"sh", "-c", `trap "" HUP; sleep 1000 & sleep 1000`},
		Options{Timeout: 300 * time.Millisecond, Options: pty.Options{Env: f.env()}})
	if !errors.Is(err, exceptions.Timeout) {
		t.Errorf("got %v, want a Timeout", err)
	}
	f.wantNobody(t)
	pid, terminal, err := RunBackground([]string{"sh", "-c", "read x; exit 4"}, pty.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(terminal)
	if _, err := Wait(context.Background(), pid, 10*time.Millisecond); !errors.Is(err, exceptions.Timeout) {
		t.Errorf("got %v, want a Timeout", err)
	}
	if _, err := syscall.Write(terminal, []byte("\n")); err != nil {
		t.Error(err)
	}
	if status, err := Wait(context.Background(), pid, 30*time.Second); status != 4 || err != nil {
		t.Errorf("got %d, %v", status, err)
	}
}

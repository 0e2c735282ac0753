package cmd

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"avescript/core/exceptions"
	"avescript/core/process"
	"avescript/core/pty"

	"github.com/google/go-cmp/cmp"
)

func TestInput(t *testing.T) {
	lines := strings.Repeat(strings.Repeat("x", 999)+"\n", 200)
	for name, test := range map[string]struct{ script, input, want string }{
		"lines":           {"stty -echo; sort", "b\na\n", "a\r\nb\r\n"},
		"unfinished line": {"stty -echo; sort", "b\na", "a\r\nb\r\n"},
		"nothing":         {"stty -echo; cat; echo end", "", "end\r\n"},
		"much":            {"stty -echo; wc -c", lines, "200000\r\n"},
		"not read":        {"exit", lines, ""},
		// More than the terminal holds: the key is typed when stty has long ended.
		"another key": {"stty -echo eof ^X; wc -c; echo end", lines, "200000\r\nend\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			_, out := sh(t, test.script, Options{Input: &test.input, Timeout: 30 * time.Second})
			if !strings.HasSuffix(out, test.want) {
				t.Errorf("got %.100q, want %q at its end", out, test.want)
			}
		})
	}
}

func TestInputThatATerminalWouldLose(t *testing.T) {
	input := "a\n" + strings.Repeat("x", longestLine+1)
	_, _, err := Run(context.Background(), []string{"cat"}, Options{Input: &input})
	if !errors.Is(err, exceptions.TypeError) {
		t.Errorf("got %v, want a TypeError", err)
	}
}

func TestInputThatNobodyTakes(t *testing.T) {
	f := newFamily(t)
	input := strings.Repeat("x\n", 500_000)
	_, _, err := Run(context.Background(), []string{"sleep", "1000"}, Options{Input: &input, Timeout: 300 * time.Millisecond, Keep: KeepNone, Options: pty.Options{Env: f.env()}})
	if !errors.Is(err, exceptions.Timeout) {
		t.Errorf("got %v, want a Timeout", err)
	}
	f.wantNobody(t)
}

func TestKeep(t *testing.T) {
	const script = `head -c 3000000 /dev/zero | tr '\0' x; echo end`
	for name, test := range map[string]struct {
		opts Options
		want int
	}{
		"all":              {Options{}, 3000005},
		"with an output":   {Options{Output: &bytes.Buffer{}}, 3000005},
		"some and output":  {Options{Output: &bytes.Buffer{}, Keep: 5000}, 5000},
		"some":             {Options{Keep: 10000}, 10000},
		"one":              {Options{Keep: 1}, 1},
		"none":             {Options{Keep: KeepNone}, 0},
		"more than it was": {Options{Keep: 4000000}, 3000005},
	} {
		t.Run(name, func(t *testing.T) {
			_, out := sh(t, script, test.opts)
			if all := strings.Repeat("x", 3000000) + "end\r\n"; len(out) != test.want || !strings.HasSuffix(all, out) {
				t.Errorf("got %d bytes that end in %q, want %d", len(out), out[max(0, len(out)-20):], test.want)
			}
			if copied, ok := test.opts.Output.(*bytes.Buffer); ok && copied.Len() != 3000005 {
				t.Errorf("the output got %d bytes", copied.Len())
			}
		})
	}
}

func TestCheck(t *testing.T) {
	argv := []string{"sh", "-c", "echo bad; kill -TERM $$"}
	status, out, err := Run(context.Background(), argv, Options{Check: true})
	var e *exceptions.Error
	if !errors.As(err, &e) || !errors.Is(err, exceptions.RunError) || status != -15 || out != "bad\r\n" {
		t.Fatalf("got %d, %q, %v", status, out, err)
	}
	want := map[string]any{"cmd": argv, "out": out, "ptyout": out, "status": -15}
	if diff := cmp.Diff(want, e.Details); diff != "" || e.Message != "command was ended by signal 15 (terminated)" {
		t.Errorf("got %q, %s", e.Message, diff)
	}
}

func TestLadder(t *testing.T) {
	// What is written after the deadline is not part of the output.
	script := `trap 'echo int >>"$1"; exit' INT; trap 'echo hup >>"$1"' HUP; echo up; while :; do sleep 0.01; done`
	for name, test := range map[string]struct {
		ladder []process.Step
		want   string
	}{
		"two":  {[]process.Step{{Signal: syscall.SIGHUP, Grace: 2 * time.Second}, {Signal: syscall.SIGINT, Grace: 20 * time.Second}}, "hup\nint\n"},
		"none": {[]process.Step{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFamily(t)
			signals := filepath.Join(t.TempDir(), "signals")
			_, out, err := Run(context.Background(), []string{"sh", "-c", script, "sh", signals}, Options{Ladder: test.ladder, Timeout: time.Second, Options: pty.Options{Env: f.env()}})
			got, _ := os.ReadFile(signals)
			if !errors.Is(err, exceptions.Timeout) || out != "up\r\n" || string(got) != test.want {
				t.Errorf("got %q, %v, and the signals %q", out, err, got)
			}
			f.wantNobody(t)
		})
	}
}

func TestSizeAndEnvironmentOfItsOwn(t *testing.T) {
	t.Setenv("AVE_A", "inherited")
	_, out := sh(t, `stty size; echo "<$AVE_A$AVE_B>"`, Options{Options: pty.Options{
		Size: pty.Size{Cols: 132}, ClearEnv: true, Env: []string{"AVE_B=own", "PATH=/usr/bin:/bin"},
	}})
	if want := "24 132\r\n<own>\r\n"; out != want {
		t.Errorf("got %q, want %q", out, want)
	}
	_, _, err := Run(context.Background(), []string{"true"}, Options{Options: pty.Options{Size: pty.Size{Cols: 1 << 16}}})
	if !errors.Is(err, exceptions.RunError) {
		t.Errorf("got %v, want a RunError", err)
	}
}

func TestWait(t *testing.T) {
	pid, terminal, err := RunBackground([]string{"sh", "-c", "read x; exit 5"}, pty.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(terminal)
	if _, err := Wait(context.Background(), pid, 10*time.Millisecond); !errors.Is(err, exceptions.Timeout) {
		t.Errorf("got %v, want a Timeout", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Wait(ctx, pid, -1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	var waits sync.WaitGroup
	for range 5 {
		waits.Go(func() {
			status, err := Wait(context.Background(), pid, 20*time.Second)
			if err != nil && !errors.Is(err, syscall.ECHILD) || err == nil && status != 5 {
				t.Errorf("got %d, %v", status, err)
			}
		})
	}
	if _, err := syscall.Write(terminal, []byte("\n")); err != nil {
		t.Error(err)
	}
	waits.Wait()
	if _, err := Wait(context.Background(), pid, -1); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("got %v, want %v", err, syscall.ECHILD)
	}
	if _, err := Wait(context.Background(), 1, -1); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("got %v, want %v", err, syscall.ECHILD)
	}
}

package cmd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"avescript/core/exceptions"
	"avescript/core/pty"
	"avescript/internal/poll"
	"avescript/internal/reexec"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	if got := Split("  ls -l\t'a b'\n"); !slices.Equal(got, []string{"ls", "-l", "'a", "b'"}) {
		t.Errorf("got %q", got)
	}
}

func TestStatus(t *testing.T) {
	for script, want := range map[string]int{
		"exit 0": 0, "exit 3": 3, "exit 129": 129, "exit 255": 255, "kill -TERM $$": -15, "kill -KILL $$": -9, "kill -HUP $$": -1,
	} {
		if status, _ := sh(t, script, Options{}); status != want {
			t.Errorf("%s: got status %d, want %d", script, status, want)
		}
	}
}

func TestOutputIsThatOfATerminal(t *testing.T) {
	_, out := sh(t, `echo one; echo two >&2; echo three; test -t 0 && test -t 1 && test -t 2 && stty size; tty </dev/tty >/dev/null && echo own`, Options{})
	if want := "one\r\ntwo\r\nthree\r\n24 80\r\nown\r\n"; out != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestEveryByteComesThrough(t *testing.T) {
	status, out, err := Run(context.Background(), reexec.Command("bytes").Args, Options{})
	var want []byte
	for b := range 256 {
		if b == '\n' {
			want = append(want, '\r')
		}
		want = append(want, byte(b))
	}
	if status != 0 || out != string(want) || err != nil {
		t.Errorf("got %d, %q, %v", status, out, err)
	}
}

func TestBigOutput(t *testing.T) {
	const size = 10 << 20
	_, out := sh(t, `head -c 10485760 /dev/zero | tr '\0' x; echo end`, Options{})
	if len(out) != size+len("end\r\n") || !strings.HasSuffix(out, "xend\r\n") || strings.Count(out, "x") != size {
		t.Errorf("got %d bytes that end in %q", len(out), out[max(0, len(out)-20):])
	}
}

func TestOutputJustBeforeTheEnd(t *testing.T) {
	want := strings.Repeat("x", 3000) + "end"
	for i := range 200 {
		if _, out := sh(t, "printf %s "+want, Options{}); out != want {
			t.Fatalf("run %d: got %d bytes, want %d", i, len(out), len(want))
		}
	}
}

func TestOutputAfterTheTerminalWasClosedAndOpened(t *testing.T) {
	_, out := sh(t, `echo a; exec </dev/null >/dev/null 2>&1; sleep 0.05; echo b >/dev/tty; sleep 0.05; seq 20000 >/dev/tty`, Options{})
	if !strings.HasPrefix(out, "a\r\nb\r\n1\r\n") || !strings.HasSuffix(out, "20000\r\n") {
		t.Errorf("got %d bytes: %.40q", len(out), out)
	}
}

func TestOutputAndDebugGetACopy(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var debug bytes.Buffer
	_, out := sh(t, "echo a; echo b", Options{Output: file, Debug: &debug})
	inFile, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	if want := "a\r\nb\r\n"; out != want || string(inFile) != want || debug.String() != "sh -c echo a; echo b\n"+want {
		t.Errorf("got %q, in the file %q, for debugging %q", out, inFile, &debug)
	}
}

func TestOutputComesWhileTheCommandRuns(t *testing.T) {
	f := newFamily(t)
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.ReadFull(r, make([]byte, len("up\r\n")))
		cancel()
	}()
	_, out, err := Run(ctx, []string{"sh", "-c", "echo up; sleep 1000"}, Options{Output: w, Options: pty.Options{Env: f.env()}})
	if out != "up\r\n" || !errors.Is(err, context.Canceled) {
		t.Errorf("got %q, %v, want the output so far and %v", out, err, context.Canceled)
	}
	f.wantNobody(t)
}

func TestOutputThatCannotBeWritten(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	f := newFamily(t)
	_, _, err = Run(context.Background(), []string{"sh", "-c", "echo up; sleep 1000"}, Options{Output: full, Options: pty.Options{Env: f.env()}})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want %v", err, syscall.ENOSPC)
	}
	f.wantNobody(t)
}

func TestTimeout(t *testing.T) {
	for name, script := range map[string]string{
		"writes":      `echo up; sleep 1000`,
		"reads":       `echo up; cat`,
		"deaf":        `trap "" HUP TERM INT; echo up; while :; do sleep 1; done`,
		"closes":      `echo up; exec <&- >&- 2>&-; sleep 1000`,
		"has a child": `echo up; setsid -w nohup sleep 1000`,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFamily(t)
			argv := []string{"sh", "-c", script}
			_, out, err := Run(context.Background(), argv, Options{Timeout: 300 * time.Millisecond, Options: pty.Options{Env: f.env(), Dir: t.TempDir()}})
			var e *exceptions.Error
			if !errors.As(err, &e) || !errors.Is(err, exceptions.Timeout) {
				t.Fatalf("got %v, want a Timeout", err)
			}
			if e.Message != "command timed out" || !strings.HasPrefix(out, "up\r\n") {
				t.Errorf("got message %q, output %q", e.Message, out)
			}
			if diff := cmp.Diff(map[string]any{"cmd": argv, "out": out}, e.Details); diff != "" {
				t.Errorf("details: %s", diff)
			}
			f.wantNobody(t)
		})
	}
}

func TestTimeoutOfACommandThatNeverStopsWriting(t *testing.T) {
	f := newFamily(t)
	_, out, err := Run(context.Background(), []string{"yes"}, Options{Timeout: 50 * time.Millisecond, Options: pty.Options{Env: f.env()}})
	if !errors.Is(err, exceptions.Timeout) || !strings.HasPrefix(out, "y\r\n") {
		t.Errorf("got %.20q, %v, want a Timeout", out, err)
	}
	f.wantNobody(t)
}

func TestContextThatHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	path := filepath.Join(t.TempDir(), "made")
	_, _, err := Run(ctx, []string{"touch", path}, Options{})
	if _, statErr := os.Stat(path); !errors.Is(err, context.Canceled) || statErr == nil {
		t.Errorf("got %v, and the command has run: %v", err, statErr == nil)
	}
}

func TestDeadlineOfTheCallerIsNoTimeout(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, _, err := Run(ctx, []string{"sleep", "1000"}, Options{Timeout: time.Hour})
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, exceptions.Timeout) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
}

func TestBackgroundJobsEndWithTheCommand(t *testing.T) {
	for name, script := range map[string]string{
		"plain":        `sleep 1000 & echo done`,
		"nohup":        `nohup sleep 1000 & echo done`,
		"redirected":   `nohup sleep 1000 </dev/null >/dev/null 2>&1 & echo done`,
		"job control":  `set -m; nohup sleep 1000 & echo done`,
		"deaf":         `(trap "" HUP TERM; while :; do sleep 1; done) & echo done`,
		"never silent": `(trap "" HUP; touch deaf; yes; true) & until test -e deaf; do sleep 0.01; done; echo done`,
		"disowned":     `exec bash -c 'set -m; sleep 1000 & disown; nohup sleep 1000 & disown; echo done'`,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFamily(t)
			status, out := sh(t, script, Options{Timeout: 30 * time.Second, Options: pty.Options{Env: f.env(), Dir: t.TempDir()}})
			if status != 0 || !strings.Contains(out, "done\r\n") {
				t.Errorf("got %d, %.200q", status, out)
			}
			f.wantNobody(t)
		})
	}
}

func TestDaemonLives(t *testing.T) {
	f := newFamily(t)
	pidFile := filepath.Join(t.TempDir(), "pid")
	sh(t, `(setsid sh -c 'echo $$ >`+pidFile+`.new; mv `+pidFile+`.new `+pidFile+`; exec sleep 1000' </dev/null >/dev/null 2>&1 &)
		until test -e `+pidFile+`; do sleep 0.01; done`, Options{Timeout: 30 * time.Second, Options: pty.Options{Env: f.env()}})
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	daemon, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	if alive := f.alive(t); !slices.Equal(alive, []int{daemon}) {
		t.Errorf("got %v alive, want the daemon %d", alive, daemon)
	}
}

func TestNotStartable(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("no program"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		argv    []string
		dir     string
		message string
	}{
		{nil, "", "wanted a command, got an empty one"},
		{[]string{""}, "", "wanted a command, got an empty one"},
		{[]string{"no_such", "x"}, "", "no_such: executable file not found in $PATH: No such file or directory"},
		{[]string{"/no/such"}, "", "/no/such: No such file or directory"},
		{[]string{plain}, "", plain + ": permission denied"},
		{[]string{dir}, "", dir + ": permission denied"},
		{[]string{"true"}, "/no/such", "cwd /no/such: no such file or directory"},
		{[]string{"true"}, plain, "cwd " + plain + ": not a directory"},
	} {
		_, out, err := Run(context.Background(), test.argv, Options{Options: pty.Options{Dir: test.dir}})
		var e *exceptions.Error
		if !errors.As(err, &e) || !errors.Is(err, exceptions.RunError) || out != "" {
			t.Errorf("%q: got %q, %v, want a RunError", test.argv, out, err)
			continue
		}
		if e.Message != test.message {
			t.Errorf("%q: got %q, want %q", test.argv, e.Message, test.message)
		}
		details := map[string]any{"cmd": append([]string{}, test.argv...), "out": "", "ptyout": ""}
		if diff := cmp.Diff(details, e.Details); diff != "" {
			t.Errorf("%q: details: %s", test.argv, diff)
		}
	}
}

func TestDirectoryAndEnvironment(t *testing.T) {
	t.Setenv("AVE_A", "old")
	t.Setenv("AVE_B", "kept")
	_, out := sh(t, `pwd; echo $AVE_A $AVE_B; env | grep -c ^AVE_A=`, Options{Options: pty.Options{Dir: "/usr", Env: []string{"AVE_A=new"}}})
	if want := "/usr\r\nnew kept\r\n1\r\n"; out != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestPWDIsTheDirectory(t *testing.T) {
	for _, env := range [][]string{nil, {"AVE_A=new"}} {
		_, out, err := Run(context.Background(), []string{"printenv", "PWD"}, Options{Options: pty.Options{Dir: "/usr", Env: env}})
		if out != "/usr\r\n" || err != nil {
			t.Errorf("with the settings %q: got %q, %v", env, out, err)
		}
	}
}

func TestOnlyTheTerminalIsInherited(t *testing.T) {
	_, out, err := Run(context.Background(), []string{"ls", "/proc/self/fd"}, Options{})
	// 3 is the directory that ls lists.
	if got := strings.Join(strings.Fields(out), " "); got != "0 1 2 3" || err != nil {
		t.Errorf("got descriptors %q, %v", got, err)
	}
}

func TestManyAtOnce(t *testing.T) {
	var runs sync.WaitGroup
	for i := range 100 {
		runs.Go(func() {
			status, out, err := Run(context.Background(), []string{"sh", "-c", `echo $1; exit $1`, "sh", strconv.Itoa(i)}, Options{})
			if status != i || out != strconv.Itoa(i)+"\r\n" || err != nil {
				t.Errorf("%d: got %d, %q, %v", i, status, out, err)
			}
		})
	}
	runs.Wait()
}

func TestRunBackground(t *testing.T) {
	pid, fd, err := RunBackground([]string{"sh", "-c", "echo up; exit 5"}, pty.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	terminal := os.NewFile(uintptr(fd), "terminal")
	out, err := io.ReadAll(terminal)
	if string(out) != "up\r\n" || !errors.Is(err, syscall.EIO) {
		t.Errorf("got %q, %v", out, err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status.ExitStatus() != 5 {
		t.Errorf("got status %v, %v, want 5", status.ExitStatus(), err)
	}
	if err := terminal.Close(); err != nil {
		t.Error(err)
	}
}

func TestRunBackgroundEndsWithItsTerminal(t *testing.T) {
	pid, terminal, err := RunBackground([]string{"sleep", "1000"}, pty.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	syscall.Close(terminal)
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status.Signal() != syscall.SIGHUP {
		t.Errorf("got %v, %v, want an end by a hangup", status, err)
	}
}

func TestCommandDiesWithThisProgram(t *testing.T) {
	f := newFamily(t)
	parent := reexec.Command("parent")
	parent.Env = append(os.Environ(), f.env()...)
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(stdout, make([]byte, len("up"))); err != nil {
		t.Error(err)
	}
	_ = parent.Process.Kill()
	_ = parent.Wait()
	poll.Until(t, "the command has died", func() bool { return len(f.alive(t)) == 0 })
}

func TestKillAll(t *testing.T) {
	f := newFamily(t)
	program := reexec.Command("exit")
	program.Env = append(os.Environ(), f.env()...)
	if out, err := program.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	f.wantNobody(t)
}

package pty

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"avescript/core/exceptions"
	"avescript/core/process"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("avescript/core/process.serveSpawns"))
}

// shell starts a shell, which is killed and closed after the test.
func shell(t *testing.T, script string, opts Options) *Program {
	t.Helper()
	p, err := Start([]string{"sh", "-c", script}, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, killErr := p.Kill(nil)
		if err := errors.Join(killErr, p.Close()); err != nil {
			t.Error(err)
		}
	})
	return p
}

// readUntil reads until text was seen.
func readUntil(t *testing.T, p *Program, text string) {
	t.Helper()
	var got strings.Builder
	buf := make([]byte, 100)
	for !strings.Contains(got.String(), text) {
		n, err := p.Read(buf)
		if err != nil {
			t.Fatalf("got %q and then %v, want %q", got.String(), err, text)
		}
		got.Write(buf[:n])
	}
}

func TestConversation(t *testing.T) {
	p := shell(t, `read line; echo "got $line"; read line || echo ended; exit 3`, Options{})
	if _, err := p.Write([]byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	readUntil(t, p, "got hello\r\n")
	if err := p.EndInput(); err != nil {
		t.Fatal(err)
	}
	if err := p.AwaitEnd(); err != nil || !p.HasEnded() {
		t.Errorf("got %v, ended: %v", err, p.HasEnded())
	}
	<-p.Ended()
	if _, err := p.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("Read: got %v, want %v", err, io.EOF)
	}
	if _, err := p.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Write: got %v, want %v", err, io.ErrClosedPipe)
	}
	status, err := p.Kill(process.HangUp)
	var rest strings.Builder
	drained := p.Drain(func(data []byte) error { rest.Write(data); return nil })
	if status != 3 || err != nil || rest.String() != "ended\r\n" || drained != nil {
		t.Errorf("got %d, %v, %q, %v", status, err, rest.String(), drained)
	}
}

func TestInterrupt(t *testing.T) {
	p := shell(t, `echo up; read x`, Options{})
	readUntil(t, p, "up\r\n")
	failed := make(chan error)
	go func() {
		_, err := p.Read(make([]byte, 1))
		failed <- err
	}()
	p.Interrupt()
	if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	if err := p.AwaitEnd(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	if _, err := p.Write([]byte("a")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	p.Resume()
	if _, err := p.Write([]byte("b")); err != nil {
		t.Error(err)
	}
	readUntil(t, p, "b")
}

func TestTerminal(t *testing.T) {
	p := shell(t, `trap 'stty size' WINCH; stty -echo; echo up; while :; do sleep 0.01; done`, Options{Size: Size{Cols: 100}})
	readUntil(t, p, "up\r\n")
	if size, err := p.Size(); size != (Size{Cols: 100, Rows: 24}) || err != nil {
		t.Errorf("got %v, %v", size, err)
	}
	if err := p.Resize(Size{Cols: 50, Rows: 10}); err != nil {
		t.Error(err)
	}
	readUntil(t, p, "10 50\r\n")
	if modes, err := p.Modes(); err != nil || modes.Lflag&unix.ECHO != 0 {
		t.Errorf("got %v, %v, want no echo", modes, err)
	}
	if group, err := p.Foreground(); group != p.PID || err != nil {
		t.Errorf("got %d, %v, want %d", group, err, p.PID)
	}
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	if status, err := p.Kill(nil); status != -9 || err != nil {
		t.Errorf("got %d, %v, want -9", status, err)
	}
}

func TestCloseWhileItIsWatched(t *testing.T) {
	p, err := Start([]string{"sleep", "1000"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ended := p.Ended()
	if _, err := p.Kill(nil); err != nil {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	select {
	case <-ended:
	default: // the watch has ended before
	}
}

func TestUser(t *testing.T) {
	if os.Geteuid() != 0 {
		if _, err := Start([]string{"true"}, Options{User: "nobody"}); !errors.Is(err, exceptions.RunError) {
			t.Errorf("got %v, want a RunError", err)
		}
		t.Skip("the rest wants to be root")
	}
	uid, err := exec.Command("id", "-u", "nobody").Output()
	if err != nil {
		t.Skip("there is no user nobody")
	}
	for _, user := range []string{"nobody", strings.TrimSpace(string(uid))} {
		p := shell(t, `echo "$(id -un) $USER"; echo own >$(tty); read x`, Options{User: user, Dir: "/", Env: []string{"USER=above"}})
		readUntil(t, p, "nobody above\r\nown\r\n")
	}
	if _, err := Start([]string{"true"}, Options{User: "no-such-user"}); !errors.Is(err, exceptions.RunError) {
		t.Errorf("got %v, want a RunError", err)
	}
}

func TestScarcity(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{
		unix.EMFILE: "out of file descriptors: this process may have at most ",
		unix.ENFILE: "the system is out of file descriptors",
		unix.ENOSPC: "out of pseudoterminals",
		unix.EAGAIN: "out of processes",
		unix.ENOMEM: "out of memory",
	} {
		err := scarcity(&os.PathError{Op: "open", Path: "x", Err: errno})
		if !errors.Is(err, errno) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v: got %q, want %q", errno, err, want)
		}
	}
	if err := scarcity(unix.EACCES); err != unix.EACCES {
		t.Errorf("got %v, want %v as it was", err, unix.EACCES)
	}
}

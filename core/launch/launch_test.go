package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/core/process"
)

// patience is how long to wait for something that always comes if nothing is wrong.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	Main(perform)
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("avescript/core/process.serveSpawns"))
}

// perform is the work of the processes of these tests. It is given as text.
func perform(link *os.File) (status int) {
	work, err := Receive(link)
	if err != nil {
		return 1
	}
	verb, rest, _ := strings.Cut(string(work.Bytes), " ")
	switch verb {
	case "greet":
		err = TellReady(link, []byte("hello "+rest))
	case "fail":
		err = TellFailed(link, exceptions.TypeError.Newf("no %s", rest))
	case "obscure":
		e := exceptions.TypeError.Newf("it has %s", rest)
		e.Details = map[string]any{"detail": func() {}}
		err = TellFailed(link, e)
	case "exit":
		return 9
	case "inherit":
		var text []byte
		text, err = io.ReadAll(os.NewFile(7, "inherited"))
		if err == nil {
			err = TellReady(link, text)
		}
	case "session":
		session, _ := unix.Getsid(0)
		err = TellReady(link, fmt.Appendf(nil, "daemon %v, leader %v", work.Daemon, session == os.Getpid()))
	case "follow":
		process.FollowLifeline(link, 0)
	}
	if err != nil {
		return 1
	}
	return 0
}

func start(t *testing.T, spec Spec) *Started {
	t.Helper()
	s, err := Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Link.Close()
		_ = s.Process.Signal(syscall.SIGKILL)
		<-s.Process.Ended()
	})
	return s
}

func TestReady(t *testing.T) {
	s := start(t, Spec{DeathSignal: syscall.SIGKILL})
	ready, err := s.HandOver(t.Context(), []byte("greet you"), true)
	if want := "hello you"; string(ready) != want || err != nil {
		t.Errorf("got %q, %v, want %q", ready, err, want)
	}
}

func TestFailed(t *testing.T) {
	for work, want := range map[string]struct {
		class   error
		message string
	}{
		"fail work":    {exceptions.TypeError, "no work"},
		"obscure more": {exceptions.Exception, "it has more"},
	} {
		s := start(t, Spec{})
		_, err := s.HandOver(t.Context(), []byte(work), true)
		if !errors.Is(err, want.class) || !strings.Contains(err.Error(), want.message) {
			t.Errorf("%s: got %v, want %v: %s", work, err, want.class, want.message)
		}
		if s.Process.Alive() {
			t.Errorf("%s: the process is alive, wanted it to have ended", work)
		}
	}
}

func TestEndedEarly(t *testing.T) {
	s := start(t, Spec{})
	_, err := s.HandOver(t.Context(), []byte("exit"), true)
	want := fmt.Sprintf("the new process %d ended before it was initialized, with status 9", s.Pid)
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDaemonEndedEarly(t *testing.T) {
	s := start(t, Spec{Daemon: true})
	_, err := s.HandOver(t.Context(), []byte("exit"), true)
	want := fmt.Sprintf("the new daemon %d ended before it was initialized", s.Pid)
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestHandOverEndsWithItsContext(t *testing.T) {
	s := start(t, Spec{})
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	cancel(reason)
	if _, err := s.HandOver(ctx, []byte("follow"), true); err != reason {
		t.Errorf("got %v, want %v", err, reason)
	}
}

func TestDaemon(t *testing.T) {
	s := start(t, Spec{Daemon: true})
	child := s.Process
	ready, err := s.HandOver(t.Context(), []byte("session"), true)
	if want := "daemon true, leader true"; string(ready) != want || err != nil {
		t.Errorf("got %q, %v, want %q", ready, err, want)
	}
	if _, ok := s.Process.(*process.Daemon); !ok || child.Alive() {
		t.Errorf("got a %T, the child that started it alive: %v", s.Process, child.Alive())
	}
}

func TestInheritedFiles(t *testing.T) {
	for _, daemon := range []bool{false, true} {
		ours, theirs, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		s := start(t, Spec{Files: map[int]*os.File{7: ours}, Daemon: daemon})
		ours.Close()
		_, err = theirs.WriteString("through the pipe")
		if err := errors.Join(err, theirs.Close()); err != nil {
			t.Fatal(err)
		}
		ready, err := s.HandOver(t.Context(), []byte("inherit"), true)
		if string(ready) != "through the pipe" || err != nil {
			t.Errorf("daemon %v: got %q, %v", daemon, ready, err)
		}
	}
}

// A service may be handed over before a process that it has just started has read its
// work. The next message for the process then follows directly.
func TestChildIsEntrustedBehindItsWork(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	link, theirs := os.NewFile(uintptr(pair[0]), "link"), os.NewFile(uintptr(pair[1]), "theirs")
	defer link.Close()
	defer theirs.Close()
	const notAwaited, entrust, entrusted = 0, 'E', "K"
	message := append(connection.AppendFrame(nil, []byte{notAwaited}, []byte("follow")), entrust)
	if _, err := link.Write(message); err != nil {
		t.Fatal(err)
	}
	child := exec.Command("/proc/self/exe")
	child.Env = append(os.Environ(), childVariable+"=3")
	child.ExtraFiles = []*os.File{theirs}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}()
	if err := link.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 1)
	if _, err := link.Read(answer); err != nil || string(answer) != entrusted {
		t.Errorf("wanted the answer %q, got %q, %v", entrusted, answer, err)
	}
}

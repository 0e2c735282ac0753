package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"avescript/core/asciicast"
	"avescript/core/exceptions"
	"avescript/core/process"
	"avescript/core/pty"
	"avescript/internal/poll"
)

func TestShell(t *testing.T) {
	need(t, "bash")
	s := spawn(t, Options{Options: pty.Options{Env: []string{"PS1=ready> ", "TERM=dumb"}}}, "bash", "--norc", "--noprofile")
	for i := range 20 {
		expect(t, s, Plain("ready> "))
		send(t, s, fmt.Sprintf("echo $((%d * 7))\r", i))
		expect(t, s, Plain(fmt.Sprintf("\n%d\r\n", i*7)))
	}
	expect(t, s, Plain("ready> "))
	send(t, s, "sh -c 'echo up; exec sleep 1000'\r")
	expect(t, s, Plain("\nup")) // earlier, Ctrl-C may be lost between fork and exec
	send(t, s, "\x03")
	expect(t, s, Plain("ready> "))
	if err := s.SendEOF(context.Background(), patience); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, s, 130) // of sleep
}

func TestPythonPrompt(t *testing.T) {
	need(t, "python3")
	s := spawn(t, Options{Options: pty.Options{Env: []string{"TERM=dumb", "PYTHON_BASIC_REPL=1"}}}, "python3", "-q", "-I")
	expect(t, s, Plain(">>> "))
	send(t, s, "6 * 7\r")
	expect(t, s, regex(t, `\n42\r\n`))
	expect(t, s, Plain(">>> "))
	send(t, s, "raise SystemExit(5)\r")
	wantStatus(t, s, 5)
}

func TestSQLPrompt(t *testing.T) {
	need(t, "sqlite3")
	s := spawn(t, Options{Options: pty.Options{Env: []string{"TERM=dumb"}}}, "sqlite3")
	expect(t, s, Plain("sqlite> "))
	send(t, s, "select 6 * 7;\r")
	expect(t, s, Plain("\n42\r\n"))
	expect(t, s, Plain("sqlite> "))
	send(t, s, ".quit\r")
	wantStatus(t, s, 0)
}

func TestPasswordPrompt(t *testing.T) {
	need(t, "bash")
	s := spawn(t, Options{}, "bash", "-c", `sleep 0.1; read -rs -p "Password: " x; echo; echo "it has ${#x} characters"`)
	if err := s.WaitNoEcho(context.Background(), patience); err != nil {
		t.Fatal(err)
	}
	expect(t, s, Plain("Password: "))
	send(t, s, "secret\r")
	m := expect(t, s, Plain("it has 6 characters"))
	if strings.Contains(m.Before, "secret") {
		t.Errorf("got %q, want no password in it", m.Before)
	}
	wantStatus(t, s, 0)
	wantError(t, s.WaitNoEcho(context.Background(), patience), ErrEOF, "the program has ended")
}

func TestEchoStaysOn(t *testing.T) {
	s := shell(t, "read -r x", Options{})
	wantError(t, s.WaitNoEcho(context.Background(), 50*time.Millisecond), exceptions.Timeout, "echo", "50ms")
}

func TestResize(t *testing.T) {
	s := shell(t, `trap 'stty size' WINCH; echo up; while :; do sleep 0.01; done`, Options{Options: pty.Options{Size: pty.Size{Cols: 100, Rows: 30}}})
	expect(t, s, Plain("up"))
	if err := s.Resize(pty.Size{Cols: 132, Rows: 43}); err != nil {
		t.Fatal(err)
	}
	expect(t, s, Plain("43 132"))
	if image := screenOf(t, s); image.Cols != 132 || image.Rows != 43 {
		t.Errorf("got a screen of %d columns and %d rows", image.Cols, image.Rows)
	}
}

func TestCloseEndsTheTree(t *testing.T) {
	s := shell(t, `trap "" HUP TERM; setsid sleep 1000 & sleep 1000 & echo "pids $$ $!"; while :; do sleep 1; done`, Options{})
	m := expect(t, s, regex(t, `pids (\d+) (\d+)\r`))
	status, err := s.Close()
	if status != -int(syscall.SIGKILL) || err != nil {
		t.Errorf("got status %d, %v", status, err)
	}
	for _, pid := range m.Captures {
		wantDead(t, pid)
	}
	if again, err := s.Close(); again != status || err != nil {
		t.Errorf("got %d, %v when closed again", again, err)
	}
	if err := s.Send(context.Background(), []byte("x"), 0, patience); !errors.Is(err, ErrEOF) {
		t.Errorf("got %v for typing", err)
	}
	if err := s.Resize(pty.Size{Cols: 1, Rows: 1}); !errors.Is(err, ErrEOF) {
		t.Errorf("got %v for resizing", err)
	}
}

// wantDead checks that a process has ended, even if its init has not reaped it.
func wantDead(t *testing.T, pid string) {
	t.Helper()
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	if stat, err := process.ReadStat(n); err == nil && !stat.Dead() {
		t.Errorf("process %d is left", n)
	}
}

func TestTheTreeEndsWithTheProgram(t *testing.T) {
	s := shell(t, `nohup sleep 1000 >/dev/null 2>&1 & echo $!`, Options{})
	m := expect(t, s, regex(t, `(\d+)\r`))
	wantStatus(t, s, 0)
	wantDead(t, m.Captures[0])
}

func TestWaitHasALimit(t *testing.T) {
	s := shell(t, "read -r x", Options{})
	_, err := s.Wait(context.Background(), 10*time.Millisecond)
	wantError(t, err, exceptions.Timeout, "wanted the end of sh -c read -r x within 10ms")
}

func TestSpawnFails(t *testing.T) {
	_, err := Spawn([]string{"no-such-program"}, Options{})
	wantError(t, err, exceptions.RunError, "no-such-program")
}

func TestSendHasALimit(t *testing.T) {
	// Nobody reads, and the terminal neither echoes nor waits for the end of a line.
	s := shell(t, "stty raw -echo; echo up; sleep 1000", Options{})
	expect(t, s, Plain("up"))
	err := s.Send(context.Background(), bytes.Repeat([]byte("x"), 1<<20), 0, 50*time.Millisecond)
	wantError(t, err, exceptions.Timeout, "wanted to type 1048576 bytes to sh")
	if _, err := s.Expect(context.Background(), []Pattern{Plain("no")}, 10*time.Millisecond); !errors.Is(err, exceptions.Timeout) {
		t.Errorf("got %v after it, want the session to go on", err)
	}
}

func TestMuchIsTypedWhileMuchIsWritten(t *testing.T) {
	s := shell(t, "stty raw -echo; echo up; exec cat", Options{})
	expect(t, s, Plain("up"))
	line := strings.Repeat("0123456789", 10_000)
	for range 20 {
		send(t, s, line)
	}
	send(t, s, "END")
	if m := expect(t, s, Plain("END")); len(m.Before) < 20*len(line) {
		t.Errorf("got %d bytes, want %d", len(m.Before), 20*len(line))
	}
}

func TestSendInItsTime(t *testing.T) {
	s := shell(t, "stty raw -echo; echo up; exec cat", Options{})
	expect(t, s, Plain("up"))
	begin := time.Now()
	if err := s.Send(context.Background(), []byte("äöü"), 50*time.Millisecond, patience); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 100*time.Millisecond {
		t.Errorf("took %v, want two pauses", took)
	}
	expect(t, s, Plain("äöü"))
}

func TestAProgramThatIsAheadWaits(t *testing.T) {
	s := shell(t, "yes | tr -d '\\n'", Options{})
	poll.Until(t, "nobody reads any more", func() bool { return isHeldBack() || len(s.Pending()) > ahead+1<<20 })
	if n := len(s.Pending()); n < ahead || n > ahead+1<<20 {
		t.Errorf("got %d bytes", n)
	}
	// A caller that waits for more gets it.
	expect(t, s, regex(t, `y{1000}`))
	ctx, cancel := context.WithCancel(context.Background())
	failed := make(chan error)
	go func() {
		_, err := s.Expect(ctx, []Pattern{Plain("no")}, patience)
		failed <- err
	}()
	poll.Until(t, "there is more", func() bool { return len(s.Pending()) > ahead+1<<20 })
	cancel()
	wantError(t, <-failed, context.Canceled)
}

// isHeldBack reports whether the only reader waits until the output is taken.
func isHeldBack() bool {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range bytes.SplitSeq(stacks, []byte("\n\n")) {
		if bytes.Contains(stack, []byte("(*output).awaitRoom")) && bytes.Contains(stack, []byte("(*Cond).Wait")) {
			return true
		}
	}
	return false
}

func TestKeepBoundsTheOutput(t *testing.T) {
	const keep = 10_000
	s := shell(t, "seq 1 200000; echo the end; read -r x", Options{Keep: keep})
	m := expect(t, s, regex(t, `(\d+)\r\nthe end`))
	if m.Captures[0] != "200000" || len(m.Before) > 2*keep+128<<10 {
		t.Errorf("got %q behind %d bytes", m.Captures, len(m.Before))
	}
	if n := s.Dropped(); n < 500_000 {
		t.Errorf("got %d bytes dropped", n)
	}
}

func TestRecording(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/session.cast")
	if err != nil {
		t.Fatal(err)
	}
	s := shell(t, "echo one; read -r x; printf 'ä'; exit 3", Options{Record: file})
	expect(t, s, Plain("one"))
	if err := s.Resize(pty.Size{Cols: 90, Rows: 20}); err != nil {
		t.Fatal(err)
	}
	send(t, s, "\r")
	wantStatus(t, s, 3)
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	recording, err := asciicast.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	said := map[asciicast.Code]string{} // output may come in any pieces
	for e, err := range recording.Events() {
		if err != nil {
			t.Fatal(err)
		}
		said[e.Code] += e.Data
	}
	if out := said[asciicast.Output]; recording.Header.Width != 80 || !strings.HasPrefix(out, "one\r\n") || !strings.HasSuffix(out, "ä") {
		t.Errorf("got %d columns and the output %q", recording.Header.Width, out)
	}
	if said[asciicast.Resize] != "90x20" || said[asciicast.Exit] != "3" {
		t.Errorf("got %s", text)
	}
}

// failingWriter is a file on a full disk.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("full") }
func (failingWriter) Close() error              { return nil }

func TestARecordingThatFailsIsNoSecret(t *testing.T) {
	if _, err := Spawn([]string{"true"}, Options{Record: failingWriter{}}); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("got %v", err)
	}
}

func TestOutputGoesElsewhereToo(t *testing.T) {
	var out bytes.Buffer
	s := shell(t, "seq 1 1000", Options{Output: &out})
	wantStatus(t, s, 0)
	if !bytes.HasSuffix(out.Bytes(), []byte("\n1000\r\n")) {
		t.Errorf("got %q", out.Bytes())
	}
}

func TestInteract(t *testing.T) {
	ours, theirs, err := openPipe(t)
	if err != nil {
		t.Fatal(err)
	}
	s := shell(t, "stty raw -echo; echo up; exec cat", Options{})
	expect(t, s, Plain("up"))
	shown, show := io.Pipe()
	done := make(chan error)
	go func() {
		done <- s.Interact(context.Background(), theirs, show, 0x1d)
		show.Close()
	}()
	fmt.Fprint(ours, "typed by a person\n")
	text := make([]byte, len("\ntyped by a person\n"))
	if _, err := io.ReadFull(shown, text); err != nil || !strings.Contains(string(text), "typed by a person") {
		t.Errorf("got %q, %v", text, err)
	}
	go io.Copy(io.Discard, shown)
	fmt.Fprint(ours, "END\x1dnot this")
	if err := <-done; err != nil {
		t.Error(err)
	}
	send(t, s, "more")
	if m := expect(t, s, Plain("more")); strings.Contains(m.Before, "not this") {
		t.Errorf("got %q", m.Before)
	}
}

func TestInteractEndsWithTheProgram(t *testing.T) {
	_, theirs, err := openPipe(t)
	if err != nil {
		t.Fatal(err)
	}
	s := shell(t, "echo good bye", Options{})
	var shown bytes.Buffer
	if err := s.Interact(context.Background(), theirs, &shown, 0x1d); err != nil || shown.String() != "good bye\r\n" {
		t.Errorf("got %q, %v", shown.String(), err)
	}
}

func openPipe(t *testing.T) (ours, theirs *os.File, err error) {
	theirs, ours, err = os.Pipe()
	t.Cleanup(func() {
		ours.Close()
		theirs.Close()
	})
	return ours, theirs, err
}

func TestNothingIsLeftBehind(t *testing.T) {
	use := func() {
		s := shell(t, "echo up; sleep 1000", Options{})
		expect(t, s, Plain("up"))
		screenOf(t, s)
		_, _ = s.Close()
		wantStatus(t, shell(t, "exit 1", Options{Screen: true}), 1)
	}
	use()
	before := descriptors(t)
	for range 20 {
		use()
	}
	if after := descriptors(t); after > before {
		t.Errorf("got %d descriptors, %d before", after, before)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestOneWaitsWhileAnotherExpects(t *testing.T) {
	s := shell(t, "echo up; read -r x; echo over; exit 4", Options{Keep: 1 << 10})
	waited := make(chan error)
	go func() {
		status, err := s.Wait(context.Background(), patience)
		if status != 4 {
			err = errors.Join(err, fmt.Errorf("got status %d", status))
		}
		waited <- err
	}()
	poll.Until(t, "somebody waits", func() bool {
		s.out.mu.Lock()
		defer s.out.mu.Unlock()
		return s.out.waiting > 0
	})
	expect(t, s, Plain("up"))
	send(t, s, "\r")
	expect(t, s, Plain("over"))
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

func TestATimeoutIsForTheTurnToo(t *testing.T) {
	s := shell(t, "stty raw -echo; echo up; exec sleep 1000", Options{})
	expect(t, s, Plain("up"))
	ctx, cancel := context.WithCancel(context.Background())
	var others sync.WaitGroup
	defer others.Wait()
	defer cancel()
	others.Go(func() { _, _ = s.Expect(ctx, []Pattern{Plain("never")}, patience) })
	others.Go(func() { _ = s.Send(ctx, make([]byte, 1<<20), 0, patience) })
	poll.Until(t, "both have their turns", func() bool { return len(s.turn) == 1 && len(s.typing) == 1 })
	begin := time.Now()
	_, err := s.Expect(context.Background(), []Pattern{Plain("x")}, 10*time.Millisecond)
	wantError(t, err, exceptions.Timeout, `wanted "x"`)
	wantError(t, s.Send(context.Background(), []byte("x"), 0, 10*time.Millisecond), exceptions.Timeout, "wanted to type 1 bytes")
	if took := time.Since(begin); took > patience/2 {
		t.Errorf("took %v", took)
	}
}

func TestEchoIsTurnedOffBehindMuchOutput(t *testing.T) {
	s := shell(t, "head -c 20000000 /dev/zero | tr '\\0' x; stty -echo; read -r x", Options{})
	if err := s.WaitNoEcho(context.Background(), patience); err != nil {
		t.Error(err)
	}
}

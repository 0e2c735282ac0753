package repl_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"avescript/internal/poll"
	"avescript/internal/reexec"
	"avescript/lualib/child"
	"avescript/lualib/repl"
	"avescript/lualib/script"
	"avescript/lualib/vm"
)

func TestMain(m *testing.M) {
	child.Main()
	reexec.Main(reexec.Programs{"repl": runREPL, "prompt": runPrompt, "connect": runConnect, "service": runService})
	os.Exit(m.Run())
}

// runREPL runs a REPL whose history is in a file, unless the name is empty.
func runREPL(args []string) error {
	ctx, stop := script.Notify(context.Background(), func(s syscall.Signal) { os.Exit(128 + int(s)) }, syscall.SIGTERM)
	stdin := script.OpenStdin()
	err := repl.Run(ctx, vm.New(vm.Stdio{In: stdin}), repl.Config{
		Stdin: stdin, Out: os.Stdout, Banner: "the banner", History: args[0],
	})
	stop()
	if err != nil {
		return fmt.Errorf("ended: %w", err)
	}
	return nil
}

// session is a REPL on a pseudoterminal that answers no questions.
type session struct {
	t        *testing.T
	cmd      *exec.Cmd
	terminal *os.File
	ended    chan error

	mu     sync.Mutex
	output bytes.Buffer
	seen   int // what expect has consumed
}

func start(t *testing.T, history string, env ...string) *session {
	t.Helper()
	s := &session{t: t, cmd: reexec.Command("repl", history), ended: make(chan error, 1)}
	s.cmd.Env = append(os.Environ(), append([]string{"TERM=xterm"}, env...)...)
	terminal, err := pty.Start(s.cmd)
	if err != nil {
		t.Fatal(err)
	}
	s.terminal = terminal
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		chunk := make([]byte, 4096)
		for {
			n, err := terminal.Read(chunk)
			s.mu.Lock()
			s.output.Write(chunk[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	go func() { s.ended <- s.cmd.Wait() }()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-drained
		terminal.Close()
	})
	return s
}

// escapes are what the editor writes to move the cursor: blanks to the end of
// the line and over it, too.
var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]| \x08| {80}\r|[\r\x08]`)

// expect waits until the text has appeared after what was expected before.
func (s *session) expect(text string) {
	s.t.Helper()
	var fresh string
	if !poll.Holds(func() bool {
		s.mu.Lock()
		output := escapes.ReplaceAllString(s.output.String(), "")
		s.mu.Unlock()
		fresh = output[min(s.seen, len(output)):]
		return strings.Contains(fresh, text)
	}) {
		s.t.Fatalf("wanted %q, got %q", text, fresh)
	}
	s.seen += strings.Index(fresh, text) + len(text)
}

func (s *session) send(keys string) {
	s.t.Helper()
	if _, err := s.terminal.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// line types a line at a prompt. All that it says must be want, before the next
// prompt.
func (s *session) line(text, want string) {
	s.t.Helper()
	s.expect("> ")
	s.send(text + "\r")
	s.expect(text) // the echo
	if want != "" {
		want = "\n" + want
	}
	s.expect(want + "\n> ")
	s.seen -= len("> ")
}

func (s *session) wait() error {
	s.t.Helper()
	select {
	case err := <-s.ended:
		return err
	case <-time.After(30 * time.Second):
		s.t.Fatal("wanted the REPL to end, it goes on")
		return nil
	}
}

const (
	ctrlC = "\x03"
	ctrlD = "\x04"
	up    = "\x1b[A"
	left  = "\x1b[D"
)

func TestValuesAndLocals(t *testing.T) {
	s := start(t, "")
	s.expect("the banner")
	s.line("1 + 2", "3")
	s.line("= 'a', nil", `"a"`+"\tnil")
	s.line("local x, y = 5, 6; local function f() return x * y end", "")
	s.line("f(), x", "30\t5")
	s.line("{2, 1, b = {true}, a = 'q'}", `{ 2, 1, a = "q", b = { true } }`)
	s.line("print('printed')", "printed")
	s.expect("> ")
	s.send(ctrlD)
	if err := s.wait(); err != nil {
		t.Fatal(err)
	}
}

func TestSeveralLines(t *testing.T) {
	s := start(t, "")
	s.expect("> ")
	s.send("for i = 1, 2 do\r")
	s.expect(">> ")
	s.send("print('i is ' .. i)\r")
	s.expect(">> ")
	s.send("end\r")
	s.expect("\ni is 1\ni is 2\n")
	s.expect("> ")
	s.send("if\r")
	s.expect(">> ")
	s.send(ctrlC) // drops both lines
	s.line("1", "1")
}

func TestEditing(t *testing.T) {
	s := start(t, "")
	s.expect("> ")
	s.send("returm 12" + left + left + left + "\x7fn\r")
	s.expect("\n12\n")
	s.expect("> ")
	s.send("'å" + left + "x\x1b[C'\r")
	s.expect("\n\"xå\"\n")
}

func TestErrorsAreShort(t *testing.T) {
	t.Setenv("AVESCRIPT_LOOP", "") // gopher-lua's own loop has its own messages
	s := start(t, "")
	s.line("error('boom')", "stdin:1: boom")
	s.line("function f(a) return a.b.c end", "")
	s.expect("> ")
	s.send("function g() f({}) end\r")
	s.line("g()", strings.Join([]string{
		"stdin:1: attempt to index field 'b' (a nil value)",
		"    1 | function f(a) return a.b.c end",
		"stack traceback:",
		"\tstdin:1: in function 'f'",
		"\tstdin:1: in function <stdin:1>", // the expression's tail call has lost the name
	}, "\n"))
	s.line("x = = 1", "stdin:1: unexpected symbol near '='")
}

func TestInterrupt(t *testing.T) {
	for name, code := range map[string]string{
		"a loop":           "while true do end",
		"a protected loop": "while true do pcall(function() while true do end end) end",
		"a read":           "io.read()",
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "")
			s.expect("> ")
			s.send("x = 'kept' print('running') " + code + "\r")
			s.expect("\nrunning\n")
			s.send(ctrlC)
			s.expect("interrupted\n")
			s.line("x", `"kept"`)
			s.expect("> ")
			s.send("io.read()\r")
			s.expect("io.read()\n")
			s.send("typed\r")
			s.expect("\n\"typed\"\n")
		})
	}
}

func TestCtrlCDropsTheLine(t *testing.T) {
	s := start(t, "")
	s.expect("> ")
	s.send("never run")
	s.expect("never run")
	s.send(ctrlC)
	s.line("2", "2")
}

func TestOutputWithoutNewlineStays(t *testing.T) {
	s := start(t, "")
	s.expect("> ")
	s.send("do io.write('partial') end\r")
	s.expect("\npartial")
	s.expect("> ")
	s.mu.Lock()
	defer s.mu.Unlock()
	if !regexp.MustCompile(`partial( \x08)? {80}\r\x1b\[J\x1b\[\?2004h> `).Match(s.output.Bytes()) {
		t.Errorf("the prompt overwrites the output: %q", s.output.String())
	}
}

func TestHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "history")
	s := start(t, path)
	s.line("6 * 7", "42")
	s.expect("> ")
	s.send(ctrlD)
	if err := s.wait(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("wanted a history of mode 0600, got %v, %v", info, err)
	}
	s = start(t, path)
	s.expect("> ")
	s.send(up + "\r")
	s.expect("\n42\n")
}

func TestTermination(t *testing.T) {
	s := start(t, "")
	s.expect("> ")
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.expect("ended: terminated")
	if err := s.wait(); err == nil {
		t.Error("wanted exit status 1, got 0")
	}
}

func TestDumbTerminal(t *testing.T) {
	s := start(t, "", "TERM=dumb")
	s.line("1 + 2", "3")
	s.expect("> ")
	s.send("print('running') while true do end\r")
	s.expect("\nrunning\n")
	s.send(ctrlC)
	s.expect("interrupted\n")
	s.expect("> ")
	s.send("dropped")
	s.expect("dropped")
	s.send(ctrlC)
	s.line("4", "4")
	if bytes.Contains(s.output.Bytes(), []byte("\x1b")) {
		t.Errorf("escape sequences on a dumb terminal: %q", s.output.String())
	}
	s.send(ctrlD)
	if err := s.wait(); err != nil {
		t.Fatal(err)
	}
}

func TestPipe(t *testing.T) {
	cmd := reexec.Command("repl", "")
	cmd.Stdin = strings.NewReader("x = 2\nlocal y = x\ny + 1\nif y then\nprint('yes')\nend\nexit\nnot run")
	out, err := cmd.CombinedOutput()
	if want := "3\nyes\n"; err != nil || string(out) != want {
		t.Errorf("wanted %q, got %q, %v", want, out, err)
	}
}

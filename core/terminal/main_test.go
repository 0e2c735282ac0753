package terminal

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"avescript/core/screen"

	"go.uber.org/goleak"
)

// patience is how long to wait for something that always comes if nothing is wrong.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("avescript/core/process.serveSpawns"))
}

// shell starts a script, which ends with the test.
func shell(t *testing.T, script string, opts Options) *Session {
	t.Helper()
	return spawn(t, opts, "sh", "-c", script)
}

func spawn(t *testing.T, opts Options, argv ...string) *Session {
	t.Helper()
	s, err := Spawn(argv, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// need skips a test if a program is not installed.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed", program)
	}
}

func expect(t *testing.T, s *Session, patterns ...Pattern) Match {
	t.Helper()
	m, err := s.Expect(context.Background(), patterns, patience)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func send(t *testing.T, s *Session, text string) {
	t.Helper()
	if err := s.Send(context.Background(), []byte(text), 0, patience); err != nil {
		t.Fatal(err)
	}
}

func screenOf(t *testing.T, s *Session) *screen.Image {
	t.Helper()
	image, err := s.Screen(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func press(t *testing.T, s *Session, keys ...string) {
	t.Helper()
	if err := s.Press(context.Background(), keys, patience); err != nil {
		t.Fatal(err)
	}
}

func wantStatus(t *testing.T, s *Session, want int) {
	t.Helper()
	status, err := s.Wait(context.Background(), patience)
	if status != want || err != nil {
		t.Errorf("got status %d, %v, want %d", status, err, want)
	}
}

func wantError(t *testing.T, err, class error, parts ...string) {
	t.Helper()
	if !errors.Is(err, class) {
		t.Fatalf("got %v, want a %v", err, class)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %q, want %q in it", err, part)
		}
	}
}

func regex(t testing.TB, expr string) *Regex {
	t.Helper()
	r, err := NewRegex(expr)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

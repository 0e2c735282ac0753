package terminal

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"avescript/core/exceptions"
	"avescript/core/pty"
	"avescript/core/screen"
)

var xterm = Options{Options: pty.Options{Env: []string{"TERM=xterm-256color"}}}

func expectScreen(t *testing.T, s *Session, p Pattern, row int) *screen.Image {
	t.Helper()
	image, err := s.ExpectScreen(context.Background(), p, row, patience)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func TestScreenShowsWhatCameBefore(t *testing.T) {
	s := shell(t, `printf 'one\ntwo\033[1;1Hthree\n'; read -r x`, Options{})
	expect(t, s, Plain("three"))
	if got := screenOf(t, s).Text(); got != "three\ntwo" {
		t.Errorf("got %q", got)
	}
}

func TestScreenAnswers(t *testing.T) {
	need(t, "bash")
	ask := `stty raw -echo; printf '\r\nabc\033[6n'; IFS= read -r -d R answer; printf '%q\n' "$answer"`
	s := spawn(t, Options{Screen: true}, "bash", "-c", ask)
	expect(t, s, Plain(`[2;4`))
	wantStatus(t, s, 0)
}

func TestLess(t *testing.T) {
	need(t, "less")
	file := t.TempDir() + "/numbers"
	var text strings.Builder
	for i := 1; i <= 200; i++ {
		text.WriteString(strings.Repeat("x", i%7) + " line " + string(rune('A'+i%26)) + "\n")
	}
	if err := os.WriteFile(file, []byte(text.String()+"the last line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := spawn(t, xterm, "less", file)
	image := expectScreen(t, s, Plain("x line B"), 1)
	if !image.Alternate {
		t.Error("less is not on the alternate screen")
	}
	press(t, s, "Down", "Down")
	expectScreen(t, s, Plain("xxx line D"), 1)
	press(t, s, "G")
	expectScreen(t, s, Plain("the last line"), 23)
	press(t, s, "q")
	wantStatus(t, s, 0)
	if screenOf(t, s).Alternate {
		t.Error("the alternate screen is left")
	}
}

func TestVim(t *testing.T) {
	need(t, "vim")
	file := t.TempDir() + "/text"
	s := spawn(t, xterm, "vim", "-u", "NONE", "-N", file)
	expectScreen(t, s, Plain("[New]"), -1)
	press(t, s, "i")
	expectScreen(t, s, Plain("INSERT"), -1)
	send(t, s, "hello, wörld\rsecond")
	expectScreen(t, s, Plain("hello, wörld"), 1)
	press(t, s, "Escape", "Up", "Home", "x")
	expectScreen(t, s, regex(t, `^ello`), 1)
	image, err := s.WaitStable(context.Background(), 50*time.Millisecond, patience)
	if err != nil || image.Cursor.Row != 0 || image.Cursor.Col != 0 {
		t.Errorf("got %+v, %v", image.Cursor, err)
	}
	send(t, s, ":wq\r")
	wantStatus(t, s, 0)
	if text, err := os.ReadFile(file); string(text) != "ello, wörld\nsecond\n" {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestScreenFailuresShowTheScreen(t *testing.T) {
	s := shell(t, `printf 'one\n\ntwo'; read -r x`, Options{})
	expect(t, s, Plain("two"))
	_, err := s.ExpectScreen(context.Background(), Plain("three"), 2, 10*time.Millisecond)
	wantError(t, err, exceptions.Timeout, `wanted "three" in row 2 of the screen of sh`, "shows:\n    one\n    \n    two")
	_, err = s.ExpectScreen(context.Background(), Plain("three"), 25, patience)
	wantError(t, err, exceptions.TypeError, "24 rows, got 25")
	send(t, s, "\r")
	_, err = s.ExpectScreen(context.Background(), Plain("three"), 0, patience)
	wantError(t, err, ErrEOF)
	if err := s.Press(context.Background(), []string{"x", "NoKey"}, patience); err == nil || !strings.Contains(err.Error(), "NoKey") {
		t.Errorf("got %v", err)
	}
}

func TestAScreenThatMovesIsNotStable(t *testing.T) {
	s := shell(t, `i=0; while :; do i=$((i+1)); printf '\r%d' $i; done`, Options{})
	_, err := s.WaitStable(context.Background(), 200*time.Millisecond, 500*time.Millisecond)
	wantError(t, err, exceptions.Timeout, "does not change for 200ms")
	still := shell(t, `printf 'no change'; while :; do printf '\033[1;1Hno change'; done`, Options{})
	if image, err := still.WaitStable(context.Background(), 100*time.Millisecond, patience); err != nil || image.Text() != "no change" {
		t.Errorf("got %v, %v", image, err)
	}
}

// TestExpectScreenKeepsItsTimeout runs a program whose output takes long to process:
// each of these sequences changes the whole screen.
func TestExpectScreenKeepsItsTimeout(t *testing.T) {
	const flood = `printf '%*s' 1500 "" | sed 's/ /x\x1b[4h\x1b[99999999b\x1b[4l\x1b[99999999b/g'; read x`
	for name, opts := range map[string]Options{
		"a screen from the beginning": {Screen: true},
		"a screen that is drawn late": {},
	} {
		t.Run(name, func(t *testing.T) {
			s := shell(t, flood, opts)
			expect(t, s, Plain("99999999b"))
			began := time.Now()
			_, err := s.ExpectScreen(context.Background(), Plain("never there"), 0, 100*time.Millisecond)
			wantError(t, err, exceptions.Timeout, `wanted "never there" on the screen`)
			// A search that has begun may take another second.
			if took := time.Since(began); took > patience/2 {
				t.Errorf("it took %v", took)
			}
		})
	}
}

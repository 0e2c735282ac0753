package terminal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"avescript/core/exceptions"
	"avescript/internal/poll"

	"github.com/google/go-cmp/cmp"
)

// printer writes its input without changes and without echo. Each line is an argument
// for printf(1).
const printer = `stty -echo -opost; echo ready; while read -r piece; do printf "$piece"; done`

func newPrinter(t *testing.T) *Session {
	t.Helper()
	s := shell(t, printer, Options{})
	expect(t, s, Plain("ready\n"))
	return s
}

func TestExpectTakesTheMatchAndWhatIsBefore(t *testing.T) {
	s := shell(t, "printf 'one two=22 three'; read -r x", Options{})
	m := expect(t, s, regex(t, `(\w+)=(\d+)(x)?`))
	want := Match{Before: "one ", Text: "two=22", Captures: []string{"two", "22", ""}}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	if m = expect(t, s, Plain("three")); m.Before != " " {
		t.Errorf("got %q before the second match", m.Before)
	}
}

func TestTheFirstMatchInTheOutputCounts(t *testing.T) {
	s := shell(t, "echo abc; read -r x", Options{})
	expect(t, s, Plain("\n")) // it is all there
	send(t, s, "abcdef\r")
	if m := expect(t, s, Plain("cd"), Plain("b"), regex(t, "b(c)"), Plain("bc")); m.Index != 1 || m.Before != "a" {
		t.Errorf("got pattern %d behind %q, want 1 behind a", m.Index, m.Before)
	}
}

func TestAPatternThatIsFarAwayCostsNothing(t *testing.T) {
	s := shell(t, "seq 1 200000; echo far away", Options{})
	wantStatus(t, s, 0)
	begin := time.Now()
	rare := regex(t, `(?s)nowhere|200000.*away`)
	for i := range 20000 {
		if m := expect(t, s, rare, Plain("\n")); m.Index != 1 || strings.TrimSpace(m.Before) != fmt.Sprint(i+1) {
			t.Fatalf("got pattern %d behind %q as line %d", m.Index, m.Before, i+1)
		}
	}
	if took := time.Since(begin); took > patience {
		t.Errorf("20,000 lines took %v", took)
	}
}

func TestAllThatHasComeIsLookedAt(t *testing.T) {
	// The match that begins first may end where a search does not look at once.
	for _, test := range []struct {
		text     string
		patterns []Pattern
		want     string
	}{
		{strings.Repeat("-", firstWindow-3) + "abcdef", []Pattern{Plain("abcdef"), Plain("bc")}, "abcdef"},
		{strings.Repeat("-", firstWindow-3) + "abcdef", []Pattern{regex(t, "a(bcdef)?")}, "abcdef"},
		{"ab" + strings.Repeat("-", 2*firstWindow) + "z", []Pattern{Plain("b"), regex(t, "a-*z|ab-*z")}, ""},
		{"ab" + strings.Repeat("-", 2*firstWindow) + "z", []Pattern{regex(t, "a.*y"), Plain("b")}, "b"},
	} {
		s := shell(t, "printf '%s' '"+test.text+"'", Options{})
		wantStatus(t, s, 0)
		want := test.want
		if want == "" {
			want = test.text
		}
		if m := expect(t, s, test.patterns...); m.Text != want {
			t.Errorf("%s: got %.20q, want %.20q", test.patterns, m.Text, want)
		}
	}
}

func TestMatchesAtTheEndWaitForTheRest(t *testing.T) {
	s := newPrinter(t)
	// The number is one match, in whatever pieces it arrives.
	for i := range 20 {
		number := strings.Repeat(fmt.Sprint(i%10), firstWindow+500) // in one write(2)
		send(t, s, "a"+number+"\n"+"b\n")
		if m := expect(t, s, regex(t, `\d+`)); m.Text != number {
			t.Fatalf("got %d digits", len(m.Text))
		}
		expect(t, s, Plain("b"))
	}
	send(t, s, "the prompt> \n")
	if m := expect(t, s, regex(t, `> ?$`)); m.Text != "> " && m.Text != ">" {
		t.Errorf("got %q", m.Text)
	}
}

func TestCharactersAreNotCut(t *testing.T) {
	s := newPrinter(t)
	send(t, s, `x\303`+"\n")
	if _, err := s.Expect(context.Background(), []Pattern{regex(t, `x(.)`)}, 5*quietTime); !errors.Is(err, exceptions.Timeout) {
		t.Errorf("got %v of half a character, want a Timeout", err)
	}
	send(t, s, `\244y`+"\n")
	if m := expect(t, s, regex(t, `x(.)`)); m.Captures[0] != "ä" {
		t.Errorf("got %q", m.Captures)
	}
	expect(t, s, Plain("y"))
	send(t, s, `z\303`+"\n")
	expect(t, s, Plain("z\xc3")) // bytes can be matched, too
}

func TestTheEndIsAnEvent(t *testing.T) {
	s := shell(t, "printf 'some text'; exit 3", Options{})
	if m := expect(t, s, Plain("no"), Timeout, EOF); m.Index != 2 || m.Before != "some text" {
		t.Errorf("got %+v", m)
	}
	if m := expect(t, s, EOF); m.Before != "" {
		t.Errorf("got %q for the second time", m.Before)
	}
	_, err := s.Expect(context.Background(), []Pattern{Plain("more")}, patience)
	wantError(t, err, ErrEOF, `wanted "more" from sh -c`, "exited with status 3")
}

func TestOutputIsThereWhenTheProgramHasEnded(t *testing.T) {
	s := shell(t, "seq 1 100000", Options{})
	wantStatus(t, s, 0)
	if m := expect(t, s, Plain("\n100000\r\n")); len(m.Before) < 500_000 {
		t.Errorf("got %d bytes before the last line", len(m.Before))
	}
}

func TestTheTimeIsAnEvent(t *testing.T) {
	s := shell(t, "printf waiting; read -r x", Options{})
	m, err := s.Expect(context.Background(), []Pattern{Plain("no"), EOF, Timeout}, 100*time.Millisecond)
	if m.Index != 2 || err != nil {
		t.Errorf("got %+v, %v", m, err)
	}
	if m := expect(t, s, Plain("waiting")); m.Before != "" {
		t.Errorf("got %q taken by the timeout", m.Before)
	}
}

func TestFailuresTellWhatIsGoingOn(t *testing.T) {
	s := shell(t, `printf 'first\nPa\033[1mss: '; sleep 1000`, Options{})
	expect(t, s, Plain("first"))
	poll.Until(t, "sleep runs", func() bool {
		_, err := s.Expect(context.Background(), []Pattern{Plain("login: "), regex(t, `\d{5}`), EOF}, quietTime)
		wantError(t, err, exceptions.Timeout,
			"wanted \"login: \" or regex `\\d{5}` or EOF from sh -c", "within 20ms; process")
		return strings.Contains(err.Error(), "is waiting") && strings.Contains(err.Error(), "\n    Pa\\x1b[1mss: ")
	})
}

func TestOneWaitsAtATime(t *testing.T) {
	s := newPrinter(t)
	results := make(chan Match)
	for range 10 {
		go func() {
			m, err := s.Expect(context.Background(), []Pattern{regex(t, `<\d+>`)}, patience)
			if err != nil {
				t.Error(err)
			}
			results <- m
		}()
	}
	var want, got []string
	for i := range 10 {
		send(t, s, fmt.Sprintf("<%d>\n", i))
		want = append(want, fmt.Sprintf("<%d>", i))
	}
	for range 10 {
		got = append(got, (<-results).Text)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestContextEndsWaits(t *testing.T) {
	s := shell(t, "read -r x", Options{})
	ctx, cancel := context.WithCancelCause(context.Background())
	failed := make(chan error)
	go func() {
		_, err := s.Expect(ctx, []Pattern{EOF}, -1)
		failed <- err
	}()
	poll.Until(t, "somebody waits", func() bool {
		s.out.mu.Lock()
		defer s.out.mu.Unlock()
		return s.out.waiting > 0
	})
	cancel(errors.New("enough"))
	if err := <-failed; err == nil || err.Error() != "enough" {
		t.Errorf("got %v", err)
	}
}

func TestReadLine(t *testing.T) {
	s := shell(t, `printf 'one\n\ntwo'`, Options{})
	for _, want := range []string{"one\r\n", "\r\n", "two", "", ""} {
		if line, err := s.ReadLine(context.Background(), patience); line != want || err != nil {
			t.Errorf("got %q, %v, want %q", line, err, want)
		}
	}
}

package asciicast_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"avescript/core/asciicast"
)

// read reads a whole recording.
func read(r io.Reader) (h asciicast.Header, events []asciicast.Event, err error) {
	reader, err := asciicast.NewReader(r)
	if err != nil {
		return h, nil, err
	}
	for e, err := range reader.Events() {
		if err != nil {
			return reader.Header, events, err
		}
		events = append(events, e)
	}
	return reader.Header, events, nil
}

func record(t rapid.TB, h asciicast.Header, play func(w *asciicast.Writer)) (asciicast.Header, []asciicast.Event, string) {
	t.Helper()
	var file bytes.Buffer
	w, err := asciicast.NewWriter(&file, h)
	if err != nil {
		t.Fatal(err)
	}
	play(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	text := file.String()
	header, events, err := read(&file)
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return header, events, text
}

func TestRecording(t *testing.T) {
	before := time.Now()
	header, events, text := record(t, asciicast.Header{
		Width: 80, Height: 24, Title: "<a> & b", Command: "bash",
	}, func(w *asciicast.Writer) {
		w.Output([]byte("$ \x1b[1m\xe6\xbc"))
		w.Output([]byte("\xa2<&>\r\n"))
		w.Resize(100, 30)
		w.Output([]byte("bye\xe6"))
		w.Exit(3)
	})
	if header.Version != 2 || header.Title != "<a> & b" || header.Timestamp < before.Unix() {
		t.Errorf("got the header %+v", header)
	}
	last := 0.0
	for i := range events {
		if events[i].Time < last || events[i].Time > time.Since(before).Seconds() {
			t.Errorf("event %d: the time %v is not in order", i, events[i].Time)
		}
		last, events[i].Time = events[i].Time, 0
	}
	want := []asciicast.Event{
		{Code: asciicast.Output, Data: "$ \x1b[1m"},
		{Code: asciicast.Output, Data: "漢<&>\r\n"},
		{Code: asciicast.Resize, Data: "100x30"},
		{Code: asciicast.Output, Data: "bye"},
		{Code: asciicast.Output, Data: "\uFFFD"},
		{Code: asciicast.Exit, Data: "3"},
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("wanted - and got +:\n%s", diff)
	}
	if cols, rows, err := events[2].Size(); cols != 100 || rows != 30 || err != nil {
		t.Errorf("wanted 100x30, got %dx%d, %v", cols, rows, err)
	}
	for line := range strings.Lines(text) {
		if !json.Valid([]byte(line)) || !strings.HasSuffix(line, "\n") {
			t.Errorf("wanted lines of JSON, got %q", line)
		}
	}
}

// TestCutsDoNotMatter writes bytes cut at random places: the text of all events
// together is always the same.
func TestCutsDoNotMatter(t *testing.T) {
	piece := rapid.OneOf(rapid.SampledFrom([]string{"a", "é", "漢", "👩", "\xff", "\xe2\x82", "\xf0\x9f", "\x1b[1m", "\r\n", "\u2028", "\x00"}),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 8), func(b []byte) string { return string(b) }))
	rapid.Check(t, func(t *rapid.T) {
		output := strings.Join(rapid.SliceOfN(piece, 0, 30).Draw(t, "output"), "")
		_, events, _ := record(t, asciicast.Header{Width: 1, Height: 1}, func(w *asciicast.Writer) {
			for rest := output; rest != ""; {
				n := rapid.IntRange(1, len(rest)).Draw(t, "cut")
				part := []byte(rest[:n])
				w.Output(part)
				clear(part) // the caller reuses its buffer
				rest = rest[n:]
			}
		})
		got := ""
		for _, e := range events {
			got += e.Data
		}
		if diff := cmp.Diff(string([]rune(output)), got); diff != "" {
			t.Fatalf("wanted - and got +:\n%s", diff)
		}
	})
}

type failing struct{ writes int }

func (f *failing) Write(p []byte) (int, error) {
	f.writes++
	if f.writes > 2 {
		return 0, os.ErrClosed
	}
	return len(p), nil
}

func TestErrors(t *testing.T) {
	if _, err := asciicast.NewWriter(&bytes.Buffer{}, asciicast.Header{}); err == nil {
		t.Error("wanted an error for a header without a size")
	}
	f := &failing{}
	w, err := asciicast.NewWriter(f, asciicast.Header{Width: 80, Height: 24})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		err = w.Output([]byte("x"))
	}
	if !errors.Is(err, os.ErrClosed) || !errors.Is(w.Close(), os.ErrClosed) || f.writes != 3 {
		t.Errorf("wanted the first error to end the recording, got %v after %d writes", err, f.writes)
	}
	for _, file := range []string{
		"", "{", `{"version":1,"width":80,"height":24}`, `{"version":2}`,
		`{"version":2,"width":80,"height":24}` + "\n" + `[1,"o"]`,
		`{"version":2,"width":80,"height":24}` + "\n" + `["1","o","x"]`,
	} {
		if _, _, err := read(strings.NewReader(file)); err == nil {
			t.Errorf("wanted an error for %q", file)
		}
	}
}

func TestAsciinemaPlaysIt(t *testing.T) {
	program, err := exec.LookPath("asciinema")
	if err != nil {
		t.Skip("asciinema is not installed")
	}
	file := filepath.Join(t.TempDir(), "test.cast")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := asciicast.NewWriter(f, asciicast.Header{Width: 80, Height: 24})
	if err != nil {
		t.Fatal(err)
	}
	w.Output([]byte("one \xe6\xbc"))
	w.Resize(90, 30)
	w.Output([]byte("\xa2 two\r\n"))
	w.Exit(1)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"cat", "play"} {
		terminal, err := pty.Start(exec.Command(program, how, file))
		if err != nil {
			t.Fatal(err)
		}
		out, _ := io.ReadAll(terminal) // it ends with EIO
		terminal.Close()
		if strings.TrimSpace(string(out)) != "one 漢 two" {
			t.Errorf("asciinema %s: wanted the output alone, got %q", how, out)
		}
	}
}

package editor

import (
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"avescript/core/screen"
)

// TestChangesAddUp draws one text over the other. The screen must then show the last
// one as if it was the only one.
func TestChangesAddUp(t *testing.T) {
	pieces := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "bc", " ", "\n", "\t", "名", "é", "👩‍👩‍👧", "e\u0301", "\x01", "\u0301", "\u009b", "\u202e", "\u200b", "\xff", "end"}), 0, 40)
	rapid.Check(t, func(rt *rapid.T) {
		cols, rows := rapid.IntRange(4, 20).Draw(rt, "columns"), rapid.IntRange(1, 8).Draw(rt, "rows")
		drawn := screen.New(cols, rows)
		before, top := frame{rows: []row{nil}}, 0
		var after frame
		for range rapid.IntRange(1, 5).Draw(rt, "texts") {
			s := strings.Join(pieces.Draw(rt, "text"), "")
			at := 0
			for n := rapid.IntRange(0, 40).Draw(rt, "cursor"); n > 0; n-- {
				at = (&text{s: s}).after(at)
			}
			after, top = picture{prompt: "> ", continuation: ">> ", s: s, at: at}.frame(cols, rows, top)
			show(drawn, before, after)
			before = after
		}
		alone := screen.New(cols, rows)
		show(alone, frame{rows: []row{nil}}, after)
		if got, want := drawn.Snapshot(), alone.Snapshot(); !got.Equal(want) {
			rt.Fatalf("wanted\n%s\ngot\n%s", want.Describe(), got.Describe())
		}
	})
}

func show(s *screen.Screen, before, after frame) {
	var p pen
	p.change(before, after)
	_, _ = s.Write([]byte(strings.ReplaceAll(p.String(), "\n", "\r\n")))
}

// TestOneWrite counts the bytes for a key: only changes are written.
func TestOneWrite(t *testing.T) {
	before, _ := picture{prompt: "> ", s: "abc", at: 3}.frame(80, 24, 0)
	after, _ := picture{prompt: "> ", s: "abcd", at: 4}.frame(80, 24, 0)
	var p pen
	if p.change(before, after); p.String() != "d" {
		t.Errorf("wanted the letter alone, got %q", p.String())
	}
}

func TestGraphemesInText(t *testing.T) {
	x := text{s: "é 👩‍👩‍👧\n名", goal: -1}
	var places []int
	for at := 0; ; at = x.after(at) {
		places = append(places, at)
		if at == len(x.s) {
			break
		}
	}
	for i := len(places) - 1; i > 0; i-- {
		if got := x.before(places[i]); got != places[i-1] {
			t.Errorf("before %d: wanted %d, got %d", places[i], places[i-1], got)
		}
	}
	if len(places) != 6 {
		t.Errorf("wanted 5 characters, got the places %v", places)
	}
}

func TestHistoryOfTwo(t *testing.T) {
	path := t.TempDir() + "/deep/history"
	a, err := OpenHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	a.Add("1")
	b.Add("2\n3")
	a.Add("2\n3") // the last one is not repeated, even if another process has added it
	a.Add(" secret")
	if got := strings.Join(a.entries, "|"); got != "1|2\n3" {
		t.Errorf("got %q", got)
	}
	text, err := os.ReadFile(path)
	if want := "\"1\"\n\"2\\n3\"\n"; err != nil || string(text) != want {
		t.Errorf("wanted %q, got %q, %v", want, text, err)
	}
}

func TestHistoryThatCannotBeWritten(t *testing.T) {
	h := &History{path: t.TempDir() + "/no/such/directory"}
	h.Add("kept")
	if len(h.entries) != 1 {
		t.Errorf("got %q", h.entries)
	}
}

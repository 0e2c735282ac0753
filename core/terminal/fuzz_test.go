package terminal

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"testing"
	"time"
)

// FuzzRegex matches output in pieces against a random expression: it finds what package
// regexp finds in the whole output.
func FuzzRegex(f *testing.F) {
	for i, expr := range odd {
		f.Add(expr, []byte("abcx ab\ncé\xc3世aab xx"), uint8(i%7+1))
	}
	f.Fuzz(func(t *testing.T, expr string, text []byte, piece uint8) {
		if len(expr) > 100 || len(text) > 300 {
			t.Skip() // package regexp would take too long
		}
		r, err := NewRegex(expr)
		if _, wrong := regexp.Compile(expr); wrong != nil || err != nil {
			if (wrong == nil) != (err == nil) {
				t.Errorf("%q: got %v, want %v", expr, err, wrong)
			}
			return
		}
		want := r.machine.FindSubmatchIndex(text)
		if got, known := feed(t, r, text, cutsOf(text, piece)); !slices.Equal(got, want) {
			t.Errorf("%s in %q: got %v after %q, want %v", expr, text, got, known, want)
		}
	})
}

// FuzzPlain does the same with a text, and drops what the search does not need any
// more.
func FuzzPlain(f *testing.F) {
	f.Add("login: ", []byte("last logilogin: x"), uint8(3))
	f.Add("aab", []byte("aaaaaab"), uint8(1))
	f.Add("\xff", []byte("\xc3\xff"), uint8(1))
	f.Fuzz(func(t *testing.T, text string, output []byte, piece uint8) {
		if text == "" {
			t.Skip()
		}
		search, dropped := Plain(text).Search(), 0
		for _, end := range append(cutsOf(output, piece), len(output)) {
			match, sure, err := search.Next(context.Background(), Window{Text: output[dropped:end], Dropped: dropped})
			if !sure || err != nil {
				t.Fatalf("got sure %v, %v", sure, err)
			}
			want := bytes.Index(output[:end], []byte(text))
			switch {
			case match != nil && match[0]+dropped == want && match[1]-match[0] == len(text):
				return
			case match != nil || want >= 0:
				t.Fatalf("%q in %q: got %v after %d bytes, want %d", text, output[:end], match, dropped, want)
			}
			dropped = min(max(search.Open(), dropped), end)
		}
	})
}

// FuzzOutput checks that a search takes a time that is limited by the length of the
// output.
func FuzzOutput(f *testing.F) {
	f.Add(`(a|aa)+$`, []byte("aaaaaaaaaaaaab"))
	f.Add(`(\w+\s?)+END`, []byte("foo bar "))
	f.Fuzz(func(t *testing.T, expr string, line []byte) {
		if len(expr) > 100 || len(line) == 0 {
			t.Skip()
		}
		r, err := NewRegex(expr)
		if err != nil {
			t.Skip()
		}
		text := bytes.Repeat(line, 1+(16<<10)/len(line))
		begun := time.Now()
		feed(t, r, text, cutsOf(text, 255))
		if took := time.Since(begun); took > patience {
			t.Errorf("took %v", took)
		}
	})
}

// cutsOf returns the ends of pieces of a size.
func cutsOf(text []byte, piece uint8) (cuts []int) {
	for at := 0; at < len(text); at += max(int(piece), 1) {
		cuts = append(cuts, at)
	}
	return cuts
}

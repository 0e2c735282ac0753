package terminal

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// failer is a test, or a case of a property.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// feed passes a text to a search as if it came in pieces, and returns the match and the
// text that was known by then.
func feed(t failer, p Pattern, text []byte, cuts []int) (match []int, known []byte) {
	t.Helper()
	s := p.Search()
	for _, cut := range cuts {
		match, sure, err := s.Next(context.Background(), Window{Text: text[:cut:cut]})
		if err != nil {
			t.Fatal(err)
		}
		if match != nil && sure {
			return match, text[:cut]
		}
	}
	match, sure, err := s.Next(context.Background(), Window{Text: text, Quiet: true, Ended: true})
	if !sure || err != nil {
		t.Fatalf("at the end: got sure %v, %v", sure, err)
	}
	return match, text
}

// odd contains everything that is difficult for the automaton: assertions,
// alternatives, repetitions that may be empty, characters of several bytes and classes.
var odd = []string{
	`a+b`, `^a`, `a(bcx)?`, `abcx|b`, `(?s)a.*x|b`, `(?:ab*?|c)x`, `(?m)^b$`, `\bab\b`, `\Ba`, `a*`, `(a|ab)(c|bcd)`, `é+`, `[^a]é`, `(?i)AB`, `(?s)a.*b`, `a.*?b`, `b$`,
	`(a)?(b)?c`, `.`, `x{2,3}`, `(?:ab|a)$`, `\w+ \w+`, `\x{fffd}`, `a\b`, `(?m)$`, `\z`, `(?:)`, `[a-c]{3}x`,
}

func TestRegexFindsWhatPackageRegexpFinds(t *testing.T) {
	patterns := map[string]*Regex{}
	for _, expr := range odd {
		patterns[expr] = regex(t, expr)
	}
	rapid.Check(t, func(t *rapid.T) {
		expr := rapid.SampledFrom(odd).Draw(t, "expression")
		pieces := rapid.SliceOf(rapid.SampledFrom([]string{"a", "b", "c", "x", " ", "\n", "é", "世", "\xc3", "\xff"})).Draw(t, "text")
		var text []byte
		for _, piece := range pieces {
			text = append(text, piece...)
		}
		var cuts []int
		for at := 0; at < len(text); at += rapid.IntRange(1, 5).Draw(t, "piece") {
			cuts = append(cuts, at)
		}
		match, known := feed(t, patterns[expr], text, cuts)
		if want := regexp.MustCompile(expr).FindSubmatchIndex(text); !slices.Equal(match, want) {
			t.Fatalf("%s in %q: got %v, want %v after %q", expr, text, match, want, known)
		}
	})
}

func TestSearchesTakeLinearTime(t *testing.T) {
	line := []byte("foo: 1234567890 the quick brown fox jumps over the lazy dog\r\n")
	text := append(bytes.Repeat(line, 4<<20/len(line)), "THE END"...)
	var cuts []int
	for at := 4096; at < len(text); at += 4096 {
		cuts = append(cuts, at)
	}
	for _, p := range []Pattern{
		Plain("THE END"), Plain("the quick brown fox!"), regex(t, `(?s)foo.*[A-Z] NO`), regex(t, `(\w+ )+END`), regex(t, `(?s)no.*such`),
		regex(t, `(?m)^THE`), regex(t, `END$`), regex(t, `\d+ END`),
	} {
		begin := time.Now()
		feed(t, p, text, cuts)
		// Reading everything again for each of 1,000 windows would make it 2 GB.
		if took := time.Since(begin); took > patience {
			t.Errorf("%s: took %v", p, took)
		}
	}
}

func TestAutomatonForgets(t *testing.T) {
	// A state contains the positions of the letters a among the last 12: there are more
	// of these than the limit for states.
	r := regex(t, `(?:a|b)*a[ab]{12}c`)
	text := []byte{}
	for i, x := 0, uint32(1); i < 100_000; i++ {
		x = x*1664525 + 1013904223
		text = append(text, "ab"[x>>31])
	}
	text = append(text, "abbbbbbbbbbbbc"...)
	s := r.Search().(*regexSearch)
	match, _, err := s.Next(context.Background(), Window{Text: text})
	if match == nil || match[1] != len(text) || err != nil {
		t.Errorf("got %v, %v", match, err)
	}
	if n := len(s.automaton.states); n > maxStates {
		t.Errorf("got %d states", n)
	}
}

func TestMatchIsTakenWhenItIsSettled(t *testing.T) {
	for _, test := range []struct {
		expr, text string
		want       bool
	}{
		{`login: `, "login: ", true}, {`[$#>] `, "$ ", true}, {`\d\d`, "12", true}, {`a+?`, "a", true}, {`(foo|bar) `, "bar ", true},
		{`(\d+)%`, "57%", true}, {`foo|foobar`, "foo", true}, {`foobar|foo`, "foo", false}, {`foobar|foo`, "foox", true},
		{`\d+`, "1", false}, {`\d+`, "1 ", true}, {`a?`, "a", true}, {`a?`, "", false}, {`\$ $`, "$ ", false}, {`a\b`, "a", false},
		{`a\b`, "a ", true}, {`.*`, "x", false}, {`.*`, "x\n", true}, {`a(bcd)?`, "abc", false}, {`abcd|b`, "ab", false},
		{`(?m)^b`, "a\nb", true}, {`\d{1,2}`, "12", true},
	} {
		_, sure, err := regex(t, test.expr).Search().Next(context.Background(), Window{Text: []byte(test.text)})
		if sure != test.want || err != nil {
			t.Errorf("%s in %q: got %v, %v, want %v", test.expr, test.text, sure, err, test.want)
		}
	}
}

func TestDroppedOutputHasNoMatch(t *testing.T) {
	for _, expr := range []string{`x[^q]*y`, `\bx[^q]*y`} {
		s := regex(t, expr).Search()
		text := []byte("..x" + "aaaaaaaa")
		_, _, _ = s.Next(context.Background(), Window{Text: text})
		// Only the end of a match remains, and then there is another match.
		match, _, err := s.Next(context.Background(), Window{Text: []byte("aaay x12y"), Dropped: 8})
		if !slices.Equal(match, []int{5, 9}) || err != nil {
			t.Errorf("%s: got %v, %v", expr, match, err)
		}
	}
}

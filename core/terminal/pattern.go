package terminal

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// Pattern is something that can occur in output. Several expectations may use it at the
// same time.
type Pattern interface {
	fmt.Stringer // the pattern in the form for messages

	// Search starts a search in output that is still arriving.
	Search() Search
}

// Search looks for one pattern in output that grows. All calls of Next together should
// take a time that is linear in the output.
type Search interface {
	// Next looks for the first match. The window begins with what the previous call has
	// seen, without the part that was dropped since.
	//
	// The match is pairs of indices into the text of the window, as in package regexp:
	// for the whole match, and for each capture. Without a match it is nil. sure is
	// false if the first match could change with more output. If the window is quiet,
	// the search has to decide.
	Next(ctx context.Context, w Window) (match []int, sure bool, err error)

	// Open is the position, counted from the beginning of the search, of the first
	// place where a match may begin whose end Next has not seen.
	Open() int
}

// Window is the output that an expectation passes to its searches.
type Window struct {
	Text    []byte
	Dropped int  // how much output there was before Text since the search began
	Quiet   bool // no more output at the moment
	Ended   bool // there will be no more output; then Quiet is true, too
}

// Complete is the text without an incomplete character at its end.
func (w *Window) Complete() []byte {
	if w.Ended {
		return w.Text
	}
	for back := 1; back < utf8.UTFMax && back <= len(w.Text); back++ {
		at := len(w.Text) - back
		if utf8.RuneStart(w.Text[at]) {
			if !utf8.FullRune(w.Text[at:]) {
				return w.Text[:at]
			}
			break
		}
	}
	return w.Text
}

// event is a pattern that no output matches.
type event string

// EOF matches when the program has ended and all of its output was searched; Timeout
// matches when the time is over. All other patterns come first.
const (
	EOF     event = "EOF"
	Timeout event = "TIMEOUT"
)

func (e event) String() string { return string(e) }

// Search returns a search that finds nothing.
func (e event) Search() Search { return e }

// Next finds nothing, and is sure.
func (e event) Next(context.Context, Window) ([]int, bool, error) { return nil, true, nil }

// Open is at no position.
func (e event) Open() int { return math.MaxInt }

// Plain is a pattern that matches exactly its own text.
type Plain string

func (p Plain) String() string { return strconv.Quote(string(p)) }

// Search starts a search for the text.
func (p Plain) Search() Search { return &plainSearch{text: []byte(p)} }

type plainSearch struct {
	text []byte
	from int // no match begins before it
}

func (s *plainSearch) Next(_ context.Context, w Window) ([]int, bool, error) {
	from := min(max(s.from-w.Dropped, 0), len(w.Text))
	if at := bytes.Index(w.Text[from:], s.text); at >= 0 {
		return []int{from + at, from + at + len(s.text)}, true, nil
	}
	s.from = w.Dropped + max(len(w.Text)-len(s.text)+1, from)
	return nil, true, nil
}

// Open is the first position where the text may still match.
func (s *plainSearch) Open() int { return s.from }

// Thrift prevents a search from reading the same insufficient text again and again,
// which would take quadratic time: it searches again when the text has grown by half.
type Thrift struct{ seen int }

// Worthwhile reports whether a text of n bytes should be searched.
func (t *Thrift) Worthwhile(n int, w Window) bool {
	const cheap = 16 << 10
	if !w.Quiet && n > cheap && n < t.seen+t.seen/2 {
		return false
	}
	t.seen = n
	return true
}

// Find looks for a pattern in a complete text.
func Find(ctx context.Context, p Pattern, text string) (match []int, err error) {
	match, _, err = p.Search().Next(ctx, Window{Text: []byte(text), Quiet: true, Ended: true})
	return match, err
}

package terminal

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// Pattern is something that output can have. It may be used by several
// expectations at the same time.
type Pattern interface {
	fmt.Stringer // the pattern as messages show it

	// Search begins a search of output that is still coming.
	Search() Search
}

// Search looks for one pattern in output while that grows. Together, the calls
// of Next should take a time that is linear in the output.
type Search interface {
	// Next looks for the first match. The window begins with what the call
	// before has seen of it, less what was dropped since.
	//
	// The match is pairs of indices into the window's text, as package regexp
	// has them: of all of it, and of its captures. Without a match it is nil.
	// It is not sure if the first match could turn out differently with more
	// output. When the window is quiet, the search has to make up its mind.
	Next(ctx context.Context, w Window) (match []int, sure bool, err error)

	// Open is how much output there was, since the search began, in front of
	// the first place where a match may begin whose end Next has not seen.
	Open() int
}

// Window is what an expectation shows to its searches.
type Window struct {
	Text    []byte
	Dropped int  // how much output there was in front of Text since the search began
	Quiet   bool // no more output for the moment
	Ended   bool // no more output ever; then it is Quiet too
}

// Complete is the text without the beginning of a character whose end is to
// come.
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

// event is a member of a list of patterns that no output matches.
type event string

// EOF is matched when the program has ended and all of its output is looked
// through; Timeout when the time is over. What else is expected comes first.
const (
	EOF     event = "EOF"
	Timeout event = "TIMEOUT"
)

func (e event) String() string { return string(e) }

// Search is one that finds nothing.
func (e event) Search() Search { return e }

// Next finds nothing, of which it is sure.
func (e event) Next(context.Context, Window) ([]int, bool, error) { return nil, true, nil }

// Open is nowhere.
func (e event) Open() int { return math.MaxInt }

// Plain is a pattern that only its own text matches.
type Plain string

func (p Plain) String() string { return strconv.Quote(string(p)) }

// Search begins a search for the text.
func (p Plain) Search() Search { return &plainSearch{text: []byte(p)} }

type plainSearch struct {
	text []byte
	from int // nothing before it begins a match
}

func (s *plainSearch) Next(_ context.Context, w Window) ([]int, bool, error) {
	from := min(max(s.from-w.Dropped, 0), len(w.Text))
	if at := bytes.Index(w.Text[from:], s.text); at >= 0 {
		return []int{from + at, from + at + len(s.text)}, true, nil
	}
	s.from = w.Dropped + max(len(w.Text)-len(s.text)+1, from)
	return nil, true, nil
}

// Open is where the text does not fit any more.
func (s *plainSearch) Open() int { return s.from }

// Thrift keeps a search from looking again and again through text that is not
// enough for it yet, which would take quadratic time: it may look again when the
// text has grown by half.
type Thrift struct{ seen int }

// Worthwhile reports whether a text of n bytes should be looked through.
func (t *Thrift) Worthwhile(n int, w Window) bool {
	const cheap = 16 << 10
	if !w.Quiet && n > cheap && n < t.seen+t.seen/2 {
		return false
	}
	t.seen = n
	return true
}

// Find looks for a pattern in a text that is complete.
func Find(ctx context.Context, p Pattern, text string) (match []int, err error) {
	match, _, err = p.Search().Next(ctx, Window{Text: []byte(text), Quiet: true, Ended: true})
	return match, err
}
